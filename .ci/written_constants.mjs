// Numbers and texts take the place of the constants that have them: a chunk would export a variable for each, which no bundle
// can do without, and which V8 looks up in each call. So do the members of objects of numbers, such as `FrameType.DATA`.
import { readFileSync } from "node:fs";
import { librarySources } from "./sources.mjs";

const NUMBER = String.raw`-?(?:0x[\da-f_]+|[\d_]+(?: \* [\d_]+)*)`;
const LITERAL = new RegExp(`^(export )?const (\\w+)(?:: \\w+)? = (${NUMBER}|"[^"\\\\]*");$`, "gm");
const OBJECT = /^(?:export )?const (\w+) = \{([^{}]*)\} as const;$/gm;
const MEMBER = new RegExp(`(\\w+): (${NUMBER})(?:,|$)`, "g");
const COMMENT = /^\s*\/\/.*$|\/\*[^]*?\*\//gm;
const IMPORTS = /^import [^;]*;$/gm;

let valuesByName = undefined;

/**
 * Constants of the sources that are written down as numbers or texts, and members of objects of such numbers ("Flag.ACK"), by
 * name, as JSON; without names that have several values.
 */
export function literals() {
  if (valuesByName !== undefined) return valuesByName;
  const all = new Map();
  for (const path of librarySources()) {
    for (const [name, value] of [...constantsIn(path).values, ...constantsIn(path).members]) {
      all.set(name, all.has(name) && all.get(name) !== value ? undefined : value);
    }
  }
  return valuesByName = new Map([...all].filter(([, value]) => value !== undefined));
}

/** Whether `name`, which the file at `path` defines, need not be imported: `text` uses nothing but what is written down. */
export function isWrittenDown(name, path, text) {
  const { values, objects } = constantsIn(path);
  if (values.has(name)) return literals().has(name);
  if (!objects.has(name)) return false;
  const used = text.replace(COMMENT, "").replace(IMPORTS, "").matchAll(
    new RegExp(`(?<![\\w.])${name}\\b(\\.\\w+)?`, "g"),
  );
  return [...used].every(([, member]) => member !== undefined && literals().has(name + member));
}

/** A file's text without declarations of what is written down; what is exported has another name in its file. */
export function withoutLiterals(text) {
  return text.replace(LITERAL, (statement, exported, name, value) => {
    if (!literals().has(name)) return statement;
    return exported === undefined ? "" : `const ${name}$ = ${value}; export { ${name}$ as ${name} };`;
  });
}

const constantsByPath = new Map();

/** The constants of a file: `values` by name, `members` by object and name, and the names of such `objects`. */
function constantsIn(path) {
  if (!constantsByPath.has(path)) constantsByPath.set(path, read(readFileSync(path, "utf8")));
  return constantsByPath.get(path);
}

function read(text) {
  const values = new Map();
  for (const [, , name, written] of text.matchAll(LITERAL)) {
    values.set(name, written.startsWith('"') ? written : JSON.stringify(product(written)));
  }
  const members = new Map();
  const objects = new Set();
  for (const [, object, body] of text.replace(COMMENT, "").matchAll(OBJECT)) {
    if (body.replace(MEMBER, "").trim() !== "") continue;
    objects.add(object);
    for (const [, name, written] of body.matchAll(MEMBER)) {
      members.set(`${object}.${name}`, JSON.stringify(product(written)));
    }
  }
  return { values, members, objects };
}

function product(written) {
  return written.split("*").map((factor) => Number(factor.replaceAll("_", ""))).reduce((a, b) => a * b);
}
