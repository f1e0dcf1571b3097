// Declared defaults of proto2 and editions, and how properties of any name are set on messages and maps.

import type { MessageSchema } from "./schema.ts";

/** The prototype of decoded messages of `schema`: the value of each field that declares one, if any does. */
export function prototypeOf(schema: MessageSchema): object {
  let prototype = prototypes.get(schema);
  if (prototype === undefined) prototypes.set(schema, prototype = makePrototype(schema));
  return prototype;
}

/** One for all that makes messages of a type: decoders and readers of JSON. */
const prototypes = new WeakMap<MessageSchema, object>();

function makePrototype(schema: MessageSchema): object {
  if (schema.fields.every(({ explicitDefault }) => explicitDefault === undefined)) return Object.prototype;
  const prototype = {};
  for (const field of schema.fields) {
    if (field.explicitDefault !== undefined) {
      Object.defineProperty(prototype, field.name, inherited(field.name, field.explicitDefault));
    }
  }
  return prototype;
}

/** The property by which messages inherit a declared default. Not enumerable, so that it is no key of a message; assigning to a message makes a property of its own. */
export function inherited(name: string, value: unknown): PropertyDescriptor {
  if (!(value instanceof Uint8Array)) return { value, writable: true, configurable: true };
  return {
    configurable: true,
    get: () => value.slice(), // bytes can be written to, and are every message's
    set(this: object, own: unknown) {
      define(this, name, own);
    },
  };
}

/** Sets an entry of a decoded map, or a field; `__proto__` too becomes a property like any other. */
export function put(
  into: Record<string, unknown>,
  key: string | number | bigint | boolean,
  value: unknown,
): void {
  const name = String(key);
  if (name === "__proto__") define(into, name, value);
  else into[name] = value;
}

/** Gives `into` a property of its own, whatever it inherits. */
export function define(into: object, name: string, value: unknown): void {
  Object.defineProperty(into, name, { value, writable: true, enumerable: true, configurable: true });
}
