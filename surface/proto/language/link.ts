// Second pass over a file: finds the types that fields, extensions and methods name.

import { valuesOf } from "./lookup.ts";
import type { EnumNode, FieldNode, FileNode, MessageNode, MethodNode } from "./nodes.ts";
import { NumberRanges } from "./number_ranges.ts";
import { MAX_FIELD_NUMBER } from "./parse_message.ts";
import { attempt, type ReportError } from "./report.ts";
import { isType, type SymbolNode, type Symbols, type Unresolved } from "./symbols.ts";

/** Links all of `file`, whose imports are declared. Throws ProtoError, or reports each. */
export function linkFile(file: FileNode, symbols: Symbols, report?: ReportError): void {
  const linker = new Linker(file, symbols, report);
  for (const message of file.messages) linker.message(message);
  for (const extension of file.extensions) attempt(report, () => linker.field(extension, file.package));
  for (const { fullName, methods } of file.services) {
    for (const method of methods) attempt(report, () => linker.method(method, fullName));
  }
}

class Linker {
  private readonly extensions = new Map<MessageNode, Map<number, FieldNode>>();
  /** Of messages that are extended. */
  private readonly ranges = new Map<MessageNode, NumberRanges>();

  constructor(
    private readonly file: FileNode,
    private readonly symbols: Symbols,
    private readonly report: ReportError | undefined,
  ) {}

  message(message: MessageNode): void {
    for (const nested of message.messages) this.message(nested);
    const byNumber = new Map<number, FieldNode>();
    for (const field of message.fields) {
      attempt(this.report, () => this.field(field, message.fullName));
      const other = byNumber.get(field.number);
      if (other === undefined) byNumber.set(field.number, field);
      else attempt(this.report, () => this.refuseNumber(message, field, other));
    }
    for (const extension of message.extensions) {
      attempt(this.report, () => this.field(extension, message.fullName));
    }
    for (const { fields, nameAt } of message.oneofs) {
      if (fields.length > 0) continue;
      attempt(this.report, () => this.fail(nameAt, "Oneof must have at least one field"));
    }
  }

  field(field: FieldNode, scope: string): void {
    if (field.extendee !== undefined) this.extension(field, field.extendee, scope);
    if (field.entry !== undefined) {
      field.target = field.entry;
      field.type = "message";
    } else if (field.typeName !== undefined) {
      const target = this.resolve(field.typeName, scope, field.typeAt, true);
      if (!isType(target)) throw this.fail(field.typeAt, `"${field.typeName}" is not a type`);
      this.target(field, target);
    }
  }

  method(method: MethodNode, scope: string): void {
    method.input = this.messageOf(method.inputName, scope, method.inputAt);
    method.output = this.messageOf(method.outputName, scope, method.outputAt);
  }

  private target(field: FieldNode, target: MessageNode | EnumNode): void {
    field.target = target;
    const { typeName, defaultValue, defaultAt } = field;
    if (field.type === "group" && target.kind !== "message") {
      this.fail(field.typeAt, `"${typeName}" is not a message type`);
    }
    field.type ??= target.kind;
    if (defaultValue === undefined) return;
    if (target.kind === "message") this.fail(defaultAt, "Messages can't have default values");
    else if (!/^[A-Za-z_]/.test(String(defaultValue))) {
      this.fail(defaultAt, "Default value for an enum field must be an identifier");
    } else if (!valuesOf(target).has(String(defaultValue))) {
      this.fail(defaultAt, `Enum type "${target.fullName}" has no value named "${defaultValue}"`);
    }
  }

  private extension(field: FieldNode, extendee: string, scope: string): void {
    const target = this.messageOf(extendee, scope, field.extendeeAt);
    field.extends = target;
    const { number, numberAt } = field;
    let ranges = this.ranges.get(target);
    if (ranges === undefined) this.ranges.set(target, ranges = new NumberRanges(target.extensionRanges));
    if (ranges.find(number) === undefined) {
      this.fail(numberAt, `"${target.fullName}" does not declare ${number} as an extension number`);
    }
    let known = this.extensions.get(target);
    if (known === undefined) this.extensions.set(target, known = new Map());
    const other = known.get(number);
    if (other !== undefined) {
      this.fail(
        numberAt,
        `Extension number ${number} has already been used in "${target.fullName}" by extension "${other.fullName}"`,
      );
    }
    known.set(number, field);
  }

  private messageOf(name: string, scope: string, at: number): MessageNode {
    const target = this.resolve(name, scope, at, false);
    if (target.kind !== "message") throw this.fail(at, `"${name}" is not a message type`);
    return target;
  }

  private resolve(name: string, scope: string, at: number, typesOnly: boolean): SymbolNode {
    const why: Unresolved = {};
    const symbol = this.symbols.resolve(name, scope, this.file, typesOnly, why);
    return symbol ?? this.fail(at, whyNotDefined(name, this.file, why));
  }

  private refuseNumber(message: MessageNode, { number, numberAt }: FieldNode, other: FieldNode): never {
    const free = nextNumber(message);
    const proposal = free <= MAX_FIELD_NUMBER
      ? `Next available field number is ${free}`
      : "There are no available field numbers";
    return this.fail(
      numberAt,
      `Field number ${number} has already been used in "${message.fullName}" by field "${other.name}". ${proposal}`,
    );
  }

  private fail(at: number, message: string): never {
    throw this.file.source.error(at, message);
  }
}

function whyNotDefined(name: string, file: FileNode, { hidden, elsewhere }: Unresolved): string {
  if (elsewhere !== undefined) {
    return `"${elsewhere.name}" seems to be defined in "${elsewhere.file.source.name}", which is not imported by ` +
      `"${file.source.name}".  To use it here, please add the necessary import`;
  }
  if (hidden === undefined) return `"${name}" is not defined`;
  return `"${name}" is resolved to "${hidden}", which is not defined. The innermost scope is searched first in name ` +
    `resolution. Consider using a leading '.'(i.e., ".${name}") to start from the outermost scope`;
}

/** The first number that no field, extension or reservation of a message has. */
function nextNumber({ fields, extensionRanges, reservedRanges }: MessageNode): number {
  const used = [
    ...fields.map(({ number }) => ({ start: number, end: number })),
    ...extensionRanges,
    ...reservedRanges,
  ].sort((a, b) => a.start - b.start);
  let free = 1;
  for (const { start, end } of used) {
    if (start > free) break;
    free = Math.max(free, end + 1);
  }
  return free;
}
