// Imports of names from files that only pass them on, such as `transport/mod.ts`, lead to the files that define them. Numbers
// and texts take the place of the constants that have them: a chunk would export a variable for each, which no bundle can
// do without, and which V8 looks up in each call.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { librarySources } from "./sources.mjs";

const PASSED_ON = /^export (type )?(?:\{([^}]*)\}|\*) from "(\.[^"]+)";$/gm;
const NAMED = /^(import|export) \{([^}]*)\} from "(\.[^"]+)";$/gm;
const DEFINED = /^export (?:abstract |async )*(?:function\*?|class|const|let) (\w+)/gm;
const LITERAL = /^(export )?const (\w+)(?:: \w+)? = (-?(?:0x[\da-f_]+|[\d_]+(?: \* [\d_]+)*)|"[^"\\]*");$/gm;
const LISTED = /^export \{([^}]*)\}/gm;
const COMMENT = /^\s*\/\/.*$|\/\*[^]*?\*\//gm;

/**
 * A plugin for esbuild. With splitting, an entry point loads every file to which imports lead from it, whether or not it
 * uses a name of it: a program of one name of `transport/mod.ts` would load the whole transport. `then` gets each file's path
 * and text last.
 */
export function directImports(then = (_path, text) => text) {
  return {
    name: "direct-imports",
    setup(build) {
      build.initialOptions.define = Object.fromEntries(literals());
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => ({ contents: then(path, direct(path)), loader: "ts" }));
    },
  };
}

/** The text of a file, with as many lines. */
function direct(path) {
  const text = readFileSync(path, "utf8").replace(LITERAL, withoutLiteral);
  return text.replace(NAMED, (statement, verb, list, from) => {
    const file = resolve(dirname(path), from);
    const passedOn = namesOf(file);
    const statements = names(list).map(({ name, as }) => {
      const found = passedOn === undefined ? { path: file, name } : passedOn.get(name);
      if (found === undefined) throw new Error(`${path} takes ${name} from ${from}, which has no such value`);
      const isDefined = verb === "import" && as === found.name && literals().has(as);
      if (isDefined && literalsIn(found.path).has(as)) return "";
      return `${verb} { ${found.name} as ${as} } from ${JSON.stringify(found.path)};`;
    });
    return statements.join(" ") + "\n".repeat(statement.split("\n").length - 1);
  });
}

/** Constants whose values esbuild's `define` has are no variables; what is exported has another name in its file. */
function withoutLiteral(statement, exported, name, value) {
  if (!literals().has(name)) return statement;
  return exported === undefined ? "" : `const ${name}$ = ${value}; export { ${name}$ as ${name} };`;
}

const known = new Map();

/** Where the values are defined whose names a file passes on; undefined for a file that does anything else. */
function namesOf(path) {
  if (!known.has(path)) known.set(path, read(path));
  return known.get(path);
}

function read(path) {
  const text = readFileSync(path, "utf8").replace(COMMENT, "");
  if (text.replace(PASSED_ON, "").trim() !== "") return undefined;
  const passedOn = new Map();
  for (const [, type, list, from] of text.matchAll(PASSED_ON)) {
    if (type !== undefined) continue;
    const source = resolve(dirname(path), from);
    const inner = namesOf(source);
    const all = list === undefined
      ? [...inner?.keys() ?? definedIn(source)].map((name) => ({ name, as: name }))
      : names(list);
    for (const { name, as } of all) {
      const found = inner === undefined ? { path: source, name } : inner.get(name);
      if (found !== undefined) passedOn.set(as, found);
    }
  }
  return passedOn;
}

let valuesByName = undefined;

/** Constants of the sources that are written down as numbers or texts, by name, as JSON; without names that have several values. */
export function literals() {
  if (valuesByName !== undefined) return valuesByName;
  const all = new Map();
  for (const path of librarySources()) {
    for (const [name, value] of literalsIn(path)) {
      all.set(name, all.has(name) && all.get(name) !== value ? undefined : value);
    }
  }
  return valuesByName = new Map([...all].filter(([, value]) => value !== undefined));
}

const literalsByPath = new Map();

function literalsIn(path) {
  if (!literalsByPath.has(path)) {
    const found = [...readFileSync(path, "utf8").matchAll(LITERAL)].map(([, , name, written]) => [
      name,
      written.startsWith('"') ? written : JSON.stringify(product(written)),
    ]);
    literalsByPath.set(path, new Map(found));
  }
  return literalsByPath.get(path);
}

function product(written) {
  return written.split("*").map((factor) => Number(factor.replaceAll("_", ""))).reduce((a, b) => a * b);
}

/** The values of a file that does more than passing names on; it may do that too. */
function definedIn(path) {
  const text = readFileSync(path, "utf8");
  return [
    ...[...text.matchAll(PASSED_ON)].filter(([, type, list]) => type === undefined && list === undefined)
      .flatMap(([, , , from]) => definedIn(resolve(dirname(path), from))),
    ...[...text.matchAll(DEFINED)].map(([, name]) => name),
    ...[...text.matchAll(LISTED)].flatMap(([, list]) => names(list).map(({ as }) => as)),
  ];
}

/** The values in a list such as `a, b as c, type D`. */
function names(list) {
  return list.split(",").map((item) => item.trim()).filter((item) => item !== "" && !item.startsWith("type "))
    .map((item) => {
      const [name, as = name] = item.split(" as ");
      return { name, as };
    });
}
