/**
 * pollwire/protobuf-es: services and messages that protoc-gen-es 2 generated, for clients and servers of every style.
 *
 * @module
 */

export { fromGenService, type MethodKinds, type MethodOf, type MethodsOf, protoFile } from "./gen_service.ts";
export { ProtobufEsCodec, protobufEsCodec, type ProtobufEsOptions } from "./message_codec.ts";
