// The Echo service's descriptor as Connect wants it; written out, because its code generator is not installed.
import { create, createFileRegistry } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";

const field = (name, number, type) => ({ name, number, type, label: Label.OPTIONAL, jsonName: name });
const method = (name, input, output, clientStreaming, serverStreaming) => ({
  name,
  inputType: `.bench.${input}`,
  outputType: `.bench.${output}`,
  clientStreaming,
  serverStreaming,
});

const file = create(FileDescriptorProtoSchema, {
  name: "echo.proto",
  package: "bench",
  syntax: "proto3",
  messageType: [
    { name: "Payload", field: [field("body", 1, Type.BYTES)] },
    { name: "Order", field: [field("count", 1, Type.UINT32), field("size", 2, Type.UINT32)] },
    { name: "Receipt", field: [field("count", 1, Type.UINT32), field("bytes", 2, Type.DOUBLE)] },
  ],
  service: [{
    name: "Echo",
    method: [
      method("Unary", "Payload", "Payload", false, false),
      method("Traced", "Payload", "Payload", false, false),
      method("Tagged", "Payload", "Payload", false, false),
      method("AfterImmediate", "Payload", "Payload", false, false),
      method("AfterTimer", "Payload", "Payload", false, false),
      method("Download", "Order", "Payload", false, true),
      method("Upload", "Payload", "Receipt", true, false),
      method("Chat", "Payload", "Payload", true, true),
    ],
  }],
});

/** The service. */
export const Echo = createFileRegistry(file, () => undefined).getService("bench.Echo");
