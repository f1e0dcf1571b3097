// Puts parsed files together: linked, and with services and codecs made of them.

import { SchemaBuilder } from "./build_schema.ts";
import { makeCodec } from "./compile/compile.ts";
import { protoFileOf } from "./descriptor/linked_file.ts";
import { Extension } from "./extension.ts";
import type { JsonCodec, JsonMessageCodec } from "./json/json_codec.ts";
import { TypeRegistry } from "./json/registry.ts";
import { linkFiles } from "./language/link_files.ts";
import type { FieldNode, FileNode, ImportNode, MessageNode, ServiceNode } from "./language/nodes.ts";
import { parseFile } from "./language/parse_file.ts";
import type { MessageSchema } from "./schema.ts";
import { localMethodNames } from "./method_names.ts";
import { type Idempotency, type MethodDescriptor, methodKind, type ServiceDescriptor } from "./service.ts";
import { importedBy, STANDARD_OPTIONS, wellKnownFile } from "./well_known.ts";

/** What a loaded .proto file has beside its services. */
export interface ProtoTypes {
  /** Codecs of all message types, by full name ("routeguide.Point"). */
  readonly messages: Readonly<Record<string, JsonCodec>>;
  /** Numbers of all enums' values, by full name of the enum and name of the value. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** All extensions, by full name ("shop.discount"). */
  readonly extensions: Readonly<Record<string, Extension>>;
}

/** Collects files, then makes services and codecs of them. The first one added is the entry. */
export class Assembly {
  readonly #files: FileNode[] = [];

  /** Parses one file, imported as `path`. Its import lines have their files before `finish`. */
  add(name: string, text: string, path = name): FileNode {
    const file = parseFile(name, text, path);
    this.#files.push(file);
    return file;
  }

  /** Whether an import is of a well-known file, which it is then resolved to. */
  resolveWellKnown(line: ImportNode): boolean {
    line.file = wellKnownFile(line.path);
    return line.file !== undefined;
  }

  /** Links all files and makes the result; see `loadProto`. */
  finish(): Assembled {
    const imported = importedBy(this.#files);
    linkFiles(this.#files, imported, STANDARD_OPTIONS);
    return assemble(this.#files, imported);
  }
}

/** Services by simple and by full name, with the types of all files. */
export type Assembled = Record<string, ServiceDescriptor> & ProtoTypes;

/** Makes services and codecs of `files`, the first of which is the entry, and of those `imported` by them; all are linked. */
export function assemble(files: readonly FileNode[], imported: Iterable<FileNode>): Assembled {
  const builder = new SchemaBuilder();
  const codecs = new Map<MessageSchema, JsonMessageCodec>();
  const registry = new TypeRegistry();
  const codecOf = (schema: MessageSchema) => {
    let codec = codecs.get(schema);
    if (codec === undefined) codecs.set(schema, codec = makeCodec(schema, codecOf, undefined, registry));
    return codec;
  };
  const codecFor = (type: MessageNode) => codecOf(builder.message(type));
  const messages: Record<string, JsonMessageCodec> = Object.create(null);
  const enums: Record<string, Record<string, number>> = Object.create(null);
  const extensions: Record<string, Extension> = Object.create(null);
  const services: [ServiceNode, ServiceDescriptor][] = [];
  for (const file of [...files, ...imported]) {
    for (const node of file.declared) {
      if (node.kind === "message") {
        if (!node.isEntry) messages[node.fullName] = codecFor(node);
      } else if (node.kind === "enum") {
        enums[node.fullName] = Object.fromEntries(builder.enum(node).numbers);
      } else if (node.kind === "field") {
        if (node.extends === undefined) continue;
        extensions[node.fullName] = extensionOf(node, codecOf(builder.extension(node)));
      } else if (node.kind === "service") services.push([node, describe(node, codecFor)]);
    }
  }
  registry.add({ messages, extensions });
  return withServices(files[0], services, { messages, enums, extensions });
}

/** Services by simple name, those of the entry file first, and by full name. */
function withServices(
  entry: FileNode | undefined,
  services: [ServiceNode, ServiceDescriptor][],
  types: ProtoTypes,
): Assembled {
  const result: Record<string, unknown> = Object.create(null);
  const inEntry = services.filter(([{ file }]) => file === entry);
  for (const [service, descriptor] of [...inEntry, ...services]) {
    result[besides(service.name, types)] ??= descriptor;
    result[besides(descriptor.fullName, types)] = descriptor;
  }
  return Object.assign(result, types) as Assembled;
}

/** A service called `messages` gets the name `messages$`: every result has a `messages` of its own. */
function besides(name: string, types: ProtoTypes): string {
  return Object.hasOwn(types, name) ? `${name}$` : name;
}

function extensionOf({ fullName, extends: extended }: FieldNode, codec: JsonMessageCodec): Extension {
  const { fullName: extendee, settings } = extended!;
  return new Extension(fullName, extendee, codec, settings.get("message_set_wire_format") === true);
}

function describe(
  service: ServiceNode,
  codecFor: (type: MessageNode) => JsonMessageCodec,
): ServiceDescriptor {
  const methods: Record<string, MethodDescriptor> = Object.create(null);
  for (const [localName, method] of localMethodNames(service)) {
    const level = method.settings.get("idempotency_level");
    methods[localName] = {
      name: method.name,
      localName,
      path: `/${service.fullName}/${method.name}`,
      kind: methodKind(method.clientStreaming, method.serverStreaming),
      requestCodec: codecFor(method.input!),
      responseCodec: codecFor(method.output!),
      ...(level === "IDEMPOTENT" || level === "NO_SIDE_EFFECTS" ? { idempotency: level as Idempotency } : {}),
    };
  }
  return { fullName: service.fullName, methods, file: protoFileOf(service.file) };
}
