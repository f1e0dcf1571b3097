// Writes messages as JSON values, as protobuf's mapping has it.

import type { Message } from "../compile/coder.ts";
import { put } from "../defaults.ts";
import { bad, FLOAT_BOUND, keysOf, missing, SIGNED, toEnum, toKey, toLong, twice } from "../encode_values.ts";
import { EncodeError } from "../errors.ts";
import { fieldOf, getExtension, hasExtension } from "../extension.ts";
import { noMessage, stray, toMessage, unset } from "../message_shape.ts";
import { RECURSION_LIMIT } from "../reader.ts";
import type { EnumSchema, FieldSchema, MessageSchema } from "../schema.ts";
import { unknownFields } from "../unknown_fields.ts";
import type { Json } from "../well_known_values.ts";
import { base64Of } from "./base64.ts";
import type { ToJsonOptions } from "./options.ts";
import { type JsonField, type JsonPlan, jsonPlanOf } from "./plan.ts";
import type { Registry } from "./registry.ts";
import type { JsonObject, WriteContext } from "./write_context.ts";
import { wellKnownWriter } from "./write_well_known.ts";

/** The JSON value of a message of `schema`. */
export function writeJson(schema: MessageSchema, message: unknown, options: ToJsonOptions): Json {
  return new JsonWriter(options).message(schema, message, undefined);
}

class JsonWriter implements WriteContext {
  readonly registry: Registry | undefined;
  private readonly emitDefaults: boolean;
  private readonly enumsAsIntegers: boolean;
  private readonly originalNames: boolean;
  private depth = 0;

  constructor(options: ToJsonOptions) {
    this.registry = options.registry;
    this.emitDefaults = options.emitDefaults ?? false;
    this.enumsAsIntegers = options.enumsAsIntegers ?? false;
    this.originalNames = options.originalNames ?? false;
  }

  message(schema: MessageSchema, given: unknown, field: FieldSchema | undefined): Json {
    if (typeof given !== "object" || given === null) noMessage(schema, given, field);
    const plan = jsonPlanOf(schema);
    const message = given.constructor === Object
      ? given as Message
      : toMessage(schema, given as Message, field);
    for (const key in message) if (!plan.known.has(key)) stray(schema, message, key);
    if (this.depth > RECURSION_LIMIT) {
      throw new EncodeError(
        `Cannot encode message: nested more than ${RECURSION_LIMIT} deep (is it a cycle?)`,
      );
    }
    this.depth++;
    const special = plan.ownForm ? wellKnownWriter(schema.fullName) : undefined;
    const json = special === undefined ? this.fields(plan, message) : special(this, schema, message);
    this.depth--;
    return json;
  }

  private fields(plan: JsonPlan, message: Message): JsonObject {
    const json: JsonObject = {};
    const { oneofs } = plan.schema;
    let set: (string | undefined)[] | undefined;
    for (const field of plan.fields) {
      const { schema, oneof } = field;
      const value = field.own && !Object.hasOwn(message, schema.name) ? undefined : message[schema.name];
      if (value === undefined || value === null) {
        this.absent(field, json);
        continue;
      }
      if (oneof >= 0) {
        set ??= new Array(oneofs.length).fill(undefined);
        if (set[oneof] !== undefined) twice(schema, set[oneof]);
        set[oneof] = schema.name;
      }
      this.field(field, value, json);
    }
    for (let o = 0; o < oneofs.length; o++) {
      const oneof = oneofs[o]!;
      if (
        set?.[o] === undefined && Object.hasOwn(message, oneof) && message[oneof] !== undefined &&
        message[oneof] !== null
      ) {
        unset(plan.schema, oneof, message[oneof]);
      }
    }
    if (unknownFields in message) this.extensions(plan.schema, message, json);
    return json;
  }

  private absent(field: JsonField, json: JsonObject): void {
    const { schema } = field;
    if (schema.shape === "singular" && schema.presence === "required") missing(schema);
    if (!this.emitDefaults) return;
    if (schema.shape !== "singular") put(json, this.keyOf(field), schema.shape === "map" ? {} : []);
    else if (schema.presence === "implicit") put(json, this.keyOf(field), this.value(schema, zeroOf(schema)));
  }

