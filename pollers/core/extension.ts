// Keys of an engine's optional powers.

import type { ExtensionKey } from "../engine.ts";

/** A key for the extension interface `E`; two keys are the same extension when they are the same object. */
export function extensionKey<E>(name: string): ExtensionKey<E> {
  return { name };
}
