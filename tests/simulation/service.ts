// The service of the simulation, once for each style that a server can have, and messages whose every octet is known.
import {
  type BidiStreaming,
  type ClientStreaming,
  type MethodDescriptor,
  parseProto,
  type ServerStreaming,
  type ServiceOf,
  type Unary,
} from "pollwire";
import { ModelError } from "./model_error.ts";

/** One message: whose it is, its place in the stream, and content that follows from both. */
export interface Part {
  call?: number;
  place?: number;
  body?: Uint8Array;
}

/** What a call asks of the server. */
export interface Job extends Part {
  count?: number;
  size?: number;
  pauseMs?: number;
  failWith?: number;
  /** The server's operation at which its handler cancels the call; 0: none. */
  cancelAt?: number;
}

type Service = ServiceOf<{
  unary: Unary<Job, Part>;
  download: ServerStreaming<Job, Part>;
  upload: ClientStreaming<Job, Part>;
  chat: BidiStreaming<Job, Part>;
}>;

/** How calls of a service are served: by promises, batches, responders, reactors, or whatever serves any method. */
export const SERVICES = ["World", "Batches", "Responders", "Reactors", "Any"] as const;

/** The name of a service, and so the style of its server. */
export type ServiceName = typeof SERVICES[number];

const METHODS = `
    rpc Unary(Job) returns (Part);
    rpc Download(Job) returns (stream Part);
    rpc Upload(stream Job) returns (Part);
    rpc Chat(stream Job) returns (stream Part);
`;

/** The same service, under a name for each style. */
export const services = parseProto<Record<ServiceName, Service>>(`
  syntax = "proto3";
  package simulation;
  message Part { uint32 call = 1; uint32 place = 2; bytes body = 3; }
  message Job {
    uint32 call = 1; uint32 place = 2; bytes body = 3;
    uint32 count = 4; uint32 size = 5; uint32 pause_ms = 6; uint32 fail_with = 7; uint32 cancel_at = 8;
  }
  ${SERVICES.map((name) => `service ${name} {${METHODS}}`).join("\n")}
`);

/** The kinds of calls, by the names of their methods. */
export const KINDS = ["unary", "download", "upload", "chat"] as const;

/** A method's name. */
export type Kind = typeof KINDS[number];

/** Whether its requests are a stream. */
export function streamsRequests(kind: Kind): boolean {
  return kind === "upload" || kind === "chat";
}

/** Whether its responses are a stream. */
export function streamsResponses(kind: Kind): boolean {
  return kind === "download" || kind === "chat";
}

/** The method `kind` of a service. */
export function methodOf(service: ServiceName, kind: Kind): MethodDescriptor<Job, Part> {
  return services[service].methods[kind] as MethodDescriptor<Job, Part>;
}

const { requestCodec, responseCodec } = services.World.methods.unary;

/** Messages as octets, for what has no schema. */
export const octets = {
  ofJob: (job: Job): Uint8Array => requestCodec.encode(job),
  ofPart: (part: Part): Uint8Array => responseCodec.encode(part),
  toJob: (bytes: Uint8Array): Job => requestCodec.decode(bytes),
  toPart: (bytes: Uint8Array): Part => responseCodec.decode(bytes),
};

/** The only content a message may have. */
export function bodyOf(call: number, place: number, size: number): Uint8Array {
  return new Uint8Array(size).fill((call * 31 + place * 7) & 255);
}

/** Throws unless `part` is number `place` of `call`. */
export function checkPart(part: Part, call: number, place: number): void {
  const { body = new Uint8Array(0) } = part;
  if ((part.call ?? 0) !== call || (part.place ?? 0) !== place) {
    throw new ModelError(
      `call ${call}: expected message ${place}, found ${part.place ?? 0} of call ${part.call ?? 0}`,
    );
  }
  const wanted = (call * 31 + place * 7) & 255;
  for (const byte of body) {
    if (byte !== wanted) throw new ModelError(`call ${call}: message ${place} holds other bytes`);
  }
}
