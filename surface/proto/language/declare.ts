// First pass over a parsed file: gives every declaration its full name, and checks it by itself.

import { MAX_FIELD_NUMBER } from "./parse_message.ts";
import type { EnumNode, FieldNode, FileNode, MessageNode, Named, RangeNode, ServiceNode } from "./nodes.ts";
import { NumberRanges } from "./number_ranges.ts";
import { prefixes, type Symbols } from "./symbols.ts";

/** Parts of a package's name, and characters of it, as protoc has them. */
const MOST_PACKAGE_PARTS = 101;
const MOST_PACKAGE_LENGTH = 511;

/** Field numbers that protobuf keeps for itself. */
const FIRST_OWN_NUMBER = 19_000;
const LAST_OWN_NUMBER = 19_999;

/** Declares all of `file`. Throws ProtoError. */
export function declareFile(file: FileNode, symbols: Symbols): void {
  refuseTwice(file);
  declarePackage(file, symbols);
  const scope = file.package;
  for (const message of file.messages) declareMessage(message, scope, symbols);
  for (const node of file.enums) declareEnum(node, scope, symbols);
  for (const service of file.services) declareService(service, scope, symbols);
  for (const extension of file.extensions) declareField(extension, scope, symbols);
}

function refuseTwice({ imports, source }: FileNode): void {
  const paths = new Set<string>();
  for (const { path, at } of imports) {
    if (paths.has(path)) throw source.error(at, `Import "${path}" was listed twice`);
    paths.add(path);
  }
}

function declarePackage(file: FileNode, symbols: Symbols): void {
  const { package: name, packageAt, source } = file;
  if (name === "") return;
  if (name.length > MOST_PACKAGE_LENGTH) throw source.error(packageAt, "Package name is too long");
  if (name.split(".").length > MOST_PACKAGE_PARTS) {
    throw source.error(packageAt, "Exceeds Maximum Package Depth");
  }
  for (const part of prefixes(name)) {
    const known = symbols.get(part);
    if (known === undefined) symbols.set(part, { kind: "package", files: new Set([file]) });
    else if (known.kind === "package") known.files.add(file);
    else {
      throw source.error(
        packageAt,
        `"${part}" is already defined (as something other than a package) in file "${known.file.source.name}"`,
      );
    }
  }
}

function declare(node: Named, scope: string, symbols: Symbols): void {
  node.fullName = scope === "" ? node.name : `${scope}.${node.name}`;
  const known = symbols.get(node.fullName);
  if (known === undefined) {
    node.file.declared.push(node);
    return symbols.set(node.fullName, node);
  }
  const file = known.kind === "package" ? [...known.files][0]! : known.file;
  const message = file !== node.file
    ? `"${node.fullName}" is already defined in file "${file.source.name}"`
    : `"${node.name}" is already defined${scope === "" ? "" : ` in "${scope}"`}`;
  throw node.file.source.error(node.nameAt, message + whyTaken(node, known, scope));
}

/** What is not obvious about a name that is taken. */
function whyTaken(
  node: Named,
  known: { kind: string; isEntry?: boolean; parent?: unknown },
  scope: string,
): string {
  if (node.kind === "value" && !(known.kind === "value" && known.parent === node.parent)) {
    const outer = scope === "" ? "the global scope" : `"${scope}"`;
    return ". Note that enum values use C++ scoping rules, meaning that enum values are siblings of their type, " +
      `not children of it.  Therefore, "${node.name}" must be unique within ${outer}, not just within ` +
      `"${node.parent.name}"`;
  }
  const entry = known.isEntry === true || node.kind === "message" && node.isEntry;
  return entry ? `. "${node.name}" is the message that protobuf makes of a map field's entries` : "";
}

function declareMessage(message: MessageNode, scope: string, symbols: Symbols): void {
  declare(message, scope, symbols);
  const { fullName } = message;
  for (const oneof of message.oneofs) declare(oneof, fullName, symbols);
  for (const field of message.fields) declareField(field, fullName, symbols);
  for (const nested of message.messages) declareMessage(nested, fullName, symbols);
  for (const nested of message.enums) declareEnum(nested, fullName, symbols);
  for (const extension of message.extensions) declareField(extension, fullName, symbols);
  checkRanges(message);
}

