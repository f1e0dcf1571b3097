// Extensions as generated code declares them.

import { Extension } from "../extension.ts";
import type { MessageType } from "./message.ts";

/**
 * An extension, of the type of a message whose only field it is, as `value`. `inMessageSet`: the message it extends has the
 * wire format of a message set.
 */
export function extension<Value, Given, Extendee extends object>(
  fullName: string,
  extendee: string,
  // deno-lint-ignore no-explicit-any
  type: MessageType<any>,
  inMessageSet = false,
): Extension<Value, Given, Extendee> {
  return new Extension(fullName, extendee, type, inMessageSet);
}
