// Words for what was thrown, which may be anything: reading it never throws.

import { stacksAreReadable } from "../native/descriptors.ts";
import { isInstance, propertyOf } from "./values.ts";

/** How many causes of an error are described below it. */
const MOST_CAUSES = 5;

/** How much of an object without a text of its own is shown. */
const MOST_TEXT = 200;

/** `value` as text, whatever its getters, its `toString` or the Proxy it is do. */
export function textOf(value: unknown): string {
  try {
    const text = String(value);
    return text === "[object Object]" ? (JSON.stringify(value) ?? text).slice(0, MOST_TEXT) : text;
  } catch {
    return `a value of type ${typeof value} that has no text`;
  }
}

/** The message of an Error, and any other value as text. */
export function messageOf(thrown: unknown): string {
  const message = propertyOf(thrown, "message");
  if (typeof message === "string") return message;
  return isError(thrown) ? nameOf(thrown) : textOf(thrown);
}

/** "TypeError: x is no function"; any other value as its message, or as text. */
export function describeThrown(thrown: unknown): string {
  const message = messageOf(thrown);
  if (!isError(thrown)) return message;
  const name = nameOf(thrown);
  return message === "" || message === name ? name : `${name}: ${message}`;
}

/** The stack of an Error, with the stacks of its causes; any other value as text. */
export function stackOf(thrown: unknown): string {
  if (!stacksAreReadable()) return describeThrown(thrown);
  const parts: string[] = [];
  for (let error = thrown; parts.length <= MOST_CAUSES; error = propertyOf(error, "cause")) {
    if (error === undefined && parts.length > 0) break;
    const stack = propertyOf(error, "stack");
    const head = describeThrown(error);
    if (typeof stack !== "string" || stack === "") parts.push(head);
    else parts.push(stack.includes(messageOf(error)) ? stack : `${head}\n${stack}`);
  }
  return parts.join("\nCaused by: ");
}

/** The name of an Error, and "Error" where it has none that is a text. */
export function nameOf(error: unknown): string {
  const name = propertyOf(error, "name");
  return typeof name === "string" && name !== "" ? name : "Error";
}

function isError(thrown: unknown): boolean {
  return isInstance(thrown, Error);
}
