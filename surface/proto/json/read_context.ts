// What the readers of well-known types use of the reader that they are part of.

import type { Message } from "../compile/coder.ts";
import type { JsonField, JsonPlan } from "./plan.ts";
import type { Registry } from "./registry.ts";

/** In place of a value: it is to be passed over. */
export const IGNORED: unique symbol = Symbol("ignored");

/** A reader of JSON, at one place of a message. */
export interface ReadContext {
  readonly registry: Registry | undefined;
  readonly ignoresUnknown: boolean;
  /** Throws: at this place something else was expected than was found. */
  fail(expected: string, found: unknown): never;
  /** Throws, with a whole reason. */
  refuse(reason: string): never;
  /** Names a key of the object that is read, for errors. */
  at(key: string): void;
  /** Names an item of the list or map at that key. */
  item(index: number | string | undefined): void;
  /** Counts elements. */
  spend(count: number): void;
  /** The object that `json` must be; its keys. */
  keys(json: unknown, plan: JsonPlan): string[];
  /** Reads a message one level deeper. `skipped`: a key that is no field. */
  message(plan: JsonPlan, json: unknown, skipped?: string): Message;
  /** Reads one value of a field; of a list or map one item. */
  value(field: JsonField, json: unknown): unknown;
  /** The message that has these values, by the numbers of fields. */
  build(plan: JsonPlan, values: Readonly<Record<number, unknown>>): Message;
}
