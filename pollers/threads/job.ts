// A job of the executor: a function that a module exports, called alike on a thread and inline.

import { messageOf, nameOf, stackOf } from "../log/describe.ts";
import { isInstance, propertyOf } from "../log/values.ts";
import type { Transferable } from "../native/transferable.ts";

export type { Transferable };

/** What is called, and with what. */
export interface JobCall {
  /** A URL. */
  readonly module: string;
  /** "default", or another of its exports. */
  readonly exportName: string;
  /** Its arguments. */
  readonly args: readonly unknown[];
}

/** An error as plain data: a clone of the error itself would lose its name and what it has besides. */
export interface ThrownData {
  /** "TypeError". */
  readonly name: string;
  /** Its message. */
  readonly message: string;
  /** Where it was thrown. */
  readonly stack: string;
  /** Its own properties, as far as they can be cloned. */
  readonly properties: Record<string, unknown>;
}

/** How a job ended by itself. */
export type Outcome = { readonly ok: true; readonly value: unknown } | {
  readonly ok: false;
  readonly thrown: ThrownData;
};

/** From the executor to one of its threads. */
export type ToThread = { readonly kind: "run"; readonly call: JobCall } | { readonly kind: "end" };

/** From a thread of the executor. */
export type FromThread = { readonly kind: "ready" } | { readonly kind: "ended"; readonly outcome: Outcome };

/** Marks what {@linkcode transferring} returns, for every copy of this package: it may be loaded twice. */
const TRANSFER = Symbol.for("pollwire.transferring");

/**
 * Marks the function of a class of errors, of every copy of this package, that gives what crosses beside the own properties of
 * an error.
 */
const CROSSING = Symbol.for("pollwire.crossing");

/**
 * In a job: returns `value` so that the objects of `transfer` are moved to the caller, not copied.
 *
 * @example
 * ```ts
 * import { transferring } from "pollwire";
 * export function image(width: number, height: number) {
 *   const pixels = new Uint8Array(4 * width * height);
 *   return transferring(pixels, [pixels.buffer]);
 * }
 * ```
 */
export function transferring<T>(value: T, transfer: readonly Transferable[]): T {
  return { [TRANSFER]: transfer, value } as unknown as T;
}

/** Calls the function, waits for what it returns, and has `deliver` clone it. It never rejects. */
export async function runJob(
  call: JobCall,
  deliver: (outcome: Outcome, transfer: readonly Transferable[]) => void,
): Promise<void> {
  let outcome: Outcome;
  let transfer: readonly Transferable[] = [];
  try {
    const exported = (await import(call.module) as Record<string, unknown>)[call.exportName];
    if (typeof exported !== "function") {
      const { module, exportName } = call;
      throw new TypeError(`${module} exports no function "${exportName}": ${typeof exported}`);
    }
    let value: unknown = await exported(...call.args);
    const list = propertyOf(value, TRANSFER) as readonly Transferable[] | undefined;
    if (list !== undefined) {
      transfer = list;
      value = (value as { value: unknown }).value;
    }
    outcome = { ok: true, value };
  } catch (thrown) {
    outcome = { ok: false, thrown: dataOf(thrown) };
  }
  try {
    deliver(outcome, transfer);
  } catch (uncloneable) {
    const message = `Cannot return the result of ${describeJob(call)}: ${messageOf(uncloneable)}`;
    deliver({ ok: false, thrown: { name: "DataCloneError", message, stack: "", properties: {} } }, []);
  }
}

/** "fibonacci of file:///sums.ts". */
export function describeJob({ module, exportName }: JobCall): string {
  return `${exportName} of ${module}`;
}

function dataOf(thrown: unknown): ThrownData {
  const properties: Record<string, unknown> = {};
  if (!isInstance(thrown, Error)) {
    return { name: "Error", message: legible(messageOf(thrown)), stack: "", properties };
  }
  const besides = propertyOf(thrown, CROSSING) as ((error: Error) => object) | undefined;
  addClones(properties, () => thrown);
  addClones(properties, () => hiddenOf(thrown));
  if (besides !== undefined) addClones(properties, () => besides(thrown));
  return {
    name: nameOf(thrown),
    message: legible(messageOf(thrown)),
    stack: legible(stackOf(thrown)),
    properties,
  };
}

/** The URL of a thread that runs from its text (thread_module.ts), which has all of that text in it. */
const OWN_TEXT = /\/?data:text\/javascript;base64,[\w+/=]+/g;

/** Runtimes write that URL into each stack, and into the message where a module is not found. */
function legible(text: string): string {
  return text.replace(OWN_TEXT, "pollwire:///pollers/threads/executor_worker.ts");
}

/** Own properties of errors that no list of keys has, of AggregateErrors among them. */
const HIDDEN = ["cause", "errors"];

function hiddenOf(error: Error): object {
  const own = HIDDEN.filter((key) => Object.hasOwn(error, key));
  return Object.fromEntries(own.map((key) => [key, (error as unknown as Record<string, unknown>)[key]]));
}

/** What cannot be cloned stays behind, and so does all of what cannot be read: an error need not be what it seems. */
function addClones(properties: Record<string, unknown>, read: () => object): void {
  try {
    const from = read() as Record<string, unknown>;
    for (const key of Object.keys(from)) addClone(properties, from, key);
  } catch { // a Proxy, or an object that has an error's prototype alone
  }
}

function addClone(properties: Record<string, unknown>, from: Record<string, unknown>, key: string): void {
  try {
    properties[key] = structuredClone(from[key]);
  } catch { // see above
  }
}

/** The error of {@linkcode ThrownData}, on the side of the caller. */
export function errorOf({ name, message, stack, properties }: ThrownData): Error {
  const error = Object.assign(new Error(message), properties);
  for (const key of HIDDEN) if (key in properties) Object.defineProperty(error, key, { enumerable: false });
  Object.defineProperty(error, "name", { value: name, configurable: true, writable: true });
  if (stack !== "") {
    Object.defineProperty(error, "stack", { value: stack, configurable: true, writable: true });
  }
  return error;
}
