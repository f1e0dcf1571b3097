// What types are called where something else of their file is declared.

import type { EnumNode, FieldNode, FileNode, MessageNode, MethodNode } from "../../proto/language/nodes.ts";

/** Finds names by which declarations can refer to types. */
export class NameScopes {
  readonly #names = new Map<FileNode, ReadonlySet<string>>();

  /** The name of `type` without the package of the file where `at` is; whole behind a "." where that would be another one. */
  nameOf(type: MessageNode | EnumNode, at: FieldNode | MethodNode): string {
    const { fullName } = type;
    const prefix = at.file.package === "" ? "" : `${at.file.package}.`;
    const name = fullName.startsWith(prefix) ? fullName.slice(prefix.length) : fullName;
    const first = fullName.slice(0, fullName.length - name.length) + firstOf(name);
    return this.#found(firstOf(name), outer(at.fullName), at.file) === first ? name : `.${fullName}`;
  }

  /** The full name of what `first`, the first part of a name, means in `scope`: the innermost that there is. */
  #found(first: string, scope: string, file: FileNode): string {
    const names = this.#namesOf(file);
    for (let inner = scope; inner !== ""; inner = outer(inner)) {
      if (names.has(`${inner}.${first}`)) return `${inner}.${first}`;
    }
    return first;
  }

  /** Full names of types and packages of `file`, and of all that it imports. */
  #namesOf(file: FileNode): ReadonlySet<string> {
    const known = this.#names.get(file);
    if (known !== undefined) return known;
    const names = new Set<string>();
    const files = new Set([file]);
    // A set that grows while it is walked.
    for (const each of files) {
      for (let scope = each.package; scope !== ""; scope = outer(scope)) names.add(scope);
      for (const { kind, fullName } of each.declared) {
        if (kind === "message" || kind === "enum" || kind === "service") names.add(fullName);
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

function outer(scope: string): string {
  return scope.slice(0, Math.max(0, scope.lastIndexOf(".")));
}
