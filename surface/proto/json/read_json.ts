// Reads messages from JSON values, as protobuf's mapping has it; they become what decoding makes.

import { isPlain } from "../../records.ts";
import type { Message } from "../compile/coder.ts";
import { put } from "../defaults.ts";
import { describeValue, JsonError } from "../errors.ts";
import { fieldOf, setExtension } from "../extension.ts";
import { RECURSION_LIMIT } from "../reader.ts";
import {
  type EnumSchema,
  type FieldSchema,
  isBigInt,
  type Longs,
  type MessageSchema,
  type ScalarType,
} from "../schema.ts";
import type { FromJsonOptions } from "./options.ts";
import { type JsonField, type JsonPlan, jsonPlanOf } from "./plan.ts";
import { IGNORED, type ReadContext } from "./read_context.ts";
import { keyOf, scalarOf } from "./read_scalar.ts";
import type { Registry } from "./registry.ts";
import { wellKnownReader } from "./read_well_known.ts";

/** Reads `json` as a message of `schema`, of up to `elements` elements. */
export function readJson(
  schema: MessageSchema,
  json: unknown,
  { registry, ignoreUnknownFields = false }: FromJsonOptions,
  elements: number,
): Message {
  return new JsonReader(schema.fullName, registry, ignoreUnknownFields, elements).message(schema, json);
}

/** The value of a field that was null: absent, but not to come again. */
const NULL = Symbol("null");

class JsonReader implements ReadContext {
  /** Messages that are open, this one included. */
  private depth = 0;
  /** The key that is read at each depth, and the item of the list or map that is under it. */
  private readonly path: string[] = [];
  private readonly items: (number | string | undefined)[] = [];

  constructor(
    private readonly typeName: string,
    readonly registry: Registry | undefined,
    readonly ignoresUnknown: boolean,
    private elements: number,
  ) {}

  message(schema: MessageSchema, json: unknown, skipped?: string): Message {
    const plan = jsonPlanOf(schema);
    if (this.depth >= RECURSION_LIMIT + 1) {
      this.refuse(`messages are nested more than ${RECURSION_LIMIT} deep`);
    }
    this.spend(plan.elements);
    const special = plan.ownForm ? wellKnownReader(schema.fullName) : undefined;
    if (special === undefined) return this.fields(plan, json, skipped);
    this.enter();
    const message = special(this, schema, json);
    this.leave();
    return message;
  }

  private enter(): void {
    this.path[this.depth] = "";
    this.items[this.depth++] = undefined;
  }

  private leave(): void {
    this.depth--;
  }

  private fields(plan: JsonPlan, json: unknown, skipped: string | undefined): Message {
    const keys = this.keys(json, plan.schema);
    const object = json as Record<string, unknown>;
    this.enter();
    const values: unknown[] = new Array(plan.fields.length).fill(undefined);
    const oneofs: (string | undefined)[] = new Array(plan.schema.oneofs.length).fill(undefined);
    const extensions: Message = {};
    for (const key of keys) {
      const field = plan.byKey.get(key);
      if (field !== undefined) {
        this.at(key);
        this.field(field, object[key], values, oneofs);
      } else if (key !== skipped) {
        this.at(key);
        this.extension(plan.schema, key, object[key], extensions);
      }
    }
    this.checkRequired(plan, values);
    this.leave();
    return Object.assign(finish(plan, values, oneofs), extensions);
  }

  keys(json: unknown, schema: MessageSchema): string[] {
    if (typeof json === "object" && json !== null && !Array.isArray(json) && isPlain(json)) {
      return Object.keys(json);
    }
    return this.fail(`an object of ${schema.fullName}`, json);
  }

  private field(
    { schema, index, oneof }: JsonField,
    json: unknown,
    values: unknown[],
    oneofs: (string | undefined)[],
  ): void {
    if (values[index] !== undefined) this.refuse(`the field came before, under another name`);
    if (json === null && (schema.shape !== "singular" || !takesNull(schema))) {
      values[index] = NULL;
      return;
    }
    if (json === undefined) return;
    const value = schema.shape === "singular"
      ? this.value(schema, json)
      : schema.shape === "repeated"
      ? this.list(schema, json)
      : this.map(schema, json);
    if (value === IGNORED) return;
    values[index] = value;
    if (oneof < 0) return;
    if (oneofs[oneof] !== undefined) {
      this.refuse(`oneof ${schema.oneof} already holds ${oneofs[oneof]}; only one of them may be set`);
    }
    oneofs[oneof] = schema.name;
  }

  private list(field: FieldSchema, json: unknown): unknown[] {
    if (!Array.isArray(json)) return this.fail("an array", json);
    const list: unknown[] = [];
    for (let i = 0; i < json.length; i++) {
      this.item(i);
      const value = this.value(field, json[i]);
      if (value !== IGNORED) list.push(value);
    }
    this.item(undefined);
    return list;
  }

  private map(field: FieldSchema, json: unknown): Message {
    if (typeof json !== "object" || json === null || Array.isArray(json) || !isPlain(json)) {
      return this.fail("an object", json);
    }
    const map: Message = {};
    for (const name of Object.keys(json)) {
      this.item(name);
      this.spend(1);
      const key = keyOf(field.keyType!, name);
      if (key === undefined) this.fail(`keys of ${field.keyType}`, name);
      if (Object.hasOwn(map, String(key))) this.refuse("the key came before, written otherwise");
      const value = this.value(field, (json as Message)[name]);
      if (value !== IGNORED) put(map, key as string, value);
    }
    this.item(undefined);
    return map;
  }

