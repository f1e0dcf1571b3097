// protobufjs and protobuf-es for the messages of our schemas, as their users have them by default.
import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FileDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import protobuf from "protobufjs";
import type { MessageCodec } from "../../surface/proto/codec.ts";
import type { EnumSchema, FieldSchema, MessageSchema } from "../../surface/proto/schema.ts";

/** Another library's codec of one message type; `message` is as that library decodes it. */
export interface Peer {
  readonly name: string;
  decode(bytes: Uint8Array): unknown;
  encode(message: unknown): Uint8Array;
}

/** What other libraries make of the type of `codec`, which `source` declares. */
export function peersOf(source: string, codec: MessageCodec): Peer[] {
  const theirs = protobuf.parse(source, { keepCase: true }).root.lookupType(codec.typeName);
  const desc = descriptorOf(codec.schema);
  return [
    {
      name: "protobufjs",
      decode: (bytes) => theirs.decode(bytes),
      encode: (message) => theirs.encode(message as Record<string, unknown>).finish(),
    },
    {
      name: "protobuf-es",
      decode: (bytes) => fromBinary(desc, bytes),
      encode: (message) => toBinary(desc, message as never),
    },
  ];
}

const LABEL = { singular: 1, repeated: 3, map: 3 } as Record<string, FieldDescriptorProto_Label>;

/** protobuf-es has its types from descriptors, which protoc makes: this makes them of our schema. */
export function descriptorOf(schema: MessageSchema): DescMessage {
  const messages = new Set([schema]);
  const enums = new Set<EnumSchema>();
  for (const { fields } of messages) {
    for (const { messageType, enumType } of fields) {
      if (messageType !== undefined) messages.add(messageType);
      if (enumType !== undefined) enums.add(enumType);
    }
  }
  const dot = schema.fullName.lastIndexOf(".");
  const local = ({ fullName }: { fullName: string }) => fullName.slice(dot + 1);
  const file = create(FileDescriptorProtoSchema, {
    name: "bench.proto",
    package: schema.fullName.slice(0, dot),
    syntax: "proto3",
    enumType: [...enums].map((type) => ({
      name: local(type),
      value: [...type.numbers].map(([name, number]) => ({ name, number })),
    })),
    messageType: [...messages].map((type) => ({
      name: local(type),
      oneofDecl: type.oneofs.map((name) => ({ name })),
      field: type.fields.map((field) => fieldOf(type, field)),
      nestedType: type.fields.filter(({ shape }) => shape === "map").map((field) => ({
        name: entryName(field),
        options: { mapEntry: true },
        field: [
          { name: "key", number: 1, label: LABEL.singular!, type: typeNumber(field.keyType!) },
          { ...fieldOf(type, { ...field, shape: "singular", oneof: undefined }), name: "value", number: 2 },
        ],
      })),
    })),
  });
  return createFileRegistry(file, () => undefined).getMessage(schema.fullName)!;
}

function fieldOf({ fullName, oneofs }: MessageSchema, field: FieldSchema) {
  const { name, number, shape, oneof } = field;
  const typeName = shape === "map"
    ? `.${fullName}.${entryName(field)}`
    : `.${(field.messageType ?? field.enumType)?.fullName}`;
  return {
    name,
    jsonName: field.jsonName,
    number,
    label: LABEL[shape]!,
    type: shape === "map" ? FieldDescriptorProto_Type.MESSAGE : typeNumber(field.type),
    ...(typeName === ".undefined" ? {} : { typeName }),
    ...(oneof === undefined ? {} : { oneofIndex: oneofs.indexOf(oneof) }),
  };
}

function entryName({ name }: FieldSchema): string {
  return `${name[0]!.toUpperCase()}${name.slice(1)}Entry`;
}

function typeNumber(type: string): FieldDescriptorProto_Type {
  return FieldDescriptorProto_Type[type.toUpperCase() as "INT32"];
}
