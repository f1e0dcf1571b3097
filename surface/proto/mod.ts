// .proto files: loading, service descriptors, and the codecs of their messages.

export type { ProtoTypes } from "./assemble.ts";
export { type Codec, encodeFramed, encodeMessage, MessageCodec, reuseFramed } from "./codec.ts";
export { DecodeError, EncodeError, ProtoError } from "./errors.ts";
export { loadProto, type LoadProtoOptions, type ProtoFiles } from "./load.ts";
export { type LoadedProto, parseProto } from "./parse.ts";
export { RECURSION_LIMIT } from "./reader.ts";
export type {
  BidiStreaming,
  ClientStreaming,
  Idempotency,
  MethodDescriptor,
  MethodKind,
  MethodMap,
  RequestOf,
  ResponseOf,
  ServerStreaming,
  ServiceDescriptor,
  ServiceOf,
  Unary,
} from "./service.ts";
export { PREFIX_BYTES, Writer } from "./writer.ts";
