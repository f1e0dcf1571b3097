// Forwards calls of any method without its schema, as a generic service: what comes on one side goes out on the other.
import { type Channel, genericClient, type GenericHandler, Metadata } from "pollwire";

/**
 * A handler for `server.addGenericService`, which makes each call again on `channel`.
 *
 * - Metadata goes both ways: initial metadata as soon as it comes, trailing metadata with the status. A response without
 *   initial metadata ("Trailers-Only") has none here either.
 * - `parent` gives the call the deadline that is left of its own, and cancels it where that one is cancelled.
 * - Each side is read as fast as the other one is written: of a stream that nobody reads, little is here.
 * - The end of the requests is passed on as it comes, and so is a status that comes before it.
 */
export function forwardTo(channel: Channel): GenericHandler {
  const client = genericClient(channel);
  return async function* (requests, call) {
    let trailers = new Metadata();
    yield* client.bidiStreaming(call.path, requests, {
      parent: call,
      metadata: call.metadata,
      onHeaders: (metadata) => call.sendMetadata(metadata),
      onTrailers: (metadata) => trailers = metadata,
    });
    // Here the status is OK. Any other is thrown as an RpcError with its details and metadata, and sent as it is.
    call.trailers.appendAll(trailers);
  };
}
