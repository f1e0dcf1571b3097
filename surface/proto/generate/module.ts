// One generated module while it is written: what it declares, and what it imports under which name.

import type { EnumNode, FieldNode, FileNode, MessageNode, ServiceNode } from "../language/nodes.ts";
import { Docs } from "./comments.ts";
import { HELPERS, Scope } from "./identifiers.ts";
import type { Settings } from "./options.ts";

/** What has a name in a generated module; of fields, extensions. */
export type Declared = MessageNode | EnumNode | ServiceNode | FieldNode;

/** The name of a file's descriptor in its module. */
const FILE = "$file";

/** The names under which `file` exports what it declares: nested ones as `Outer_Inner`. Equal files give equal names. */
function exportNames(file: FileNode, scope: Scope = new Scope()): Map<Declared, string> {
  const names = new Map<Declared, string>();
  let level: { readonly node: Declared; readonly name: string }[] = [
    ...[...file.messages, ...file.enums, ...file.services, ...file.extensions]
      .map((node) => ({ node, name: node.name })),
  ];
  // Outer names first, so that they are the ones that stay as they are.
  while (level.length > 0) {
    const inner: typeof level = [];
    for (const { node, name } of level) {
      names.set(node, scope.declare(name));
      if (node.kind !== "message") continue;
      const messages = node.messages.filter(({ isEntry }) => !isEntry);
      for (const one of [...messages, ...node.enums, ...node.extensions]) {
        inner.push({ node: one, name: `${name}_${one.name}` });
      }
    }
    level = inner;
  }
  return names;
}

/** What runtimes read as parts of a URL in an import, and what makes a file one of declarations to TypeScript: "a.d.v1.ts". */
const MISREAD = /[#%?]|\.(?=d(?:\.[^/]*)?$)/g;

/** The path of the module of `file`, without its extension; "_" stands in the place of what would be misread. */
export function modulePath(file: FileNode): string {
  return file.path.replace(/\.proto$/, "").replaceAll(MISREAD, "_");
}

/** Names as the modules of all files export them. */
export class Catalog {
  readonly #names = new Map<FileNode, Map<Declared, string>>();

  /** What `node` is exported as. */
  exported(node: Declared): string {
    let names = this.#names.get(node.file);
    if (names === undefined) this.#names.set(node.file, names = exportNames(node.file));
    return names.get(node)!;
  }
}

interface Import {
  readonly local: string;
  typeOnly: boolean;
}

/** What one module declares and imports. */
export class Module {
  /** What is said of what it declares. */
  readonly docs: Docs;
  /** Files whose modules it imports. */
  readonly files = new Set<FileNode>();
  readonly #scope = new Scope();
  readonly #own: Map<Declared, string>;
  readonly #imports = new Map<string, Map<string, Import>>();
  readonly #runtime: string;

  constructor(
    readonly file: FileNode,
    private readonly catalog: Catalog,
    private readonly settings: Settings,
  ) {
    this.docs = new Docs(file);
    this.#own = exportNames(file, this.#scope);
    // Schemata stand beside what they are of, and what is imported may be the schema of an enum of the same name.
    for (const name of this.#own.values()) this.#scope.take(`${name}$`);
    const { runtime } = settings;
    const folders = modulePath(file).split("/").length - 1;
    const up = folders === 0 && !runtime.startsWith("../") ? "./" : "../".repeat(folders);
    this.#runtime = /^\.\.?\//.test(runtime) ? up + runtime.replace(/^\.\//, "") : runtime;
    this.#scope.declare(FILE);
  }

  /** A name of its own that is not exported of a declaration. */
  declare(name: string): string {
    return this.#scope.declare(name);
  }

  /** All that it declares, outer types first. */
  get declared(): ReadonlyMap<Declared, string> {
    return this.#own;
  }

  /** The name of a type or service in this module, which imports it where it is another's. */
  name(node: Declared, typeOnly = false): string {
    const own = this.#own.get(node);
    if (own !== undefined) return own;
    this.files.add(node.file);
    return this.#import(this.#specifier(node.file), this.catalog.exported(node), typeOnly);
  }

  /** The schema of an enum. */
  enumSchema(node: EnumNode): string {
    const own = this.#own.get(node);
    if (own !== undefined) return `${own}$`;
    this.files.add(node.file);
    return this.#import(this.#specifier(node.file), `${this.catalog.exported(node)}$`, false);
  }

  /** The descriptor of a file. */
  protoFile(file: FileNode): string {
    if (file === this.file) return FILE;
    this.files.add(file);
    const base = /[^/]*$/.exec(modulePath(file))![0].replaceAll(/\W|^(?=\d)/g, "_");
    return this.#import(this.#specifier(file), FILE, false, `${base}$file`);
  }

  /** The name of what the runtime exports as `name`. */
  runtime(name: string, typeOnly = false): string {
    return this.#import(this.#runtime, name, typeOnly);
  }

  /** `preferred`: what it is called here where that is free. */
  #import(from: string, exported: string, typeOnly: boolean, preferred = exported): string {
    let names = this.#imports.get(from);
    if (names === undefined) this.#imports.set(from, names = new Map());
    let known = names.get(exported);
    if (known === undefined) {
      // Functions call helpers by their own names, which nothing else may have.
      const isHelper = from === this.#runtime && HELPERS.includes(exported);
      names.set(
        exported,
        known = { local: isHelper ? exported : this.#scope.declare(preferred), typeOnly: true },
      );
    }
    if (!typeOnly) known.typeOnly = false;
    return known.local;
  }

  #specifier(file: FileNode): string {
    const to = modulePath(file).split("/");
    const from = modulePath(this.file).split("/").slice(0, -1);
    let same = 0;
    while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
    const up = "../".repeat(from.length - same);
    return `${up === "" ? "./" : up}${to.slice(same).join("/")}${this.settings.importExtension}`;
  }

  /** Import lines: the runtime first. */
  imports(): string[] {
    const order = (path: string) => path === this.#runtime ? "" : path;
    return [...this.#imports].sort(([a], [b]) => order(a) < order(b) ? -1 : 1).map(([from, names]) => {
      const sorted = [...names].sort(([a], [b]) => a < b ? -1 : 1);
      const allTypes = sorted.every(([, { typeOnly }]) => typeOnly);
      const list = sorted.map(([exported, { local, typeOnly }]) => {
        const name = exported === local ? exported : `${exported} as ${local}`;
        return typeOnly && !allTypes ? `type ${name}` : name;
      });
      return importLine(allTypes ? "import type" : "import", list, from);
    });
  }
}

function importLine(word: string, names: readonly string[], from: string): string {
  const line = `${word} { ${names.join(", ")} } from ${JSON.stringify(from)};`;
  return line.length <= 80
    ? line
    : `${word} {\n${names.map((name) => `  ${name},\n`).join("")}} from ${JSON.stringify(from)};`;
}
