// Imports of names from files that only pass them on, such as `transport/mod.ts`, lead to the files that define them, and
// there are none of constants that are written down where they are used.
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { isWrittenDown, literals, withoutLiterals } from "./written_constants.mjs";

const PASSED_ON = /^export (type )?(?:\{([^}]*)\}|\*) from "(\.[^"]+)";$/gm;
const NAMED = /^(import|export) \{([^}]*)\} from "(\.[^"]+)";$/gm;
const DEFINED = /^export (?:abstract |async )*(?:function\*?|class|const|let) (\w+)/gm;
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
  const text = withoutLiterals(readFileSync(path, "utf8"));
  return text.replace(NAMED, (statement, verb, list, from) => {
    const file = resolve(dirname(path), from);
    const passedOn = namesOf(file);
    const statements = names(list).map(({ name, as }) => {
      const found = passedOn === undefined ? { path: file, name } : passedOn.get(name);
      if (found === undefined) throw new Error(`${path} takes ${name} from ${from}, which has no such value`);
      if (verb === "import" && as === found.name && isWrittenDown(as, found.path, text)) return "";
      return `${verb} { ${found.name} as ${as} } from ${JSON.stringify(found.path)};`;
    });
    return statements.join(" ") + "\n".repeat(statement.split("\n").length - 1);
  });
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
