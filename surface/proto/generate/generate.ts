// generate: linked .proto files in, TypeScript out, a file for each.

import { SchemaBuilder } from "../build_schema.ts";
import type { EnumNode, FieldNode, FileNode, MethodNode } from "../language/nodes.ts";
import { localMethodNames } from "../method_names.ts";
import type { MessageSchema } from "../schema.ts";
import { wellKnownFile } from "../well_known.ts";

import { pathInComment } from "./comments.ts";
import {
  enumNamesText,
  enumSchemaText,
  extensionText,
  fileText,
  messageTypeText,
  serviceCodecText,
} from "./declarations.ts";
import { loadedText } from "./loaded_types.ts";
import { CodecText } from "./message_codec.ts";
import { Catalog, type Declared, Module, modulePath } from "./module.ts";
import { type GeneratedFile, type GenerateOptions, type Settings, settingsOf } from "./options.ts";
import { enumText, extensionType, messageText, serviceText } from "./types.ts";

/**
 * Generates a module for each of `files`, which are linked, and whose `path` is what others import them as;
 * and for each of protobuf's own files that these refer to. Equal files and options give equal text.
 *
 * @throws {TypeError} where `typesOnly` and `int64` are given together
 */
export function generate(files: readonly FileNode[], options: GenerateOptions = {}): GeneratedFile[] {
  const settings = settingsOf(options);
  if (settings.typesOnly && settings.int64 !== "bigint") {
    throw new TypeError(
      `Cannot type what loadProto makes with int64 ${settings.int64}: there they are bigints`,
    );
  }
  const catalog = new Catalog();
  const builder = new SchemaBuilder(settings.int64 === "bigint" ? undefined : settings.int64);
  const wanted = new Map(files.map((file) => [file.path, file]));
  const made: GeneratedFile[] = [];
  // A map that grows while it is walked.
  for (const file of wanted.values()) {
    const module = new Module(file, catalog, settings);
    made.push({ path: `${modulePath(file)}.ts`, text: moduleText(module, builder, settings) });
    for (const used of module.files) {
      const { path } = used;
      if (!wanted.has(path) && wellKnownFile(path) !== undefined) wanted.set(path, used);
    }
  }
  return made;
}

function moduleText(module: Module, builder: SchemaBuilder, settings: Settings): string {
  const { file } = module;
  const parts = new ModuleParts(module, builder, settings).all();
  const imports = module.imports();
  const body = parts.length === 0 ? ["export {};\n"] : parts;
  const isChecked = settings.typesOnly || !hasLarge(module);
  return [header(file, isChecked), ...(imports.length === 0 ? [] : [`${imports.join("\n")}\n`]), ...body]
    .join("\n");
}

/** What a module consists of behind its imports. */
class ModuleParts {
  readonly #nodes: readonly Declared[];
  readonly #local: (method: MethodNode) => string;
  readonly #enumNames = new Map<EnumNode, string>();

  constructor(
    private readonly module: Module,
    private readonly builder: SchemaBuilder,
    private readonly settings: Settings,
  ) {
    this.#nodes = [...module.declared.keys()];
    this.#local = localNames(module.file);
  }

  all(): string[] {
    const types = this.#types();
    if (this.settings.typesOnly) {
      return [...types, loadedText(this.module, this.builder)].filter((part) => part !== "");
    }
    const codecs = this.#codecs();
    return codecs.length === 0 ? types : [...types, CODECS, ...codecs];
  }

  #of<Kind extends Declared["kind"]>(kind: Kind): Extract<Declared, { kind: Kind }>[] {
    return this.#nodes.filter((node) => node.kind === kind) as Extract<Declared, { kind: Kind }>[];
  }

  #types(): string[] {
    const { module, builder, settings } = this;
    return [
      ...this.#of("enum").map((node) => enumText(module, node, settings.typesOnly)),
      ...this.#of("message").map((node) => messageText(module, node, builder.message(node))),
      ...this.#of("service").map((node) => serviceText(module, node, this.#local)),
    ];
  }

  #codecs(): string[] {
    const { module, settings } = this;
    const messages = this.#of("message").map((node) => {
      const name = module.name(node);
      const codec = this.#codec(name, node.fields, this.builder.message(node));
      return codec + messageTypeText(module, node, settings.json);
    });
    const extensions = this.#of("field").map((node) => {
      const name = module.name(node);
      const schema = this.builder.extension(node);
      const of = extensionType(module, node, schema.fields[0]!);
      return `${this.#codec(name, [node], schema)}${module.docs.of(node)}${
        extensionText(module, name, node, of)
      }`;
    });
    const file = settings.descriptors ? module.protoFile(module.file) : undefined;
    const services = this.#of("service").map((node) => serviceCodecText(module, node, this.#local, file));
    const enums = this.#of("enum").map((node) => enumSchemaText(module, node)).join("") +
      enumNamesText(module, this.#enumNames);
    return [
      ...(enums === "" ? [] : [enums]),
      ...messages,
      ...extensions,
      ...(file === undefined ? [] : [fileText(module)]),
      ...services,
    ];
  }

  #codec(name: string, fields: readonly FieldNode[], schema: MessageSchema): string {
    return new CodecText(this.module, name, fields, schema, this.#enumNames).text();
  }
}

const CODECS = "// How messages are coded, and what services consist of.\n";

/**
 * TypeScript gives up on functions of 2,000 branches in a row (TS2563), and from then on in the whole program: those of a oneof
 * of 245 members, or of 330 fields.
 */
const MOST_CHECKED_FIELDS = 200;

/** Whether there is a message whose functions TypeScript may find too large. */
function hasLarge({ declared }: Module): boolean {
  return [...declared.keys()].some((node) =>
    node.kind === "message" && node.fields.length > MOST_CHECKED_FIELDS
  );
}

function header({ path }: FileNode, isChecked: boolean): string {
  return `// Generated by pollwire gen of ${pathInComment(path)}: changes to it are lost.
// deno-lint-ignore-file
// deno-fmt-ignore-file
/* eslint-disable */
${isChecked ? "" : "// @ts-nocheck: functions of this size are too large for TypeScript\n"}`;
}

function localNames(file: FileNode): (method: MethodNode) => string {
  const names = new Map<MethodNode, string>();
  for (const service of file.services) {
    for (const [name, method] of localMethodNames(service)) names.set(method, name);
  }
  return (method) => names.get(method)!;
}
