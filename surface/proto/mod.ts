/**
 * .proto files: loading, service descriptors, and the codecs of their messages. `pollwire` has all of it; this is for
 * programs of `pollwire/lean` that load .proto files when they start.
 *
 * @example
 * ```ts ignore
 * import { Channel, createClient, nativeClient } from "pollwire/lean/client";
 * import { loadProto } from "pollwire/proto";
 *
 * const { Greeter } = await loadProto(new URL("./greeter.proto", import.meta.url));
 * const channel = new Channel("127.0.0.1:50051", { poller: nativeClient });
 * console.log(await createClient(Greeter, channel).sayHello({ name: "you" }));
 * ```
 *
 * @module
 */

export type { ProtoTypes } from "./assemble.ts";
export { type Codec, encodeFramed, encodeMessage, reuseFramed } from "./codec.ts";
export { type Any, type MessageTypes, packAny, typeOfAny, unpackAny } from "./any.ts";
export { DecodeError, EncodeError, JsonError, ProtoError } from "./errors.ts";
export {
  clearExtension,
  type Extension,
  getExtension,
  hasExtension,
  type MessageOrInit,
  setExtension,
} from "./extension.ts";
export type { JsonCodec } from "./json/json_codec.ts";
export type { Json } from "./json/json_value.ts";
export type { FromJsonOptions, ToJsonOptions } from "./json/options.ts";
export { createRegistry, type Registry, type RegistryEntry } from "./json/registry.ts";
export { loadDescriptors } from "./descriptor/load_descriptors.ts";
export { loadProto, type LoadProtoOptions, type ProtoFiles } from "./load.ts";
export { type LoadedProto, parseProto } from "./parse.ts";
export { RECURSION_LIMIT } from "./reader.ts";
export type { MessageInit, OneOf, TypedArrayOf } from "./message_types.ts";
export type { Int64Value } from "../protos/google/protobuf/wrappers.ts";
export type { ProtoFile } from "./proto_file.ts";
export type { Message, ReadMessage, WriteMessage } from "./compile/coder.ts";
export type { Reader } from "./reader.ts";
export type { JsonMessageType } from "./runtime/json.ts";
export type { MessageType } from "./runtime/message.ts";
export type { EnumSchema, FieldSchema, FieldType, Longs, MessageSchema, ScalarType } from "./schema.ts";
export type {
  BidiStreamingMethod,
  ClientStreamingMethod,
  ServerStreamingMethod,
  UnaryMethod,
} from "./runtime/service.ts";
export { type RawMethod, rawMethod } from "./raw.ts";
export type {
  BidiStreaming,
  ClientStreaming,
  Idempotency,
  MethodDescriptor,
  MethodKind,
  MethodMap,
  RequestInitOf,
  RequestOf,
  ResponseInitOf,
  ResponseOf,
  ServerStreaming,
  ServiceDescriptor,
  ServiceOf,
  Unary,
} from "./service.ts";
export { unknownFields, type WithUnknownFields } from "./unknown_fields.ts";
export {
  dateFromTimestamp,
  type Duration,
  durationFromMs,
  type FieldMask,
  fieldMaskFromJson,
  jsonFromFieldMask,
  jsonFromValue,
  type ListValue,
  msFromDuration,
  objectFromStruct,
  type Struct,
  structFromObject,
  type Timestamp,
  timestampFromDate,
  type Value,
  valueFromJson,
  type ValueMembers,
} from "./well_known_values.ts";
export { PREFIX_BYTES, Writer } from "./writer.ts";
