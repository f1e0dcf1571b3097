// The service that soaks call: every message is determined by its call, so that each end can check the other.
import {
  type BidiStreaming,
  type Client,
  type ClientStreaming,
  Metadata,
  parseProto,
  RpcError,
  type ServerCall,
  type ServerStreaming,
  type ServiceHandlers,
  type ServiceOf,
  Status,
  type Unary,
} from "pollwire";

/** One message: the call it belongs to, its place there, and content that follows from both. */
export interface Part {
  call?: number;
  place?: number;
  body?: Uint8Array;
}

/** What a call asks of the server. */
export interface Job {
  call?: number;
  size?: number;
  count?: number;
  pauseMs?: number;
  failWith?: number;
}

interface SoakProto {
  Soak: ServiceOf<{
    unary: Unary<Job, Part>;
    download: ServerStreaming<Job, Part>;
    upload: ClientStreaming<Part, Part>;
    chat: BidiStreaming<Part, Part>;
  }>;
}

/** Its descriptor. */
export const { Soak } = parseProto<SoakProto>(`
  syntax = "proto3";
  package soak;
  message Part { uint32 call = 1; uint32 place = 2; bytes body = 3; }
  message Job { uint32 call = 1; uint32 size = 2; uint32 count = 3; uint32 pause_ms = 4; uint32 fail_with = 5; }
  service Soak {
    rpc Unary(Job) returns (Part);
    rpc Download(Job) returns (stream Part);
    rpc Upload(stream Part) returns (Part);
    rpc Chat(stream Part) returns (stream Part);
  }
`);

/** The client's side. */
export type SoakClient = Client<typeof Soak>;

/** Request metadata with this name comes back as initial metadata, and with `-bin` as trailing metadata. */
export const ECHO = "soak-echo";

/** The message of a failure that was asked for: not only letters. */
export const failureText = (call: number) => `call ${call}: nö, 100% refused ✓`;

/** Part `place` of `call`. */
export function part(call: number, place: number, size: number): Part {
  return { call, place, body: new Uint8Array(size).fill((call * 31 + place * 7) & 255) };
}

/** Throws unless `found` is that part. */
export function checkPart(found: Part, call: number, place: number, size: number): void {
  const { call: ofCall = 0, place: at = 0, body = new Uint8Array(0) } = found;
  if (ofCall !== call || at !== place || body.length !== size) {
    const expected = `part ${place} of call ${call} with ${size} bytes`;
    throw new RpcError(
      Status.DATA_LOSS,
      `expected ${expected}, found ${at} of ${ofCall} with ${body.length}`,
    );
  }
  const byte = (call * 31 + place * 7) & 255;
  if (!body.every((value) => value === byte)) {
    throw new RpcError(Status.DATA_LOSS, `part ${place} of call ${call} has other bytes`);
  }
}

/** Resolves after `ms`, or when the call is over. */
function pause(ms: number, { signal }: ServerCall): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    }, { once: true });
  });
}

/** What the server does. */
export const handlers: ServiceHandlers<typeof Soak> = {
  async unary({ call = 0, size = 0, pauseMs = 0, failWith = 0 }, serverCall) {
    const echo = serverCall.metadata.get(ECHO);
    if (echo !== undefined) {
      serverCall.sendMetadata(new Metadata({ [ECHO]: echo }));
      serverCall.trailers.set(`${ECHO}-bin`, new Uint8Array(20).fill(call & 255));
    }
    if (pauseMs > 0) await pause(pauseMs, serverCall);
    if (failWith !== 0) throw new RpcError(failWith, failureText(call));
    return part(call, 0, size);
  },
  async *download({ call = 0, size = 0, count = 0, pauseMs = 0 }, serverCall) {
    for (let place = 0; place < count && !serverCall.cancelled; place++) {
      if (pauseMs > 0) await pause(pauseMs, serverCall);
      yield part(call, place, size);
    }
  },
  async upload(requests) {
    let place = 0;
    let call = 0;
    for await (const found of requests) {
      if (place === 0) call = found.call ?? 0;
      checkPart(found, call, place++, found.body?.length ?? 0);
    }
    return part(call, place, 16);
  },
  async *chat(requests) {
    let place = 0;
    for await (const found of requests) {
      const { call = 0, body } = found;
      checkPart(found, call, place, body?.length ?? 0);
      yield part(call, place++, body?.length ?? 0);
    }
  },
};
