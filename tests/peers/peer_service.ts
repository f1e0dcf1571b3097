// The Peer service on pollwire: the same behaviour as `grpc_js_service.mjs`, so that either side can be swapped.
import "../shared_engines.ts";
import {
  type BidiStreaming,
  type ClientStreaming,
  loadProto,
  Metadata,
  RpcError,
  type ServerCall,
  type ServerStreaming,
  type ServiceHandlers,
  type ServiceOf,
  type Unary,
} from "pollwire";

/** PeerRequest of peer.proto. */
export interface PeerRequest {
  body?: Uint8Array;
  count?: number;
  size?: number;
  status?: number;
  details?: string;
  delayMs?: number;
}

/** PeerResponse of peer.proto. */
export interface PeerResponse {
  body?: Uint8Array;
  totalBytes?: bigint;
  messages?: number;
}

interface PeerProto {
  Peer: ServiceOf<{
    unary: Unary<PeerRequest, PeerResponse>;
    serverStream: ServerStreaming<PeerRequest, PeerResponse>;
    clientStream: ClientStreaming<PeerRequest, PeerResponse>;
    bidi: BidiStreaming<PeerRequest, PeerResponse>;
  }>;
}

/** The descriptor of the Peer service. */
export const { Peer } = await loadProto<PeerProto>(new URL("./peer.proto", import.meta.url));

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

function echoMetadata(call: ServerCall): void {
  const initial = new Metadata();
  for (const key of ["x-text", "x-data-bin"]) {
    for (const value of call.metadata.getAll(key)) {
      initial.append(key, value);
      call.trailers.append(key.replace("x-", "t-"), value);
    }
  }
  call.sendMetadata(initial);
}

/** What the handlers saw, for assertions. */
export interface PeerLog {
  /** Streams whose handler ended because the call was cancelled. */
  cancelled: number;
}

/** Handlers of the Peer service that write what they see to `log`. */
export function peerHandlers(log: PeerLog = { cancelled: 0 }): ServiceHandlers<typeof Peer> {
  return {
    async unary(request: PeerRequest, call: ServerCall): Promise<PeerResponse> {
      echoMetadata(call);
      if (request.delayMs) await sleep(request.delayMs);
      if (request.status) throw new RpcError(request.status, request.details ?? "");
      return { body: request.size ? new Uint8Array(request.size).fill(7) : request.body! };
    },
    async *serverStream(request: PeerRequest, call: ServerCall): AsyncGenerator<PeerResponse> {
      try {
        for (let i = 0; i < request.count!; i++) {
          if (request.delayMs) await sleep(request.delayMs);
          yield { body: new Uint8Array(request.size!).fill(i & 255), messages: i };
        }
      } finally {
        if (call.cancelled) log.cancelled++;
      }
    },
    async clientStream(requests: AsyncIterable<PeerRequest>): Promise<PeerResponse> {
      let messages = 0;
      let totalBytes = 0n;
      for await (const request of requests) {
        messages++;
        totalBytes += BigInt(request.body!.length);
      }
      return { messages, totalBytes };
    },
    async *bidi(requests: AsyncIterable<PeerRequest>): AsyncGenerator<PeerResponse> {
      for await (const request of requests) yield { body: request.body! };
    },
  };
}
