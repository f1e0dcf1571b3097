// What we make of files is what protoc makes of them: every field of every message, every enum, every service.

import { createFileRegistry, type DescField, type DescMessage, fromBinary } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence, FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { assert, assertEquals } from "@std/assert";
import type { ProtoTypes } from "../../../../surface/proto/assemble.ts";
import type { Codec, MessageCodec } from "../../../../surface/proto/codec.ts";
import { loadProto } from "../../../../surface/proto/load.ts";
import { type LoadedProto, parseProto } from "../../../../surface/proto/parse.ts";
import type { FieldSchema, MessageSchema } from "../../../../surface/proto/schema.ts";
import { camelCase } from "../../../../surface/proto/service.ts";
import { WELL_KNOWN_SOURCES } from "../../../../surface/proto/well_known_sources.ts";
import { test } from "../../../harness.ts";
import { CORPUS, type Files, NAMES, NEWER_CORPUS } from "./corpus.ts";
import { isNewer, withoutProtoc, withProtoc } from "./protoc.ts";

/** By the numbers of FieldDescriptorProto.Type. */
const SCALARS = [
  ...["", "double", "float", "int64", "uint64", "int32", "fixed64", "fixed32", "bool", "string", "", ""],
  ...["bytes", "uint32", "", "sfixed32", "sfixed64", "sint32", "sint64"],
];

type Shape = Record<string, unknown>;

function ourField(field: FieldSchema): Shape {
  const { number, type, shape, presence, packed, delimited, keyType, enumType, messageType } = field;
  return {
    name: field.fullName.split(".").at(-1),
    ...{ number, type, shape, presence, packed, delimited, keyType },
    inOneof: field.oneof !== undefined,
    enum: enumType?.fullName,
    message: messageType?.fullName,
    default: field.oneof === undefined ? field.explicitDefault : undefined,
  };
}

function theirField(field: DescField): Shape {
  const list = field.fieldKind === "list" ? field.listKind : undefined;
  const kind = list ?? (field.fieldKind === "map" ? field.mapKind : field.fieldKind);
  const presence = {
    [FeatureSet_FieldPresence.EXPLICIT]: "explicit",
    [FeatureSet_FieldPresence.IMPLICIT]: "implicit",
    [FeatureSet_FieldPresence.LEGACY_REQUIRED]: "required",
  } as Record<number, string>;
  const singular = field.fieldKind !== "list" && field.fieldKind !== "map";
  return {
    name: field.name,
    number: field.number,
    type: kind === "scalar" ? SCALARS[field.scalar!] : kind,
    shape: field.fieldKind === "list" ? "repeated" : field.fieldKind === "map" ? "map" : "singular",
    presence: singular ? presence[field.presence] : "implicit",
    packed: field.fieldKind === "list" && field.packed,
    delimited: kind === "message" && field.fieldKind !== "map" &&
      (field as { delimitedEncoding?: boolean }).delimitedEncoding === true,
    keyType: field.fieldKind === "map" ? SCALARS[field.mapKey] : undefined,
    inOneof: field.oneof !== undefined,
    enum: kind === "enum" ? field.enum!.typeName : undefined,
    message: kind === "message" ? field.message!.typeName : undefined,
    default: singular && field.oneof === undefined && kind !== "message" ? theirDefault(field) : undefined,
  };
}

function theirDefault(field: DescField): unknown {
  // Without `[default = ...]` the library makes one up.
  if (field.proto.defaultValue === "" && !hasDefault(field)) return undefined;
  if (field.fieldKind !== "scalar" && field.fieldKind !== "enum") return undefined;
  const value = field.getDefaultValue();
  if (field.fieldKind === "enum") return field.enum.values.find(({ number }) => number === value)!.name;
  return SCALARS[field.scalar] === "float" ? Math.fround(value as number) : value;
}

function hasDefault({ proto }: DescField): boolean {
  return Object.hasOwn(proto, "defaultValue");
}

function schemaOf(codec: Codec | undefined): MessageSchema | undefined {
  return (codec as MessageCodec | undefined)?.schema;
}

