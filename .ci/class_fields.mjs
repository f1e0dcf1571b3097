// Fields that a constructor assigns are not declared as well: a declaration makes the field once more, as undefined, and its
// name stands in every bundle. In dist/ there are many, for a parameter that is a field has one.

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
