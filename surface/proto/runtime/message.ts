// Message types as generated code declares them: nothing is made of one before it is used, so that modules load at once.

import { MessageCodec } from "../codec.ts";
import type { Codec } from "../codec.ts";
import type { ReadMessage, WriteMessage } from "../compile/coder.ts";
import { inherited } from "../defaults.ts";
import type { MessageInit } from "../message_types.ts";
import {
  type EnumSchema,
  type FieldSchema,
  type FieldType,
  jsonNameOf,
  type MessageSchema,
} from "../schema.ts";

/** A message type: its codec, and what other generated code needs of it. */
export interface MessageType<T> extends Codec<T, MessageInit<T>> {
  /** Its fields. */
  readonly schema: MessageSchema;
  /** Reads a message; for generated code. */
  readonly read: ReadMessage;
  /** Writes a message; for generated code. */
  readonly write: WriteMessage;
  /**
   * The whole message of what is given: as whoever receives it has it, with defaults in place of what is left out.
   *
   * @throws {EncodeError} when `init` does not fit the type
   */
  create(init?: MessageInit<T>): T;
}

/** What most fields are not, and what some names come from. */
export interface FieldExtra extends Partial<FieldSchema> {
  /** The name in the .proto file, where it is another one. */
  readonly proto?: string;
}

/** A field of a generated message type: its number, its property, its type, and what else is to be said of it. */
export type FieldInit = readonly [number: number, name: string, type: FieldType, extra?: FieldExtra];

/** The schema of a generated message type. Its fields are made when they are first asked for, since types refer to each other. */
class GeneratedSchema implements MessageSchema {
  private keys: ReadonlySet<string> | undefined = undefined;

  constructor(
    readonly fullName: string,
    private readonly make: () => readonly FieldInit[],
    readonly oneofs: string[],
  ) {}

  /** A file that is generated another time may send any message as a group. */
  get usedAsGroup(): boolean {
    return true;
  }

  get fields(): FieldSchema[] {
    const made = this.make().map((init) => fieldOf(this.fullName, init));
    Object.defineProperty(this, "fields", { value: made }); // for code that writes nested messages: a property is faster
    return made;
  }

  get known(): ReadonlySet<string> {
    return this.keys ??= new Set([...this.fields.map(({ name }) => name), ...this.oneofs]);
  }
}

function fieldOf(message: string, [number, name, type, extra = {}]: FieldInit): FieldSchema {
  const { proto = name, ...rest } = extra;
  return {
    name,
    fullName: `${message}.${proto}`,
    jsonName: jsonNameOf(proto),
    number,
    type,
    shape: "singular",
    presence: "implicit",
    packed: false,
    delimited: false,
    oneof: undefined,
    keyType: undefined,
    enumType: undefined,
    messageType: undefined,
    explicitDefault: undefined,
    ...rest,
  };
}

/** A message type's schema, as code that writes messages has it. */
export interface KnownSchema extends MessageSchema {
  /** The keys that a message may have. */
  readonly known: ReadonlySet<string>;
}

/** The schema of a message type. `fields` is called when they are first asked for. */
export function messageSchema(
  fullName: string,
  fields: () => readonly FieldInit[],
  oneofs: string[] = [],
): KnownSchema {
  return new GeneratedSchema(fullName, fields, oneofs);
}

/** A message type, by the functions that read and write its messages. */
export function messageType<T>(
  schema: MessageSchema,
  read: ReadMessage,
  write: WriteMessage,
): MessageType<T> {
  return new MessageCodec(schema, read, write);
}

/**
 * The constructor of decoded messages: `make` sets their properties. They are plain objects, or inherit the declared
 * `defaults` of their fields.
 */
export function messageClass<Make>(make: Make, defaults?: readonly (readonly [string, unknown])[]): Make {
  let prototype = Object.prototype;
  if (defaults !== undefined) {
    prototype = {} as Record<string, never>;
    for (const [name, value] of defaults) Object.defineProperty(prototype, name, inherited(name, value));
  }
  (make as { prototype: object }).prototype = prototype;
  return make;
}

/** An enum: its values' numbers, in the order of their declaration. */
export function enumType(
  fullName: string,
  values: Readonly<Record<string, number>>,
  closed = false,
): EnumSchema {
  const numbers = new Map(Object.entries(values));
  const names = new Map<number, string>();
  for (const [name, number] of numbers) if (!names.has(number)) names.set(number, name);
  return { fullName, numbers, names, first: numbers.values().next().value!, closed };
}
