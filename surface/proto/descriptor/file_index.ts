// What ProtoFiles declare, by name: files, symbols, and extensions by the message and number they extend.

import { encodeMessage } from "../codec.ts";
import type { ProtoFile } from "../proto_file.ts";
import { descriptorCodecs, type FieldDescriptor, type MessageDescriptor } from "./descriptor_types.ts";

/**
 * The declarations of some files and of all that they import. Texts that were parsed, and files of several directories, may
 * have the same name, while readers of descriptors know a file by it: the first one keeps it, and another one that nobody
 * imports by it is shown as "2/name".
 */
export class FileIndex {
  readonly #files = new Map<string, ProtoFile>();
  readonly #symbols = new Map<string, ProtoFile>();
  readonly #messages = new Set<string>();
  readonly #extensions = new Map<string, Map<number, ProtoFile>>();

  /** Reads the descriptors of all of them. Throws DecodeError where one is none. */
  constructor(roots: Iterable<ProtoFile>) {
    const files = [...withImports(roots)];
    const imported = new Set(files.flatMap(({ imports }) => imports));
    for (const file of files) {
      const known = this.#files.get(file.name);
      if (known === undefined) this.#add(file);
      else if (!imported.has(file) && !isSame(known, file)) {
        this.#add(renamed(file, this.#freeName(file.name)));
      }
    }
  }

  /** The file of a name. */
  file(name: string): ProtoFile | undefined {
    return this.#files.get(name);
  }

  /** The file that declares a full name. */
  symbol(fullName: string): ProtoFile | undefined {
    return this.#symbols.get(fullName);
  }

  /** The file that declares extension `number` of message `type`. */
  extension(type: string, number: number): ProtoFile | undefined {
    return this.#extensions.get(type)?.get(number);
  }

  /** The numbers of the extensions of message `type`, ascending; undefined where there is no such message. */
  extensionNumbers(type: string): number[] | undefined {
    if (!this.#messages.has(type)) return undefined;
    return [...this.#extensions.get(type)?.keys() ?? []].sort((a, b) => a - b);
  }

  #add(file: ProtoFile): void {
    this.#files.set(file.name, file);
    this.#read(file);
  }

  #freeName(name: string): string {
    for (let i = 2;; i++) {
      const free = `${i}/${name}`;
      if (!this.#files.has(free)) return free;
    }
  }

  #read(file: ProtoFile): void {
    const descriptor = descriptorCodecs().file.decode(file.bytes());
    const scope = descriptor.package ?? "";
    for (const message of descriptor.messageType ?? []) this.#message(message, scope, file);
    this.#enums(descriptor, scope, file);
    this.#extend(descriptor.extension, scope, file);
    for (const service of descriptor.service ?? []) {
      const fullName = this.#declare(service, scope, file);
      for (const method of service.method ?? []) this.#declare(method, fullName, file);
    }
  }

  #message(message: MessageDescriptor, scope: string, file: ProtoFile): void {
    const fullName = this.#declare(message, scope, file);
    this.#messages.add(fullName);
    for (const field of message.field ?? []) this.#declare(field, fullName, file);
    for (const oneof of message.oneofDecl ?? []) this.#declare(oneof, fullName, file);
    for (const nested of message.nestedType ?? []) this.#message(nested, fullName, file);
    this.#enums(message, fullName, file);
    this.#extend(message.extension, fullName, file);
  }

  #enums({ enumType }: Pick<MessageDescriptor, "enumType">, scope: string, file: ProtoFile): void {
    for (const one of enumType ?? []) {
      this.#declare(one, scope, file);
      for (const value of one.value ?? []) this.#declare(value, scope, file); // siblings of their enum
    }
  }

  #extend(fields: readonly FieldDescriptor[] | undefined, scope: string, file: ProtoFile): void {
    for (const field of fields ?? []) {
      this.#declare(field, scope, file);
      const type = (field.extendee ?? "").replace(/^\./, "");
      let known = this.#extensions.get(type);
      if (known === undefined) this.#extensions.set(type, known = new Map());
      if (!known.has(field.number ?? 0)) known.set(field.number ?? 0, file);
    }
  }

  #declare({ name = "" }: { readonly name?: string | undefined }, scope: string, file: ProtoFile): string {
    const fullName = scope === "" ? name : `${scope}.${name}`;
    if (!this.#symbols.has(fullName)) this.#symbols.set(fullName, file);
    return fullName;
  }
}

function isSame(one: ProtoFile, other: ProtoFile): boolean {
  const bytes = other.bytes();
  return one.bytes().length === bytes.length && one.bytes().every((octet, i) => octet === bytes[i]);
}

/** `file` by another name: of a field that comes twice the last one counts, and the name is one. */
function renamed(file: ProtoFile, name: string): ProtoFile {
  const added = encodeMessage(descriptorCodecs().file, { name });
  const bytes = new Uint8Array(file.bytes().length + added.length);
  bytes.set(file.bytes());
  bytes.set(added, file.bytes().length);
  return { name, imports: file.imports, bytes: () => bytes };
}

/** `roots` and all that they import, each once, those that are nearer first. */
export function withImports(roots: Iterable<ProtoFile>): Set<ProtoFile> {
  const found = new Set(roots);
  for (const file of found) for (const imported of file.imports) found.add(imported);
  return found;
}
