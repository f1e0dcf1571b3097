// google/protobuf/*.proto, which every .proto file may import without bringing them along.

import descriptor from "protobufjs/ext/descriptor.js";
import type { INamespace } from "protobufjs";

/** Well-known types as .proto text, by import path. They are plain messages like any other. */
const SOURCES: Readonly<Record<string, string>> = {
  any: "message Any { string type_url = 1; bytes value = 2; }",
  duration: "message Duration { int64 seconds = 1; int32 nanos = 2; }",
  empty: "message Empty {}",
  field_mask: "message FieldMask { repeated string paths = 1; }",
  source_context: "message SourceContext { string file_name = 1; }",
  struct: `message Struct { map<string, Value> fields = 1; }
    message Value {
      oneof kind {
        NullValue null_value = 1;
        double number_value = 2;
        string string_value = 3;
        bool bool_value = 4;
        Struct struct_value = 5;
        ListValue list_value = 6;
      }
    }
    message ListValue { repeated Value values = 1; }
    enum NullValue { NULL_VALUE = 0; }`,
  timestamp: "message Timestamp { int64 seconds = 1; int32 nanos = 2; }",
  wrappers: `message DoubleValue { double value = 1; } message FloatValue { float value = 1; }
    message Int64Value { int64 value = 1; } message UInt64Value { uint64 value = 1; }
    message Int32Value { int32 value = 1; } message UInt32Value { uint32 value = 1; }
    message BoolValue { bool value = 1; } message StringValue { string value = 1; }
    message BytesValue { bytes value = 1; }`,
};

const PREFIX = "google/protobuf/";

/** The text of the well-known file of import path `path`, or undefined where there is none. */
export function wellKnownSource(path: string): string | undefined {
  if (!path.startsWith(PREFIX) || !path.endsWith(".proto")) return undefined;
  const name = path.slice(PREFIX.length, -".proto".length);
  if (!Object.hasOwn(SOURCES, name)) return undefined;
  return `syntax = "proto3"; package google.protobuf;\n${SOURCES[name]}`;
}

/** Import path of the types that describe .proto files themselves; options extend its messages. */
export const DESCRIPTOR_PATH = `${PREFIX}descriptor.proto`;

/** The content of descriptor.proto, below the root namespace. */
export function descriptorNamespace(): { [name: string]: INamespace } {
  const root = (descriptor as unknown as { root: { toJSON(): INamespace } }).root;
  return { google: root.toJSON().nested!["google"] as INamespace };
}