function compare(ours: LoadedProto & ProtoTypes, set: Uint8Array, exact: boolean): void {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, set));
  let count = 0;
  for (const desc of registry) {
    count++;
    if (desc.kind === "message") compareMessage(schemaOf(ours.messages[desc.typeName]), desc, exact);
    else if (desc.kind === "enum") {
      const values = Object.fromEntries(desc.values.map(({ name, number }) => [name, number]));
      const known = ours.enums[desc.typeName]!;
      assertEquals(exact ? known : { ...known, ...values }, exact ? values : known, desc.typeName);
    } else if (desc.kind === "service") {
      for (const method of desc.methods) {
        const mine = Object.values(ours[desc.typeName]!.methods).find(({ name }) => name === method.name)!;
        assertEquals(
          mine.kind.replace("Streaming", "_streaming").replace("bidiS", "bidi_s"),
          method.methodKind,
        );
        assertEquals(mine.requestCodec.typeName, method.input.typeName);
        assertEquals(mine.responseCodec.typeName, method.output.typeName);
        assertEquals(
          mine.idempotency,
          [undefined, "NO_SIDE_EFFECTS", "IDEMPOTENT"][method.idempotency] as typeof mine.idempotency,
        );
      }
    }
  }
  assert(count > 0 || set.length < 100, "nothing was compared");
  const messages = [...registry].filter(({ kind }) => kind === "message");
  if (exact) assertEquals(Object.keys(ours.messages).length, messages.length);
}

function compareMessage(ours: MessageSchema | undefined, theirs: DescMessage, exact: boolean): void {
  assert(ours !== undefined, `${theirs.typeName} is missing`);
  const mine = new Map(ours.fields.map((field) => [field.number, ourField(field)]));
  for (const field of theirs.fields) {
    assertEquals(mine.get(field.number), theirField(field), `${theirs.typeName}.${field.name}`);
  }
  if (!exact) return;
  assertEquals(ours.fields.length, theirs.fields.length, theirs.typeName);
  assertEquals(ours.oneofs.length, theirs.oneofs.length, theirs.typeName);
}

async function compareFiles(files: Files): Promise<void> {
  const entry = Object.keys(files)[0]!;
  const set = withProtoc((protoc) => protoc.compile(files, entry));
  if (typeof set === "string") throw new Error(`protoc refuses ${entry}: ${set}`);
  const ours = await loadProto<LoadedProto>({ files, entry });
  // What protoc has of the well-known files may be older.
  compare(ours, set, !Object.values(files).some((text) => text.includes("google/protobuf/")));
}

test("files are what protoc makes of them", async () => {
  for (const files of CORPUS) await compareFiles(files);
}, { skip: withoutProtoc, timeoutMs: 120_000 });

test("files of editions are what protoc makes of them", async () => {
  for (const files of NEWER_CORPUS) await compareFiles(files);
}, { skip: withoutProtoc ?? (isNewer ? undefined : "this protoc knows no editions"), timeoutMs: 60_000 });

test("all files of the corpus can be loaded, and their messages sent and received", async () => {
  for (const files of [...CORPUS, ...NEWER_CORPUS]) {
    const entry = Object.keys(files)[0]!;
    const { messages } = await loadProto<LoadedProto>({ files, entry });
    for (const codec of Object.values(messages)) assertEquals(typeof schemaOf(codec)!.fullName, "string");
  }
});

test("the well-known files say what protoc's own say", () => {
  withProtoc((protoc) => {
    for (const name of Object.keys(WELL_KNOWN_SOURCES)) {
      const text = `syntax = "proto3"; import "google/protobuf/${name}.proto";`;
      const set = protoc.compile({ "all.proto": text }, "all.proto");
      if (typeof set === "string") assert(/File not found/.test(set) && !isNewer, set);
      else compare(parseProto(text), set, false);
    }
  });
}, { skip: withoutProtoc, timeoutMs: 60_000 });

test("every name may be the name of anything", () => {
  for (const name of NAMES) {
    const { messages } = parseProto(CORPUS.find((files) => `${name}.proto` in files)![`${name}.proto`]!);
    const codec = messages[`${name}.${name}`]!;
    const property = camelCase(name);
    const decoded = codec.decode(Uint8Array.of(8, 5));
    assertEquals(Object.keys(decoded).slice(0, 3), [property, "list", "map"]);
    assertEquals(decoded[property], 5);
  }
});