  private field(field: JsonField, value: unknown, json: JsonObject): void {
    const { schema } = field;
    if (schema.shape === "singular") {
      const written = this.value(schema, value);
      if (schema.presence === "implicit" && !this.emitDefaults && isDefault(schema, value)) return;
      put(json, this.keyOf(field), written);
    } else if (schema.shape === "repeated") {
      const list = this.list(schema, value);
      if (list.length > 0 || this.emitDefaults) put(json, this.keyOf(field), list);
    } else {
      const keys = keysOf(schema, value);
      if (keys.length > 0 || this.emitDefaults) put(json, this.keyOf(field), this.map(schema, value, keys));
    }
  }

  private keyOf({ schema, originalName }: JsonField): string {
    return this.originalNames ? originalName : schema.jsonName;
  }

  private list(field: FieldSchema, value: unknown): Json[] {
    if (!Array.isArray(value) && !isNumbers(value)) bad(field, value, "an array");
    const list: Json[] = [];
    for (let i = 0; i < value.length; i++) list.push(this.value(field, value[i]));
    return list;
  }

  private map(field: FieldSchema, value: unknown, keys: readonly unknown[]): JsonObject {
    const json: JsonObject = {};
    const map = value instanceof Map ? value : undefined;
    for (const key of keys) {
      const item = map === undefined ? (value as Message)[key as string] : map.get(key);
      put(json, String(toKey(field, key)), this.value(field, item));
    }
    return json;
  }

  value(field: FieldSchema, value: unknown): Json {
    switch (field.type) {
      case "message":
        if (typeof value !== "object" || value === null) bad(field, value);
        return this.message(field.messageType!, value, field);
      case "enum":
        return this.enum(field, value);
      case "string":
        return typeof value === "string" ? value : bad(field, value);
      case "bool":
        return typeof value === "boolean" ? value : bad(field, value);
      case "bytes":
        return value instanceof Uint8Array ? base64Of(value) : bad(field, value);
      case "int32":
      case "sint32":
      case "sfixed32":
        return typeof value === "number" && (value | 0) === value ? value | 0 : bad(field, value);
      case "uint32":
      case "fixed32":
        return typeof value === "number" && (value >>> 0) === value ? value >>> 0 : bad(field, value);
      case "float":
        if (typeof value === "number" && Math.abs(value) >= FLOAT_BOUND && value - value === 0) {
          bad(field, value);
        }
        return real(field, value);
      case "double":
        return real(field, value);
      default:
        return String(toLong(field, value, SIGNED.has(field.type)));
    }
  }

  private enum(field: FieldSchema, value: unknown): Json {
    const type = field.enumType as EnumSchema;
    const number = toEnum(field, value);
    if (type.fullName === "google.protobuf.NullValue") return null;
    return this.enumsAsIntegers ? number : type.names.get(number) ?? number;
  }

  /** Known extensions among the unknown fields; others have no name in JSON. */
  private extensions(schema: MessageSchema, message: Message, json: JsonObject): void {
    const known = this.registry?.extensionsOf(schema.fullName);
    if (known === undefined) return;
    for (const extension of known.values()) {
      if (!hasExtension(message, extension)) continue;
      const value = getExtension(message, extension);
      const field = fieldOf(extension);
      json[`[${extension.fullName}]`] = field.shape === "repeated"
        ? this.list(field, value)
        : this.value(field, value);
    }
  }
}

function real(field: FieldSchema, value: unknown): Json {
  if (typeof value !== "number") return bad(field, value);
  return Number.isFinite(value) ? value : String(value);
}

/** Typed arrays of numbers are lists. */
function isNumbers(value: unknown): value is ArrayLike<unknown> {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !(value instanceof Uint8Array);
}

/** The default of a field without presence. */
function zeroOf({ type, enumType }: FieldSchema): unknown {
  switch (type) {
    case "enum":
      return enumType!.first;
    case "string":
      return "";
    case "bool":
      return false;
    case "bytes":
      return new Uint8Array(0);
    default:
      return 0;
  }
}

function isDefault(field: FieldSchema, value: unknown): boolean {
  switch (field.type) {
    case "enum":
      return toEnum(field, value) === 0;
    case "string":
      return value === "";
    case "bool":
      return value === false;
    case "bytes":
      return (value as Uint8Array).length === 0;
    case "float":
    case "double":
      return Object.is(value, 0);
    default:
      return value === 0 || value === 0n || value === "0";
  }
}
