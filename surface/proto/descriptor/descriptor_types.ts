// The messages of google/protobuf/descriptor.proto as far as descriptors are read and written here: types and codecs.

import { SchemaBuilder } from "../build_schema.ts";
import type { Codec, MessageCodec } from "../codec.ts";
import { makeCodec } from "../compile/compile.ts";
import { linkFiles } from "../language/link_files.ts";
import { parseFile } from "../language/parse_file.ts";
import type { MessageSchema } from "../schema.ts";
import { STANDARD_OPTIONS } from "../well_known.ts";

/**
 * As in descriptor.proto, but for three types: options are octets, whose meaning depends on extensions; of parts that
 * come more than once, which are merged, they are all parts. Enums are numbers. What is not needed is left out.
 */
const DESCRIPTOR_PROTO = `syntax = "proto2";
message FileSet { repeated bytes file = 1; }
message File { optional string name = 1; optional string package = 2; repeated string dependency = 3;
  repeated Message message_type = 4; repeated Enum enum_type = 5; repeated Service service = 6;
  repeated Field extension = 7; repeated bytes options = 8; repeated int32 public_dependency = 10;
  repeated int32 weak_dependency = 11; optional string syntax = 12; optional int32 edition = 14;
  repeated string option_dependency = 15; }
message Message { optional string name = 1; repeated Field field = 2; repeated Message nested_type = 3;
  repeated Enum enum_type = 4; repeated Range extension_range = 5; repeated Field extension = 6;
  repeated bytes options = 7; repeated Oneof oneof_decl = 8; repeated Range reserved_range = 9;
  repeated string reserved_name = 10; optional int32 visibility = 11; }
message Range { optional int32 start = 1; optional int32 end = 2; repeated bytes options = 3; }
message Field { optional string name = 1; optional string extendee = 2; optional int32 number = 3;
  optional int32 label = 4; optional int32 type = 5; optional string type_name = 6;
  optional string default_value = 7; repeated bytes options = 8; optional int32 oneof_index = 9;
  optional string json_name = 10; optional bool proto3_optional = 17; }
message Oneof { optional string name = 1; repeated bytes options = 2; }
message Enum { optional string name = 1; repeated Value value = 2; repeated bytes options = 3;
  repeated Range reserved_range = 4; repeated string reserved_name = 5; optional int32 visibility = 6; }
message Value { optional string name = 1; optional int32 number = 2; repeated bytes options = 3; }
message Service { optional string name = 1; repeated Method method = 2; repeated bytes options = 3; }
message Method { optional string name = 1; optional string input_type = 2; optional string output_type = 3;
  repeated bytes options = 4; optional bool client_streaming = 5; optional bool server_streaming = 6; }`;

/** What is not there is left out, and lists may be. */
type Sparse<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** google.protobuf.FileDescriptorProto. */
export type FileDescriptor = Sparse<{
  name: string;
  package: string;
  dependency: readonly string[];
  messageType: readonly MessageDescriptor[];
  enumType: readonly EnumDescriptor[];
  service: readonly ServiceDescriptorProto[];
  extension: readonly FieldDescriptor[];
  options: readonly Uint8Array[];
  publicDependency: readonly number[];
  weakDependency: readonly number[];
  syntax: string;
  edition: number;
  optionDependency: readonly string[];
}>;

/** google.protobuf.DescriptorProto. */
export type MessageDescriptor = Sparse<{
  name: string;
  field: readonly FieldDescriptor[];
  nestedType: readonly MessageDescriptor[];
  enumType: readonly EnumDescriptor[];
  extensionRange: readonly RangeDescriptor[];
  extension: readonly FieldDescriptor[];
  options: readonly Uint8Array[];
  oneofDecl: readonly OneofDescriptor[];
  reservedRange: readonly RangeDescriptor[];
  reservedName: readonly string[];
  visibility: number;
}>;

/** A range of numbers. The end is the number behind the last one, but for enums. */
export type RangeDescriptor = Sparse<{ start: number; end: number; options: readonly Uint8Array[] }>;

/** google.protobuf.FieldDescriptorProto. */
export type FieldDescriptor = Sparse<{
  name: string;
  extendee: string;
  number: number;
  label: number;
  type: number;
  typeName: string;
  defaultValue: string;
  options: readonly Uint8Array[];
  oneofIndex: number;
  jsonName: string;
  proto3Optional: boolean;
}>;

/** google.protobuf.OneofDescriptorProto. */
export type OneofDescriptor = Sparse<{ name: string; options: readonly Uint8Array[] }>;

/** google.protobuf.EnumDescriptorProto. */
export type EnumDescriptor = Sparse<{
  name: string;
  value: readonly ValueDescriptor[];
  options: readonly Uint8Array[];
  reservedRange: readonly RangeDescriptor[];
  reservedName: readonly string[];
  visibility: number;
}>;

/** google.protobuf.EnumValueDescriptorProto. */
export type ValueDescriptor = Sparse<{ name: string; number: number; options: readonly Uint8Array[] }>;

/** google.protobuf.ServiceDescriptorProto. */
export type ServiceDescriptorProto = Sparse<{
  name: string;
  method: readonly MethodDescriptorProto[];
  options: readonly Uint8Array[];
}>;

/** google.protobuf.MethodDescriptorProto. */
export type MethodDescriptorProto = Sparse<{
  name: string;
  inputType: string;
  outputType: string;
  options: readonly Uint8Array[];
  clientStreaming: boolean;
  serverStreaming: boolean;
}>;

/** What codecs there are. */
interface DescriptorCodecs {
  readonly file: Codec<FileDescriptor>;
  readonly fileSet: Codec<{ readonly file?: readonly Uint8Array[] }>;
}

let made: DescriptorCodecs | undefined;

/** The codecs of descriptors, made at first use: most programs need none. */
export function descriptorCodecs(): DescriptorCodecs {
  return made ??= makeCodecs();
}

function makeCodecs(): DescriptorCodecs {
  const file = parseFile("descriptor.proto", DESCRIPTOR_PROTO);
  linkFiles([file], [], STANDARD_OPTIONS);
  const builder = new SchemaBuilder();
  const codecs = new Map<MessageSchema, MessageCodec>();
  const codecOf = (schema: MessageSchema): MessageCodec => {
    let codec = codecs.get(schema);
    if (codec === undefined) codecs.set(schema, codec = makeCodec(schema, codecOf));
    return codec;
  };
  const named = (wanted: string) =>
    codecOf(builder.message(file.messages.find(({ name }) => name === wanted)!));
  return { file: named("File"), fileSet: named("FileSet") };
}

/** google.protobuf.FieldDescriptorProto.Type. */
export const TYPES = {
  double: 1,
  float: 2,
  int64: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  group: 10,
  message: 11,
  bytes: 12,
  uint32: 13,
  enum: 14,
  sfixed32: 15,
  sfixed64: 16,
  sint32: 17,
  sint64: 18,
} as const;

/** google.protobuf.FieldDescriptorProto.Label. */
export const LABELS = { optional: 1, required: 2, repeated: 3 } as const;

/** google.protobuf.SymbolVisibility. */
export const VISIBILITIES = { local: 1, export: 2 } as const;
