// How emitted code names what lies outside of it: constants beside a single function, or a module's own declarations.

import type { FieldPlan } from "./plan.ts";

/** Expressions that emitted code calls or reads. */
export interface Names {
  /** The function that decodes the message type of `field`. */
  read(field: FieldPlan): string;
  /** The function that encodes the message type of `field`. */
  write(field: FieldPlan): string;
  /** The function that names numbers of the enum of `field`. */
  enumName(field: FieldPlan): string;
  /** The schema of `field`, for errors. */
  field(field: FieldPlan): string;
  /** The schema of the message, for errors. */
  schema(): string;
  /** The keys that the message may have, as an array. */
  keys(): string;
  /** The same as a set. */
  known(): string;
  /** The constructor of decoded messages. */
  messageClass(): string;
  /** How the text names a type of the runtime's; undefined where it has no types. */
  readonly type: ((name: "Reader" | "Writer" | "FieldSchema") => string) | undefined;
}

/** Writes a type where the text has types: `: Reader`. */
export type Typed = (type: string) => string;

/** Types, in text that has them. */
export function typedBy({ type }: Names): Typed {
  return (text) =>
    type === undefined ? "" : `: ${text.replace(/Reader|Writer|FieldSchema/, type as () => string)}`;
}

/** Names of constants that stand before a single function. */
export const CONSTANTS: Names = {
  read: ({ index }) => `C${index}.read`,
  write: ({ index }) => `C${index}.write`,
  enumName: ({ index }) => `E${index}`,
  field: ({ index }) => `F${index}`,
  schema: () => "S",
  keys: () => "KEYS",
  known: () => "KNOWN",
  messageClass: () => "Message",
  type: undefined,
};
