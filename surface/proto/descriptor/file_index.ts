// What ProtoFiles declare, by name: files, symbols, and extensions by the message and number they extend.

import type { ProtoFile } from "../proto_file.ts";
import { descriptorCodecs, type FieldDescriptor, type MessageDescriptor } from "./descriptor_types.ts";
import { renamedFile } from "./renamed_file.ts";

/**
 * The declarations of some files and of all that they import. Texts that were parsed, and files of several directories, may
 * have the same name, while readers of descriptors know a file by it: the first one keeps it, and another one is shown as
 * "2/name", also by those that import it.
 */
export class FileIndex {
  readonly #files = new Map<string, ProtoFile>();
  readonly #symbols = new Map<string, ProtoFile>();
  readonly #messages = new Set<string>();
  readonly #extensions = new Map<string, Map<number, ProtoFile>>();

  /** Reads the descriptors of all of them. Throws DecodeError where one is none. */
  constructor(roots: Iterable<ProtoFile>) {
    const files = [...withImports(roots)];
    const firsts = firstsOf(files);
    const names = new Map<ProtoFile, string>();
    const taken = new Set<string>();
    for (const file of new Set(files.map((one) => firsts.get(one)!))) {
      const name = freeName(file.name, taken);
      taken.add(name);
      names.set(file, name);
    }
    const shown = new Map<ProtoFile, ProtoFile>();
    for (const file of names.keys()) this.#add(shownAs(file, firsts, names, shown));
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

/** Of files that are the same, with all that they import, the first one, by each of `files`. */
function firstsOf(files: Iterable<ProtoFile>): Map<ProtoFile, ProtoFile> {
  const firsts = new Map<ProtoFile, ProtoFile>();
  const byName = new Map<string, ProtoFile[]>();
  const visit = (file: ProtoFile): void => {
    if (firsts.has(file)) return;
    firsts.set(file, file);
    file.imports.forEach(visit);
    const known = byName.get(file.name) ?? [];
    const first = known.find((one) => isSame(one, file, firsts));
    if (first !== undefined) firsts.set(file, first);
    else byName.set(file.name, [...known, file]);
  };
  for (const file of files) visit(file);
  return firsts;
}

function isSame(one: ProtoFile, other: ProtoFile, firsts: ReadonlyMap<ProtoFile, ProtoFile>): boolean {
  const bytes = other.bytes();
  return one.bytes().length === bytes.length && one.bytes().every((octet, i) => octet === bytes[i]) &&
    one.imports.every((imported, i) => firsts.get(imported) === firsts.get(other.imports[i]!));
}

function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let i = 2; taken.has(free); i++) free = `${i}/${name}`;
  return free;
}

/** `file` by the names that it and its imports are shown by; it is itself where these are its own. */
function shownAs(
  file: ProtoFile,
  firsts: ReadonlyMap<ProtoFile, ProtoFile>,
  names: ReadonlyMap<ProtoFile, string>,
  shown: Map<ProtoFile, ProtoFile>,
): ProtoFile {
  const known = shown.get(file);
  if (known !== undefined) return known;
  const name = names.get(file)!;
  const imports = file.imports.map((one) => shownAs(firsts.get(one)!, firsts, names, shown));
  const as = imports.every((one, i) => one === file.imports[i]) && name === file.name
    ? file
    : { name, imports, bytes: bytesBy(name, file, imports) };
  shown.set(file, as);
  return as;
}

function bytesBy(name: string, file: ProtoFile, imports: readonly ProtoFile[]): () => Uint8Array {
  const names = new Map(imports.map((one, i) => [file.imports[i]!.name, one.name]));
  if (name === file.name && [...names].every(([before, now]) => before === now)) return () => file.bytes();
  const bytes = renamedFile(file.bytes(), name, names);
  return () => bytes;
}

/** `roots` and all that they import, each once, those that are nearer first. */
export function withImports(roots: Iterable<ProtoFile>): Set<ProtoFile> {
  const found = new Set(roots);
  for (const file of found) for (const imported of file.imports) found.add(imported);
  return found;
}
