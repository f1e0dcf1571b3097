// Classes in dist/ are called what their sources call them: esbuild calls some `_Metadata`, or `Channel2`.
import { readFileSync, writeFileSync } from "node:fs";

const HEAD = /^var (\w+) = class(?: (_\w+))?( extends \w+)? \{$/;

/**
 * A class is a variable there, and its own name the inner one, which only the class itself sees. `root` ends with a slash.
 *
 * Where the name means something else in the class, that is given another one.
 */
export function keepClassNames(path, root) {
  const lines = readFileSync(path, "utf8").split("\n");
  let source = "";
  for (const [at, line] of lines.entries()) {
    source = /^\/\/ (\S+\.ts)$/.exec(line)?.[1] ?? source;
    const [, variable, inner, heritage = ""] = HEAD.exec(line) ?? [];
    if (variable === undefined || (inner === undefined && hasClass(root + source, variable))) continue;
    const name = [variable, inner?.slice(1) ?? variable].map((of) => of.replace(/\d+$/, ""))
      .concat(variable).find((of) => hasClass(root + source, of));
    if (name === undefined) throw new Error(`${path} has a class ${variable}, which ${source} has not`);
    const end = lines.indexOf("};", at);
    const isTaken = name !== variable && lines.slice(at, end).some((text) => uses(text, name));
    // On one line, for the lines are those of the source map.
    const alias = isTaken ? `var ${name}$ = ${name}; ` : "";
    const own = new RegExp(`\\b${inner}\\b`, "g");
    for (let i = at + 1; i < end; i++) {
      if (isTaken) lines[i] = renamed(lines[i], name, `${name}$`);
      if (inner !== undefined) lines[i] = lines[i].replaceAll(own, name);
    }
    lines[at] = `${alias}var ${variable} = class ${name}${
      isTaken ? renamed(heritage, name, `${name}$`) : heritage
    } {`;
  }
  writeFileSync(path, lines.join("\n"));
}

function uses(line, name) {
  return renamed(line, name, "") !== line;
}

/** The line with another name for what `name` means in its code; members are others, and texts are not touched. */
function renamed(line, name, as) {
  const identifier = new RegExp(`"(?:[^"\\\\]|\\\\.)*"|(?<![.\\w$#])${name}(?![\\w$])`, "g");
  const result = line.replace(identifier, (found) => found === name ? as : found);
  if (result !== line && line.includes("`")) {
    throw new Error(`Cannot rename ${name} beside a template: ${line}`);
  }
  return result;
}

function hasClass(file, name) {
  return new RegExp(`^(?:export )?(?:abstract )?class ${name}\\b`, "m").test(textOf(file));
}

const texts = new Map();

function textOf(file) {
  if (!texts.has(file)) texts.set(file, readFileSync(file, "utf8"));
  return texts.get(file);
}
