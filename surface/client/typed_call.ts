// A client's call of a method with codecs: requests and responses are values. Styles whose calls are made whole, with their
// one request or a stream of them, are subclasses of it.

import { isInstance, messageOf } from "../../pollers/mod.ts";
import type { RequestTemplate } from "../../transport/mod.ts";
import { Status } from "../call/status.ts";
import { EncodeError, encodeFramed, type MethodDescriptor, reuseFramed } from "../proto/mod.ts";
import { markMessage, uncompressedMessages } from "../compression.ts";
import type { GivenOptions } from "./call_options.ts";
import type { CallContext } from "./call_context.ts";
import { ClientCall } from "./client_call.ts";

// Local: see docs/STYLE.md, "Hot paths".
const uncompressed = uncompressedMessages;
const encode = encodeFramed;
const reuse = reuseFramed;

/** Which sides of a method stream, and its codecs. */
export type CalledMethod<Req = unknown, Res = unknown> = Pick<
  MethodDescriptor<Req, Res>,
  "kind" | "requestCodec" | "responseCodec"
>;

/** See the head of this file. */
export abstract class TypedClientCall<Req, Res> extends ClientCall {
  declare protected readonly method: CalledMethod<Req, Res>;
  /** The one there is. */
  declare protected readonly request: Req | undefined;

  /** `request`: the one there is; undefined where requests are a stream. */
  constructor(
    context: CallContext,
    template: RequestTemplate,
    method: CalledMethod<Req, Res>,
    requestStream: boolean,
    request: Req | undefined,
    options: GivenOptions,
  ) {
    super(context, template, requestStream, options);
    this.method = method;
    this.request = request;
  }

  /** A response; throws where it cannot be decoded. */
  decode(bytes: Uint8Array): Res {
    return this.method.responseCodec.decode(bytes, this.context.maxReceiveElements);
  }

  /** Sends one request of a stream; throws where it cannot be encoded. */
  protected sendRequest(request: Req): void {
    const framed = this.encode(request);
    if (this.sendMessage(framed)) reuse(framed);
  }

  /** The call is over where the request cannot be encoded. */
  protected override encodeRequest(): Uint8Array | undefined {
    try {
      return this.encode(this.request!);
    } catch (error) {
      if (!isInstance(error, EncodeError)) this.report(error, "request", "info");
      this.cancel(Status.INTERNAL, messageOf(error), "user", error);
      return undefined;
    }
  }

  private encode(request: Req): Uint8Array {
    const framed = encode(this.method.requestCodec, request);
    if (uncompressed.all !== undefined) markMessage(framed, request);
    return framed;
  }

  /** The next message is encoded in its place. */
  protected override onSentBytes(framed: Uint8Array): void {
    reuse(framed);
  }
}
