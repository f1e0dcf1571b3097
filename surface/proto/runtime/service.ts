// Services as generated code declares them: a line a method.

import type { Codec } from "../codec.ts";
import type { MessageInit } from "../message_types.ts";
import type { ProtoFile } from "../proto_file.ts";
import type {
  BidiStreaming,
  ClientStreaming,
  Idempotency,
  MethodDescriptor,
  MethodKind,
  ServerStreaming,
  ServiceDescriptor,
  Unary,
} from "../service.ts";

/** One request, one response, of generated types: what is received is whole, what is sent may leave fields out. */
export type UnaryMethod<Req, Res> = Unary<Req, Res, MessageInit<Req>, MessageInit<Res>>;
/** One request, a stream of responses. */
export type ServerStreamingMethod<Req, Res> = ServerStreaming<Req, Res, MessageInit<Req>, MessageInit<Res>>;
/** A stream of requests, one response. */
export type ClientStreamingMethod<Req, Res> = ClientStreaming<Req, Res, MessageInit<Req>, MessageInit<Res>>;
/** A stream of requests, a stream of responses. */
export type BidiStreamingMethod<Req, Res> = BidiStreaming<Req, Res, MessageInit<Req>, MessageInit<Res>>;

/** A method: its name in the .proto file, its kind, the types of its messages, and its idempotency level where it has one. */
export type MethodInit = readonly [
  name: string,
  kind: MethodKind,
  request: Codec,
  response: Codec,
  idempotency?: Idempotency,
];

/** A service, of its methods by local name. `file`: where it is declared, for reflection. */
export function service<Methods>(
  fullName: string,
  methods: Readonly<Record<string, MethodInit>>,
  file?: ProtoFile,
): ServiceDescriptor<Methods> {
  const made: Record<string, MethodDescriptor> = Object.create(null);
  for (const [localName, [name, kind, requestCodec, responseCodec, idempotency]] of Object.entries(methods)) {
    made[localName] = {
      name,
      localName,
      path: `/${fullName}/${name}`,
      kind,
      requestCodec,
      responseCodec,
      ...(idempotency === undefined ? {} : { idempotency }),
    };
  }
  return { fullName, methods: made as Methods, ...(file === undefined ? {} : { file }) };
}
