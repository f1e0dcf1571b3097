// Fields that a constructor assigns are not declared as well: a declaration makes the field once more, as undefined, and its
// name stands in every bundle. In dist/ there are many, for a parameter that is a field has one.
import { readFileSync, writeFileSync } from "node:fs";
import { librarySources } from "./sources.mjs";

const CLASS = /^(?:export )?(?:abstract )?class (\w+)/gm;
const HEAD = /\bclass(?: \w+)?(?: extends (\S+))? \{$/;
const CONSTRUCTOR = /^ {2}constructor\(.*\{$/;
const ASSIGNED = /^ {4}this\.(\w+) = /;
const DECLARED = /^ {2}(\w+);$/;

/**
 * The text of a file of dist/ without them, with as many lines. `isOurs` says of the name of a class whether it is one of this
 * package: what others inherit from may have an accessor of a field's name.
 */
export function withoutDeclarations(text, isOurs) {
  let assigned = new Set();
  let isInConstructor = false;
  let mayChange = false;
  return text.split("\n").map((line) => {
    const isOutside = /^\S/.test(line);
    if (isOutside || CONSTRUCTOR.test(line)) assigned = new Set();
    if (isOutside) {
      const [head, base] = HEAD.exec(line) ?? [];
      isInConstructor = false;
      mayChange = head !== undefined && (base === undefined || isOurs(base));
    } else if (CONSTRUCTOR.test(line)) isInConstructor = true;
    else if (line === "  }") isInConstructor = false;
    else if (isInConstructor && mayChange) {
      const [, name] = ASSIGNED.exec(line) ?? [];
      if (name !== undefined) assigned.add(name);
    }
    const [, name] = DECLARED.exec(line) ?? [];
    return assigned.has(name) ? "" : line;
  }).join("\n");
}

/** Leaves them out of the file of dist/ at `path`. */
export function leaveOutDeclarations(path) {
  const text = readFileSync(path, "utf8");
  writeFileSync(path, withoutDeclarations(text, (name) => classes().has(name.replace(/\d+$/, ""))));
}

let names = undefined;

/** The names of all classes of the sources; in dist/ some have a number behind them. */
function classes() {
  return names ??= new Set(
    librarySources().flatMap((path) =>
      [...readFileSync(path, "utf8").matchAll(CLASS)].map(([, name]) => name)
    ),
  );
}
