/**
 * What generated code imports, and what it is typed by: messages, codecs and services, without parser, channel or poller.
 *
 * @module
 */

export type { Codec } from "./codec.ts";
export type { Message, ReadMessage, WriteMessage } from "./compile/coder.ts";
export * from "./compile/decode_helpers.ts";
export * from "./compile/encode_helpers.ts";
export { DecodeError, EncodeError, JsonError } from "./errors.ts";
export type { LooseOneOf, MessageInit, OneOf, TypedArrayOf } from "./message_types.ts";
export type { ProtoFile } from "./proto_file.ts";
export {
  clearExtension,
  type Extension,
  getExtension,
  hasExtension,
  type MessageOrInit,
  setExtension,
} from "./extension.ts";
export type { JsonCodec } from "./json/json_codec.ts";
export type { FromJsonOptions, ToJsonOptions } from "./json/options.ts";
export { createRegistry, type Registry, type RegistryEntry } from "./json/registry.ts";
export type { Reader } from "./reader.ts";
export { extension } from "./runtime/extension.ts";
export { type JsonMessageType, jsonMessageType } from "./runtime/json.ts";
export { protoFile } from "./runtime/proto_file.ts";
export {
  enumType,
  type FieldExtra,
  type FieldInit,
  type KnownSchema,
  messageClass,
  messageSchema,
  type MessageType,
  messageType,
} from "./runtime/message.ts";
export {
  type BidiStreamingMethod,
  type ClientStreamingMethod,
  type MethodInit,
  type ServerStreamingMethod,
  service,
  type UnaryMethod,
} from "./runtime/service.ts";
export type { EnumSchema, FieldSchema, FieldType, Longs, MessageSchema, ScalarType } from "./schema.ts";
export type {
  BidiStreaming,
  ClientStreaming,
  Idempotency,
  MethodDescriptor,
  MethodKind,
  MethodMap,
  ServerStreaming,
  ServiceDescriptor,
  ServiceOf,
  Unary,
} from "./service.ts";
export { type UnknownFields, unknownFields, type WithUnknownFields } from "./unknown_fields.ts";
export type { Json } from "./json/json_value.ts";
export type { Writer } from "./writer.ts";
