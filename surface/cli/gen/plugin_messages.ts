// What protoc and its plugins say to each other (google/protobuf/compiler/plugin.proto), as far as it is used here.

import { type Codec, parseProto } from "../../proto/mod.ts";

/** Descriptors stay octets: whoever reads them has comments and extensions in them. */
const PLUGIN_PROTO = `
  syntax = "proto3";
  package google.protobuf.compiler;
  message CodeGeneratorRequest {
    repeated string file_to_generate = 1;
    string parameter = 2;
    repeated bytes proto_file = 15;
  }
  message CodeGeneratorResponse {
    optional string error = 1;
    uint64 supported_features = 2;
    int32 minimum_edition = 3;
    int32 maximum_edition = 4;
    message File { string name = 1; string content = 15; }
    repeated File file = 15;
  }
`;

/** What a plugin is asked for. */
export interface CodeGeneratorRequest {
  /** Names of files of `protoFile`. */
  readonly fileToGenerate: readonly string[];
  /** As given: `--pollwire_opt=int64=string,no-json`. */
  readonly parameter: string;
  /** Each a google.protobuf.FileDescriptorProto, behind those that it imports. */
  readonly protoFile: readonly Uint8Array[];
}

/** What a plugin answers. */
export interface CodeGeneratorResponse {
  /** Something is wrong with the .proto files or the parameter; nothing is written. */
  readonly error?: string;
  readonly supportedFeatures: bigint;
  readonly minimumEdition: number;
  readonly maximumEdition: number;
  readonly file: readonly { readonly name: string; readonly content: string }[];
}

/** The codecs of both. */
export function pluginMessages(): {
  readonly request: Codec<CodeGeneratorRequest>;
  readonly response: Codec<CodeGeneratorResponse>;
} {
  const { messages } = parseProto(PLUGIN_PROTO);
  return {
    request: messages["google.protobuf.compiler.CodeGeneratorRequest"]!,
    response: messages["google.protobuf.compiler.CodeGeneratorResponse"]!,
  };
}
