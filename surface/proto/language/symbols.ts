// All names of a set of files, and their resolution in a scope: the innermost scope is searched first.

import type { EnumNode, FileNode, MessageNode, Named } from "./nodes.ts";

/** A package, with the files that are in it or below it. */
export interface PackageNode {
  readonly kind: "package";
  readonly files: Set<FileNode>;
}

/** What has a full name. */
export type SymbolNode = Named | PackageNode;

/** Why a name means nothing, for the error. */
export interface Unresolved {
  /** The part of it that an inner scope hides: "pkg.Foo.Bar" where Foo has no Bar. */
  hidden?: string;
  /** It is declared in a file that is not imported. */
  elsewhere?: { readonly name: string; readonly file: FileNode };
}

/** Names of a set of files that are loaded together. */
export class Symbols {
  readonly #all = new Map<string, SymbolNode>();
  readonly #visible = new Map<FileNode, ReadonlySet<FileNode>>();

  /** What is declared by that full name, in whatever file. */
  get(fullName: string): SymbolNode | undefined {
    return this.#all.get(fullName);
  }

  /** Adds what `get` knows nothing of yet. */
  set(fullName: string, symbol: SymbolNode): void {
    this.#all.set(fullName, symbol);
  }

  /** Adds the names of a file that is linked already. */
  addAll(file: FileNode): void {
    for (const part of prefixes(file.package)) {
      const known = this.#all.get(part);
      if (known?.kind === "package") known.files.add(file);
      else if (known === undefined) this.#all.set(part, { kind: "package", files: new Set([file]) });
    }
    for (const node of file.declared) this.#all.set(node.fullName, node);
  }

  /** The file itself, what it imports, and what that imports publicly. */
  visibleFrom(file: FileNode): ReadonlySet<FileNode> {
    let visible = this.#visible.get(file);
    if (visible === undefined) this.#visible.set(file, visible = reach(file));
    return visible;
  }

  /** What `name` means in `scope`, the full name of the declaration around it. `typesOnly` skips what is no type. */
  resolve(
    name: string,
    scope: string,
    file: FileNode,
    typesOnly: boolean,
    why: Unresolved = {},
  ): SymbolNode | undefined {
    if (name.startsWith(".")) return this.#find(name.slice(1), file, why);
    const dot = name.indexOf(".");
    const first = dot < 0 ? name : name.slice(0, dot);
    for (let end = scope.length; end > 0; end = scope.lastIndexOf(".", end - 1)) {
      const inner = `${scope.slice(0, end)}.`;
      const found = this.#find(inner + first, file, why);
      if (found === undefined) continue;
      if (dot < 0) {
        if (!typesOnly || isType(found)) return found;
      } else if (isScope(found)) {
        const whole = this.#find(inner + name, file, why);
        if (whole === undefined) why.hidden = inner + name;
        return whole;
      }
    }
    return this.#find(name, file, why);
  }

  /** What a file may refer to by a full name. */
  #find(fullName: string, file: FileNode, why: Unresolved): SymbolNode | undefined {
    const symbol = this.#all.get(fullName);
    if (symbol === undefined) return undefined;
    const visible = this.visibleFrom(file);
    if (symbol.kind === "package") {
      for (const each of symbol.files) if (visible.has(each)) return symbol;
      why.elsewhere = { name: fullName, file: [...symbol.files][0]! };
      return undefined;
    }
    if (visible.has(symbol.file)) return symbol;
    why.elsewhere = { name: fullName, file: symbol.file };
    return undefined;
  }
}

/** Whether a name may stand for a field's type. */
export function isType(symbol: SymbolNode): symbol is MessageNode | EnumNode {
  return symbol.kind === "message" || symbol.kind === "enum";
}

/** Whether it is a scope of other names. */
function isScope({ kind }: SymbolNode): boolean {
  return kind === "message" || kind === "enum" || kind === "service" || kind === "package";
}

/** "a", "a.b" and "a.b.c" of "a.b.c". */
export function prefixes(name: string): string[] {
  if (name === "") return [];
  const parts = name.split(".");
  return parts.map((_, i) => parts.slice(0, i + 1).join("."));
}

function reach(file: FileNode): ReadonlySet<FileNode> {
  const visible = new Set([file]);
  const pending = [...file.imports];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next.file === undefined || visible.has(next.file)) continue;
    visible.add(next.file);
    pending.push(...next.file.imports.filter(({ kind }) => kind === "public"));
  }
  return visible;
}
