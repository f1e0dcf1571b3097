// Puts parsed files together: types resolved, services and codecs made, errors given file and line.

import protobuf from "protobufjs";
import { bare, SchemaBuilder } from "./build_schema.ts";
import { MessageCodec } from "./codec.ts";
import { ProtoError } from "./errors.ts";
import type { MessageSchema } from "./schema.ts";
import {
  type Idempotency,
  localMethodName,
  type MethodDescriptor,
  methodKind,
  type ServiceDescriptor,
} from "./service.ts";
import { DESCRIPTOR_PATH, descriptorNamespace, wellKnownSource } from "./well_known.ts";

/** What stands beside the services of a loaded .proto file. */
export interface ProtoTypes {
  /** Codecs of all message types, by full name ("routeguide.Point"). */
  readonly messages: Readonly<Record<string, MessageCodec>>;
  /** Numbers of all enums' values, by full name of the enum and name of the value. */
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** An import as a file writes it. */
export interface ImportLine {
  readonly path: string;
  /** Line of the import, counted from 1. */
  readonly line: number;
  /** A weak import may be missing. */
  readonly weak: boolean;
}

/** The parser has the file's name, which parsed objects keep, as a property that its types leave out. */
const parser = protobuf.parse as unknown as { filename: string | null };

/** Collects files, then makes services and codecs of them. */
export class Assembly {
  readonly #root = new protobuf.Root();
  readonly #sources = new Map<string, string>();
  readonly #bundled = new Set<string>();
  #entry: string | undefined;