  value(field: FieldSchema, json: unknown): unknown {
    const { type, messageType, enumType, longs } = field;
    if (messageType !== undefined) {
      if (json === null && !takesNull(field)) this.fail(`an object of ${messageType.fullName}`, json);
      return this.message(messageType, json);
    }
    if (enumType !== undefined) return this.enum(enumType, json);
    if (type === "bytes") this.spend(1);
    const value = scalarOf(type as ScalarType, json);
    if (value === undefined) this.fail(expectation(type as ScalarType), json);
    return longs === undefined ? value : this.long(value as bigint, longs);
  }

  private long(value: bigint, longs: Longs): number | string {
    if (longs === "string") return String(value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : this.fail("a safe integer", value);
  }

  private enum(type: EnumSchema, json: unknown): unknown {
    if (typeof json === "string") {
      const number = type.numbers.get(json);
      if (number !== undefined) return type.names.get(number);
      if (this.ignoresUnknown) return IGNORED;
    } else if (typeof json === "number" && (json | 0) === json) {
      const name = type.names.get(json | 0);
      if (name !== undefined || !type.closed) return name ?? json | 0;
      if (this.ignoresUnknown) return IGNORED;
    } else if (json === null && type.fullName === NULL_VALUE) return type.names.get(0) ?? 0;
    return this.fail(`the name or number of a ${type.fullName}`, json);
  }

  private extension(schema: MessageSchema, key: string, json: unknown, into: Message): void {
    if (json === undefined) return;
    const extension = key.startsWith("[") && key.endsWith("]")
      ? this.registry?.extension(key.slice(1, -1))
      : undefined;
    if (extension === undefined || extension.extendee !== schema.fullName) {
      if (this.ignoresUnknown) return;
      this.refuse(`${schema.fullName} has no such field`);
    }
    const field = fieldOf(extension);
    if (json === null && (field.shape !== "singular" || !takesNull(field))) return;
    const value = field.shape === "repeated" ? this.list(field, json) : this.value(field, json);
    if (value !== IGNORED) setExtension(into, extension, value);
  }

  private checkRequired({ fields }: JsonPlan, values: readonly unknown[]): void {
    for (const { schema, index, originalName } of fields) {
      if (schema.presence !== "required" || schema.shape !== "singular") continue;
      if (values[index] !== undefined && values[index] !== NULL) continue;
      this.at(originalName);
      this.refuse("the field is required and missing");
    }
  }

  build(schema: MessageSchema, given: Readonly<Record<number, unknown>>): Message {
    const plan = jsonPlanOf(schema);
    const oneofs: (string | undefined)[] = new Array(schema.oneofs.length).fill(undefined);
    const values = plan.fields.map(({ schema: field, oneof }) => {
      const value = given[field.number];
      if (value !== undefined && oneof >= 0) oneofs[oneof] = field.name;
      return value;
    });
    return finish(plan, values, oneofs);
  }

  at(key: string): void {
    this.path[this.depth - 1] = key;
    this.items[this.depth - 1] = undefined;
  }

  item(index: number | string | undefined): void {
    this.items[this.depth - 1] = index;
  }

  spend(count: number): void {
    if ((this.elements -= count) >= 0) return;
    const place = this.place();
    throw new JsonError(`Cannot read JSON of ${place}: it has more elements than it may have`, place, true);
  }

  fail(expected: string, found: unknown): never {
    this.refuse(`expected ${expected}, found ${describeValue(found)}`);
  }

  refuse(reason: string): never {
    const place = this.place();
    throw new JsonError(`Cannot read JSON of ${place}: ${reason}`, place);
  }

  private place(): string {
    let place = this.typeName;
    for (let i = 0; i < this.depth; i++) {
      const key = this.path[i]!;
      const item = this.items[i];
      if (key !== "") place += key.startsWith("[") ? key : `.${key}`;
      if (item !== undefined) place += `[${typeof item === "string" ? JSON.stringify(item) : item}]`;
    }
    return place;
  }
}

const NULL_VALUE = "google.protobuf.NullValue";

/** Whether null is a value of the field's type. */
function takesNull({ messageType, enumType }: FieldSchema): boolean {
  return messageType?.fullName === "google.protobuf.Value" || enumType?.fullName === NULL_VALUE;
}

function expectation(type: ScalarType): string {
  switch (type) {
    case "double":
    case "float":
      return `a number within the range of ${type}`;
    case "bool":
      return "a boolean";
    case "string":
      return "a string";
    case "bytes":
      return "a string of base64";
    default:
      return `an integer of ${type}`;
  }
}

/** The message as decoding would have made it: all properties, in the same order. */
function finish(
  { fields, schema, prototype }: JsonPlan,
  values: readonly unknown[],
  oneofs: readonly (string | undefined)[],
): Message {
  const message: Message = prototype === Object.prototype ? {} : Object.create(prototype);
  for (const { schema: field, index } of fields) {
    if (field.explicitDefault === undefined) put(message, field.name, valueOr(field, values[index]));
  }
  schema.oneofs.forEach((oneof, o) => put(message, oneof, oneofs[o]));
  for (const { schema: field, index } of fields) {
    const value = values[index];
    if (field.explicitDefault !== undefined && value !== undefined && value !== NULL) {
      put(message, field.name, value);
    }
  }
  return message;
}

/** A value, or what an absent field is. */
function valueOr({ shape, presence, type, enumType, longs }: FieldSchema, value: unknown): unknown {
  if (value !== undefined && value !== NULL) return value;
  if (shape !== "singular") return shape === "repeated" ? [] : {};
  if (presence !== "implicit") return undefined;
  switch (type) {
    case "enum":
      return enumType!.names.get(enumType!.first);
    case "string":
      return "";
    case "bool":
      return false;
    case "bytes":
      return new Uint8Array(0);
    default:
      return isBigInt(type) && longs !== "number" ? longs === undefined ? 0n : "0" : 0;
  }
}
