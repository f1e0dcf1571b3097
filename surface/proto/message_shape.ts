// Which objects are messages of a type, and the errors for keys and oneofs that its schema does not have.

import { hint } from "../nearest.ts";
import { isPlain, isRecord } from "../records.ts";
import type { Message } from "./compile/coder.ts";
import { put } from "./defaults.ts";
import { describeValue, EncodeError } from "./errors.ts";
import type { FieldSchema, MessageSchema } from "./schema.ts";
import { hintFor } from "./well_known_hints.ts";
import type { Writer } from "./writer.ts";

/**
 * An object as a message: itself where it is a plain object; of an instance of a class its own properties, and what
 * the class has getters for. What else an instance inherits does not count: in other libraries' messages these are
 * defaults. `field`: whose value it is.
 *
 * @throws {EncodeError} for what is no message: arrays, dates, maps, promises and the like
 */
export function toMessage(schema: MessageSchema, value: Message, field: FieldSchema | undefined): Message {
  if (!isRecord(value)) noMessage(schema, value, field);
  return isPlain(value) ? value : fieldsOf(schema, value);
}

/** Throws: `value` is no message of `schema`. */
export function noMessage(schema: MessageSchema, value: unknown, field: FieldSchema | undefined): never {
  const [where, wanted] = field === undefined
    ? [schema.fullName, "an object"]
    : [field.fullName, `an object of ${schema.fullName}`];
  throw new EncodeError(
    `Cannot encode ${where}: expected ${wanted}, found ${describeValue(value)}${hintFor(schema.fullName)}`,
  );
}

function fieldsOf(schema: MessageSchema, value: Message): Message {
  const fields: Message = { ...value };
  for (let at = Object.getPrototypeOf(value); at !== null; at = Object.getPrototypeOf(at)) {
    if (typeof Object.getOwnPropertyDescriptor(at, "constructor")?.value !== "function") continue; // no class
    for (const { name } of schema.fields) {
      if (Object.hasOwn(fields, name) || at === Object.prototype) continue;
      if (Object.getOwnPropertyDescriptor(at, name)?.get !== undefined) put(fields, name, value[name]);
    }
  }
  return fields;
}

/** Throws: `message` has a key that the schema does not have. A key without a value is allowed. */
export function stray(schema: MessageSchema, message: Message, key: string): void {
  if (!Object.hasOwn(message, key) || message[key] === undefined || message[key] === null) return;
  const what = `Cannot encode ${schema.fullName}.${key}: no such field`;
  if (key === "$typeName") {
    const convert = `messages["${schema.fullName}"].decode(toBinary(schema, message))`;
    throw new EncodeError(`${what}; this is a message of protobuf-es, of which ${convert} makes one`);
  }
  throw new EncodeError(`${what}${hintFor(schema.fullName) || fieldHint(schema, key)}`);
}

function fieldHint(schema: MessageSchema, key: string): string {
  if (schema.fields.length === 0) return `: ${schema.fullName} has none`;
  return hint(key, schema.fields.map(({ name }) => name));
}

/** Throws: `oneof` names a member, but none is set. */
export function unset(schema: MessageSchema, oneof: string, value: unknown): never {
  const members = schema.fields.filter((field) => field.oneof === oneof).map(({ name }) => name);
  const what = `Cannot encode ${schema.fullName}.${oneof}: `;
  if (typeof value === "string" && members.includes(value)) {
    throw new EncodeError(`${what}it says ${JSON.stringify(value)}, but ${value} is not set`);
  }
  throw new EncodeError(
    `${what}expected the name of the member that is set (${members.join(", ")}), found ${
      describeValue(value)
    }` +
      `; set the member itself, as in { ${members[0]}: ... }`,
  );
}

/** Writes the fields under `unknownFields`. */
export function writeUnknown(schema: MessageSchema, fields: unknown, writer: Writer): void {
  if (!(fields instanceof Uint8Array)) {
    throw new EncodeError(
      `Cannot encode ${schema.fullName}: expected a Uint8Array under unknownFields, found ${
        describeValue(fields)
      }`,
    );
  }
  writer.raw(fields);
}