  /** Parses one file and returns what it imports. The first one added is the entry. */
  add(name: string, source: string): ImportLine[] {
    this.#entry ??= name;
    const text = source.replace(/^\uFEFF/, "");
    this.#sources.set(name, text);
    checkSyntaxLine(name, text);
    let parsed;
    try {
      parser.filename = name;
      parsed = protobuf.parse(text, this.#root, { keepCase: true });
    } catch (error) {
      throw syntaxError(name, text, error);
    } finally {
      parser.filename = null;
    }
    const lines = (paths: string[] | undefined, weak: boolean) =>
      (paths ?? []).map((path) => ({ path, weak, line: lineOf(text, importPattern(path)) ?? 1 }));
    return [...lines(parsed.imports, false), ...lines(parsed.weakImports, true)];
  }

  /** Adds a well-known file; false where `path` is none. */
  addBundled(path: string): boolean {
    if (this.#bundled.has(path)) return true;
    const source = wellKnownSource(path);
    if (source !== undefined) protobuf.parse(source, this.#root, { keepCase: true });
    else if (path === DESCRIPTOR_PATH) this.#root.addJSON(descriptorNamespace());
    else return false;
    this.#bundled.add(path);
    return true;
  }

  /** Resolves all types and makes the result; see `loadProto`. */
  finish(): Record<string, ServiceDescriptor> & ProtoTypes {
    this.#resolve();
    const builder = new SchemaBuilder();
    const codecs = new Map<MessageSchema, MessageCodec>();
    const codecOf = (schema: MessageSchema) => {
      let codec = codecs.get(schema);
      if (codec === undefined) codecs.set(schema, codec = new MessageCodec(schema, codecOf));
      return codec;
    };
    const messages: Record<string, MessageCodec> = Object.create(null);
    const enums: Record<string, Record<string, number>> = Object.create(null);
    const services: protobuf.Service[] = [];
    for (const object of descendants(this.#root)) {
      if (object instanceof protobuf.Type) {
        messages[bare(object.fullName)] = codecOf(builder.message(object));
      } else if (object instanceof protobuf.Enum) {
        enums[bare(object.fullName)] = Object.fromEntries(builder.enum(object).numbers);
      } else if (object instanceof protobuf.Service) {
        services.push(object);
      }
    }
    const codecFor = (type: protobuf.Type) => codecOf(builder.message(type));
    return this.#result(services.map((service) => [service, describe(service, codecFor)]), {
      messages,
      enums,
    });
  }

  /** Services by simple name, those of the entry file first, and by full name. */
  #result(
    services: [protobuf.Service, ServiceDescriptor][],
    types: ProtoTypes,
  ): Record<string, ServiceDescriptor> & ProtoTypes {
    const result: Record<string, unknown> = Object.create(null);
    const inEntry = services.filter(([service]) => service.filename === this.#entry);
    for (const [service, descriptor] of [...inEntry, ...services]) {
      result[service.name] ??= descriptor;
      result[descriptor.fullName] = descriptor;
    }
    return Object.assign(result, types) as Record<string, ServiceDescriptor> & ProtoTypes;
  }

  #resolve(): void {
    for (const object of descendants(this.#root)) {
      const parts = object instanceof protobuf.Type
        ? object.fieldsArray
        : object instanceof protobuf.Service
        ? object.methodsArray
        : [];
      for (const part of parts) this.#resolvePart(part);
    }
    try {
      this.#root.resolveAll();
    } catch (error) {
      throw new ProtoError(`Cannot resolve ${this.#entry}: ${messageOf(error)}`);
    }
  }

  #resolvePart(part: protobuf.Field | protobuf.Method): void {
    try {
      part.resolve();
    } catch {
      const wanted = part instanceof protobuf.Method ? unresolvedOf(part) : part.type;
      const file = part.filename ?? part.parent?.filename ?? this.#entry!;
      const name = part instanceof protobuf.Method ? `rpc\\s+${part.name}\\b` : `\\b${part.name}\\s*=`;
      const line = lineOf(this.#sources.get(file) ?? "", new RegExp(name, "g"), escapeRegExp(wanted));
      const where = line === undefined ? file : `${file}:${line}`;
      throw new ProtoError(
        `${where}: Cannot resolve type "${wanted}" of ${
          bare(part.fullName)
        }: no message or enum of that name; ` +
          "import the file that declares it",
      );
    }
  }
}

function describe(
  service: protobuf.Service,
  codecFor: (type: protobuf.Type) => MessageCodec,
): ServiceDescriptor {
  const fullName = bare(service.fullName);
  const methods: Record<string, MethodDescriptor> = Object.create(null);
  const taken = new Set(service.methodsArray.map(({ name }) => name));
  for (const method of service.methodsArray) {
    const local = localMethodName(method.name);
    // Names that differ in their first letter only: the one written in lower case has it.
    const localName = local !== method.name && taken.has(local) ? method.name : local;
    taken.add(localName);
    const level = method.options?.["idempotency_level"] as string | undefined;
    methods[localName] = {
      name: method.name,
      localName,
      path: `/${fullName}/${method.name}`,
      kind: methodKind(method.requestStream === true, method.responseStream === true),
      requestCodec: codecFor(method.resolvedRequestType!),
      responseCodec: codecFor(method.resolvedResponseType!),
      ...(level === "IDEMPOTENT" || level === "NO_SIDE_EFFECTS" ? { idempotency: level as Idempotency } : {}),
    };
  }
  return { fullName, methods };
}

/** All objects below a namespace, in order of declaration. */
function* descendants(namespace: protobuf.NamespaceBase): Generator<protobuf.ReflectionObject> {
  for (const object of namespace.nestedArray) {
    yield object;
    if (object instanceof protobuf.Namespace) yield* descendants(object);
  }
}

/** The one of a method's two types that has no message. */
function unresolvedOf(method: protobuf.Method): string {
  try {
    method.parent!.lookupType(method.requestType);
    return method.responseType;
  } catch {
    return method.requestType;
  }
}

/** The parser takes any syntax for an edition it knows. */
function checkSyntaxLine(name: string, text: string): void {
  const syntax = /^[ \t]*syntax\s*=\s*["']([^"']*)["']/m.exec(text);
  if (syntax === null || syntax[1] === "proto2" || syntax[1] === "proto3") return;
  const line = text.slice(0, syntax.index).split("\n").length;
  throw new ProtoError(
    `${name}:${line}: Cannot parse: syntax "${syntax[1]}" is neither "proto2" nor "proto3"`,
  );
}

/** protobufjs's parse error, with file and line in front. */
function syntaxError(name: string, text: string, error: unknown): ProtoError {
  const message = messageOf(error);
  const at = /^(.*) \((?:.*, )?line (\d+)\)$/s.exec(message);
  if (at !== null) return new ProtoError(`${name}:${at[2]}: Cannot parse: ${at[1]}`);
  const named = /'([A-Za-z_][\w]*)'/.exec(message)?.[1];
  const lines = named === undefined ? undefined : lastLineOf(text, new RegExp(`\\b${named}\\b`, "g"));
  return new ProtoError(`${name}${lines === undefined ? "" : `:${lines}`}: Cannot parse: ${message}`);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function importPattern(path: string): RegExp {
  return new RegExp(`import[^;"']*["']${escapeRegExp(path)}["']`, "g");
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Line of the first match, preferably one whose line (or the text just before it) also matches `beside`. */
function lineOf(text: string, pattern: RegExp, beside?: string): number | undefined {
  let first: number | undefined;
  for (const match of text.matchAll(pattern)) {
    const line = text.slice(0, match.index).split("\n").length;
    if (beside === undefined) return line;
    if (new RegExp(beside).test(text.slice(Math.max(0, match.index - 120), match.index + 240))) return line;
    first ??= line;
  }
  return first;
}

function lastLineOf(text: string, pattern: RegExp): number | undefined {
  const last = [...text.matchAll(pattern)].pop();
  return last === undefined ? undefined : text.slice(0, last.index).split("\n").length;
}
