// Imports that descriptors need and do not have: the files among them that declare the types they name.

import type { FileDescriptor, MessageDescriptor } from "../../proto/descriptor/descriptor_types.ts";

/** A name of a type as a file has it, and the scope it stands in. */
type Reference = readonly [name: string, scope: string];

/** For each of `files` the names of others that declare what it refers to, and that it does not import. */
export function missingImports(files: readonly FileDescriptor[]): string[][] {
  const declaredIn = new Map<string, string>();
  for (const file of files) {
    for (const type of typesOf(file)) if (!declaredIn.has(type)) declaredIn.set(type, file.name ?? "");
  }
  return files.map((file) => {
    const imported = new Set([file.name ?? "", ...file.dependency ?? []]);
    const missing = new Set<string>();
    for (const reference of referencesOf(file)) {
      const at = find(reference, declaredIn);
      if (at !== undefined && !imported.has(at)) missing.add(at);
    }
    return [...missing];
  });
}

/** The file of the type: by its full name, or looked up from the innermost scope outwards. */
function find([name, scope]: Reference, declaredIn: ReadonlyMap<string, string>): string | undefined {
  if (name.startsWith(".")) return declaredIn.get(name.slice(1));
  for (let outer = scope;; outer = outer.slice(0, Math.max(0, outer.lastIndexOf(".")))) {
    const found = declaredIn.get(below(outer, name));
    if (found !== undefined || outer === "") return found;
  }
}

function below(scope: string, name: string | undefined = ""): string {
  return scope === "" ? name : `${scope}.${name}`;
}

function* typesOf(
  { package: scope = "", messageType = [], enumType = [] }: FileDescriptor,
): Generator<string> {
  for (const { name } of enumType) yield below(scope, name);
  for (const message of messageType) yield* typesIn(message, scope);
}

function* typesIn(
  { name, nestedType = [], enumType = [] }: MessageDescriptor,
  scope: string,
): Generator<string> {
  const own = below(scope, name);
  yield own;
  for (const { name } of enumType) yield below(own, name);
  for (const nested of nestedType) yield* typesIn(nested, own);
}

function* referencesOf(file: FileDescriptor): Generator<Reference> {
  const { package: scope = "", messageType = [], service = [], extension = [] } = file;
  yield* fieldsIn(extension, scope);
  for (const message of messageType) yield* referencesIn(message, scope);
  for (const { method = [] } of service) {
    for (const { inputType = "", outputType = "" } of method) {
      yield [inputType, scope];
      yield [outputType, scope];
    }
  }
}

function* referencesIn(message: MessageDescriptor, scope: string): Generator<Reference> {
  const own = below(scope, message.name);
  yield* fieldsIn(message.field ?? [], own);
  yield* fieldsIn(message.extension ?? [], own);
  for (const nested of message.nestedType ?? []) yield* referencesIn(nested, own);
}

function* fieldsIn(fields: NonNullable<FileDescriptor["extension"]>, scope: string): Generator<Reference> {
  for (const { typeName = "", extendee = "" } of fields) {
    if (typeName !== "") yield [typeName, scope];
    if (extendee !== "") yield [extendee, scope];
  }
}
