// What types are called where something else of their file is declared.

import type { EnumNode, FieldNode, FileNode, MessageNode, MethodNode } from "../../proto/language/nodes.ts";

/** Words that are something else where a type is expected, or where a field begins with its type. */
const WORDS = new Set(
  ("double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes group map stream " +
    "optional required repeated message enum oneof option extend extensions reserved export local").split(
      " ",
    ),
);

/** Finds names by which declarations can refer to types. */
export class NameScopes {
  /** Full names, and whether they are those of types and scopes. */
  readonly #names = new Map<FileNode, ReadonlyMap<string, boolean>>();

  /** The name of `type` without the package of the file where `at` is; whole behind a "." where that would be another one. */
  nameOf(type: MessageNode | EnumNode, at: FieldNode | MethodNode): string {
    const { fullName } = type;
    const prefix = at.file.package === "" ? "" : `${at.file.package}.`;
    const name = fullName.startsWith(prefix) ? fullName.slice(prefix.length) : fullName;
    const word = firstOf(name);
    if (WORDS.has(word)) return `.${fullName}`;
    const first = fullName.slice(0, fullName.length - name.length) + word;
    // What methods and extensions name may be hidden by a field or a method, and not only by what has types in it.
    const byAll = name === word && (at.kind === "method" || type === at.extends);
    return this.#found(word, outer(at.fullName), at.file, byAll) === first ? name : `.${fullName}`;
  }

  /** The name of an extension, which is its full one, in an option of what is declared in `scope` of `file`. */
  extensionName(fullName: string, scope: string, file: FileNode): string {
    const first = firstOf(fullName);
    return this.#found(first, scope, file, first === fullName) === first ? fullName : `.${fullName}`;
  }

  /** The full name of what `first`, the first part of a name, means in `scope`: the innermost that there is. */
  #found(first: string, scope: string, file: FileNode, byAll: boolean): string {
    const names = this.#namesOf(file);
    for (let inner = scope; inner !== ""; inner = outer(inner)) {
      const isScope = names.get(`${inner}.${first}`);
      if (isScope === true || isScope === false && byAll) return `${inner}.${first}`;
    }
    return first;
  }

  /** Full names of what `file` and all that it imports have, and of packages. */
  #namesOf(file: FileNode): ReadonlyMap<string, boolean> {
    const known = this.#names.get(file);
    if (known !== undefined) return known;
    const names = new Map<string, boolean>();
    const files = new Set([file]);
    // A set that grows while it is walked.
    for (const each of files) {
      for (let scope = each.package; scope !== ""; scope = outer(scope)) names.set(scope, true);
      for (const { kind, fullName } of each.declared) {
        names.set(fullName, kind === "message" || kind === "enum" || kind === "service");
      }
      for (const { file: imported } of each.imports) if (imported !== undefined) files.add(imported);
    }
    this.#names.set(file, names);
    return names;
  }
}

function firstOf(name: string): string {
  return name.split(".", 1)[0]!;
}

/** The scope around a full name. */
export function outer(scope: string): string {
  return scope.slice(0, Math.max(0, scope.lastIndexOf(".")));
}
