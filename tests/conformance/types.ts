// The message types of the conformance suite, by codecs of each kind that there is.

import { readFileSync } from "node:fs";
import {
  createRegistry,
  type JsonCodec,
  loadProto,
  type Registry,
  type RegistryEntry,
} from "../../surface/proto/mod.ts";
import { importGenerated } from "../surface/proto/generate/generated.ts";

const FILES = [
  "google/protobuf/test_messages_proto2.proto",
  "google/protobuf/test_messages_proto3.proto",
  "google/protobuf/test_messages_proto2_editions.proto",
  "google/protobuf/test_messages_proto3_editions.proto",
  "google/protobuf/test_messages_edition2023.proto",
];

/** Codecs by full name, and what JSON knows of types. */
export interface Types {
  readonly codecs: ReadonlyMap<string, JsonCodec>;
  readonly registry: Registry;
}

/**
 * The types of the .proto files in `folder`. `kind`: "loaded" by loadProto, "interpreted" as well where the host compiles no
 * text, or "generated".
 */
export async function typesIn(folder: string, kind: string): Promise<Types> {
  if (kind === "interpreted") compileNothing();
  const codecs = new Map<string, JsonCodec>();
  const entries: RegistryEntry[] = [];
  for (const file of FILES) {
    const loaded = await loadProto(`${folder}/${file}`, { includeDirs: [folder] });
    const generated = kind === "generated" ? await generatedOf(file, `${folder}/${file}`) : [];
    for (const entry of [...generated, ...Object.values(loaded.messages)]) {
      if ("fromJson" in entry && !codecs.has(entry.typeName)) codecs.set(entry.typeName, entry as JsonCodec);
    }
    entries.push(...generated, loaded); // protobuf's own types are those of loadProto
  }
  return { codecs, registry: createRegistry(...entries) };
}

/** All message types and extensions of a generated module. */
async function generatedOf(path: string, location: string): Promise<(JsonCodec & RegistryEntry)[]> {
  const module = await importGenerated({ [path]: readFileSync(location, "utf8") });
  const exported: unknown[] = Object.values(module);
  return exported.filter((one): one is JsonCodec & RegistryEntry =>
    typeof one === "object" && one !== null && ("fromJson" in one || "extendee" in one)
  );
}

/** As a page with a Content-Security-Policy. */
function compileNothing(): void {
  const { prototype } = Function;
  function refuse(): never {
    throw new EvalError("Code generation from strings disallowed for this context");
  }
  globalThis.Function = Object.assign(refuse, { prototype }) as never;
}