function declareField(field: FieldNode, scope: string, symbols: Symbols): void {
  declare(field, scope, symbols);
  const { number, numberAt, label, defaultValue, extendee } = field;
  const { source } = field.file;
  if (number <= 0) throw source.error(numberAt, "Field numbers must be positive integers");
  if (extendee === undefined && number > MAX_FIELD_NUMBER) {
    throw source.error(numberAt, `Field numbers cannot be greater than ${MAX_FIELD_NUMBER}`);
  }
  if (number >= FIRST_OWN_NUMBER && number <= LAST_OWN_NUMBER) {
    throw source.error(
      numberAt,
      `Field numbers ${FIRST_OWN_NUMBER} through ${LAST_OWN_NUMBER} are reserved for the protocol buffer library ` +
        "implementation",
    );
  }
  if (extendee !== undefined && label === "required") {
    throw source.error(field.typeAt, `The extension ${field.fullName} cannot be required`);
  }
  if (label === "repeated" && defaultValue !== undefined) {
    throw source.error(field.defaultAt, "Repeated fields can't have default values");
  }
}

/** Ranges are in order and apart, and fields are outside of them. */
function checkRanges(message: MessageNode): void {
  const { source } = message.file;
  const { extensionRanges, reservedRanges } = message;
  checkBounds(message, extensionRanges, "Extension");
  checkBounds(message, reservedRanges, "Reserved");
  const reserved = new NumberRanges(reservedRanges);
  const extensions = new NumberRanges(extensionRanges);
  refuseOverlap(message, reserved, "Reserved range");
  const names = reservedNames(message, "Field name");
  for (const { name, number, nameAt } of message.fields) {
    const extended = extensions.find(number);
    if (extended !== undefined) {
      throw source.error(
        extended.at,
        `Extension range ${shown(extended)} includes field "${name}" (${number})`,
      );
    }
    const taken = reserved.find(number);
    if (taken !== undefined) {
      throw source.error(taken.at, `Field "${name}" uses reserved number ${number}`);
    }
    if (names.has(name)) throw source.error(nameAt, `Field name "${name}" is reserved`);
  }
  const both = extensions.overlapWith(reserved);
  if (both !== undefined) {
    throw source.error(
      both[0].at,
      `Extension range ${shown(both[0])} overlaps with reserved range ${shown(both[1])}`,
    );
  }
  refuseOverlap(message, extensions, "Extension range");
}

function checkBounds(
  { file: { source } }: MessageNode,
  ranges: readonly RangeNode[],
  what: "Extension" | "Reserved",
): void {
  for (const { start, end, at } of ranges) {
    if (start <= 0) throw source.error(at, `${what} numbers must be positive integers`);
    if (start > end) throw source.error(at, `${what} range end number must be greater than start number`);
  }
}

function refuseOverlap(
  { file: { source } }: MessageNode | EnumNode,
  ranges: NumberRanges,
  what: string,
): void {
  const overlap = ranges.overlap();
  if (overlap === undefined) return;
  const [first, second] = overlap;
  throw source.error(
    first.at,
    `${what} ${shown(second)} overlaps with already-defined range ${shown(first)}`,
  );
}

function shown({ start, end }: RangeNode): string {
  return `${start} to ${end}`;
}

function reservedNames(
  { reservedNames, nameAt, file: { source } }: MessageNode | EnumNode,
  what: string,
): Set<string> {
  const names = new Set<string>();
  for (const name of reservedNames) {
    if (names.has(name)) throw source.error(nameAt, `${what} "${name}" is reserved multiple times`);
    names.add(name);
  }
  return names;
}

function declareEnum(node: EnumNode, scope: string, symbols: Symbols): void {
  declare(node, scope, symbols);
  const { source } = node.file;
  if (node.values.length === 0) {
    throw source.error(node.nameAt, "Enums must contain at least one value");
  }
  // Values are siblings of their enum, as in C++.
  for (const value of node.values) declare(value, scope, symbols);
  for (const { start, end, at } of node.reservedRanges) {
    if (start > end) throw source.error(at, "Reserved range end number must be greater than start number");
  }
  const reserved = new NumberRanges(node.reservedRanges);
  refuseOverlap(node, reserved, "Reserved range");
  const names = reservedNames(node, "Enum value");
  for (const { name, number, nameAt } of node.values) {
    const taken = reserved.find(number);
    if (taken !== undefined) {
      throw source.error(taken.at, `Enum value "${name}" uses reserved number ${number}`);
    }
    if (names.has(name)) throw source.error(nameAt, `Enum value "${name}" is reserved`);
  }
}

function declareService(service: ServiceNode, scope: string, symbols: Symbols): void {
  declare(service, scope, symbols);
  for (const method of service.methods) declare(method, service.fullName, symbols);
}
