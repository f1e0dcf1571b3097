// Writes messages as JSON values, as protobuf's mapping has it.

import type { Message } from "../compile/coder.ts";
import { put } from "../defaults.ts";
import { bad, FLOAT_BOUND, keysOf, missing, toEnum, toKey, toLong, twice } from "../encode_values.ts";
import { EncodeError } from "../errors.ts";
import { getExtension, hasExtension } from "../extension.ts";
import { noMessage, stray, toMessage, unset } from "../message_shape.ts";
import { RECURSION_LIMIT } from "../reader.ts";
import type { EnumSchema, FieldSchema, FieldType, MessageSchema } from "../schema.ts";
import { unknownFields } from "../unknown_fields.ts";
import type { Json } from "./json_value.ts";
import { base64Of } from "./base64.ts";
import type { ToJsonOptions } from "./options.ts";
import { type JsonField, type JsonPlan, jsonPlanOf, Kind, nestedPlan, zeroOf } from "./plan.ts";
import type { Registry } from "./registry.ts";
import { decoded, type JsonObject, type WriteContext } from "./write_context.ts";
import { wellKnownWriter } from "./write_well_known.ts";

/** The JSON value of a message of `schema`. */
export function writeJson(schema: MessageSchema, message: unknown, options: ToJsonOptions): Json {
  return new JsonWriter(options).message(jsonPlanOf(schema), message, undefined);
}

/** Local: see docs/STYLE.md, "Hot paths". */
const { MESSAGE, ENUM, STRING, BOOL, BYTES, SIGNED, UNSIGNED, FLOAT, DOUBLE, LONG, UNSIGNED_LONG } = Kind;
const MOST_NESTED = RECURSION_LIMIT;

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

  message(plan: JsonPlan, given: unknown, field: FieldSchema | undefined): Json {
    const { schema } = plan;
    if (typeof given !== "object" || given === null) noMessage(schema, given, field);
    const message = given.constructor === Object
      ? given as Message
      : toMessage(schema, given as Message, field);
    checkKeys(plan, message);
    if (this.depth > MOST_NESTED) {
      throw new EncodeError(`Cannot encode message: nested more than ${MOST_NESTED} deep (is it a cycle?)`);
    }
    this.depth++;
    const special = plan.ownForm ? wellKnownWriter(schema.fullName) : undefined;
    const json = special === undefined ? this.fields(plan, message) : special(this, plan, message);
    this.depth--;
    return json;
  }

  private fields(plan: JsonPlan, message: Message): JsonObject {
    const json: JsonObject = {};
    const { fields, schema: { oneofs } } = plan;
    const set: (string | undefined)[] | undefined = oneofs.length > 0 ? [] : undefined;
    for (let i = 0; i < fields.length; i++) {
      const field = fields[i]!;
      const { name } = field;
      const value = field.own && !Object.hasOwn(message, name) ? undefined : message[name];
      if (value === undefined || value === null) {
        this.absent(field, json);
        continue;
      }
      if (set !== undefined && field.oneof >= 0) {
        if (set[field.oneof] !== undefined) twice(field.schema, set[field.oneof]!);
        set[field.oneof] = name;
      }
      if (!field.singular) this.several(field, value, json);
      else if (!field.implicit || this.emitDefaults || !isDefault(field, value)) {
        put(json, this.keyOf(field), this.value(field, value));
      }
    }
    if (set !== undefined) checkOneofs(plan.schema, message, set);
    const unknown = (message as Record<PropertyKey, unknown>)[unknownFields];
    if (unknown !== undefined) this.extensions(plan.schema, message, json);
    return json;
  }

  private absent(field: JsonField, json: JsonObject): void {
    const { schema } = field;
    if (schema.presence === "required" && schema.shape === "singular") missing(schema);
    if (!this.emitDefaults) return;
    if (schema.shape !== "singular") put(json, this.keyOf(field), schema.shape === "map" ? {} : []);
    else if (schema.presence === "implicit") put(json, this.keyOf(field), this.value(field, zeroOf(schema)));
  }

  /** A list or a map. */
  private several(field: JsonField, value: unknown, json: JsonObject): void {
    if (field.schema.shape === "repeated") {
      const list = this.list(field, value);
      if (list.length > 0 || this.emitDefaults) put(json, this.keyOf(field), list);
    } else {
      const keys = keysOf(field.schema, value);
      if (keys.length > 0 || this.emitDefaults) put(json, this.keyOf(field), this.map(field, value, keys));
    }
  }

  private keyOf(field: JsonField): string {
    return this.originalNames ? field.originalName : field.jsonName;
  }

  private list(field: JsonField, value: unknown): Json[] {
    if (!Array.isArray(value) && !isTyped(field.schema, value)) bad(field.schema, value, "an array");
    const list: Json[] = [];
    for (let i = 0; i < value.length; i++) list.push(this.value(field, value[i]));
    return list;
  }

  map(field: JsonField, value: unknown, keys: readonly unknown[] = keysOf(field.schema, value)): JsonObject {
    const json: JsonObject = {};
    const map = value instanceof Map ? value : undefined;
    for (const key of keys) {
      const item = map === undefined ? (value as Message)[key as string] : map.get(key);
      put(json, String(toKey(field.schema, key)).toWellFormed(), this.value(field, item));
    }
    return json;
  }

  value(field: JsonField, value: unknown): Json {
    const { schema } = field;
    switch (field.kind) {
      case MESSAGE:
        if (typeof value !== "object" || value === null) bad(schema, value);
        return this.message(nestedPlan(field), value, schema);
      case ENUM:
        return this.enum(schema, value);
      case STRING:
        return typeof value === "string" ? value.toWellFormed() : bad(schema, value); // as in UTF-8
      case BOOL:
        return typeof value === "boolean" ? value : bad(schema, value);
      case BYTES:
        return value instanceof Uint8Array ? base64Of(value) : bad(schema, value);
      case SIGNED:
        return typeof value === "number" && (value | 0) === value ? value | 0 : bad(schema, value);
      case UNSIGNED:
        return typeof value === "number" && (value >>> 0) === value ? value >>> 0 : bad(schema, value);
      case FLOAT:
        if (typeof value === "number" && Math.abs(value) >= FLOAT_BOUND && value - value === 0) {
          bad(schema, value);
        }
        return real(schema, value);
      case DOUBLE:
        return real(schema, value);
      default:
        return String(toLong(schema, value, field.kind === LONG));
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
      const found = decoded(
        schema.fullName,
        () => hasExtension(message, extension) ? { value: getExtension(message, extension) } : undefined,
      );
      if (found === undefined) continue;
      const field = jsonPlanOf((extension.codec as unknown as { schema: MessageSchema }).schema).fields[0]!;
      const { value } = found;
      json[`[${extension.fullName}]`] = field.schema.shape === "repeated"
        ? this.list(field, value)
        : this.value(field, value);
    }
  }
}

/** Throws for a key that the type does not have. Decoded messages have them in the order of the plan. */
function checkKeys({ keys, known, schema }: JsonPlan, message: Message): void {
  let at = 0;
  for (const key in message) {
    if (key === keys[at]) at++;
    else if (!known.has(key)) stray(schema, message, key);
  }
}

/** Throws where a oneof names a member and none is set. */
function checkOneofs(schema: MessageSchema, message: Message, set: readonly (string | undefined)[]): void {
  for (let o = 0; o < schema.oneofs.length; o++) {
    const oneof = schema.oneofs[o]!;
    if (set[o] !== undefined || !Object.hasOwn(message, oneof)) continue;
    const value = message[oneof];
    if (value !== undefined && value !== null) unset(schema, oneof, value);
  }
}

function real(field: FieldSchema, value: unknown): Json {
  if (typeof value !== "number") return bad(field, value);
  return Number.isFinite(value) ? value : String(value);
}

/** The typed arrays that are lists of a type, as encoding has them. */
const TYPED: { readonly [Type in FieldType]?: new () => ArrayLike<unknown> } = {
  int32: Int32Array,
  sint32: Int32Array,
  sfixed32: Int32Array,
  uint32: Uint32Array,
  fixed32: Uint32Array,
  int64: BigInt64Array,
  sint64: BigInt64Array,
  sfixed64: BigInt64Array,
  uint64: BigUint64Array,
  fixed64: BigUint64Array,
  float: Float32Array,
  double: Float64Array,
};

function isTyped({ type }: FieldSchema, value: unknown): value is ArrayLike<unknown> {
  const Typed = TYPED[type];
  return Typed !== undefined && value instanceof Typed;
}

/** Whether a value of a field without presence is the default, which other forms say too. */
function isDefault({ schema, kind, zero }: JsonField, value: unknown): boolean {
  if (value === zero) return value !== 0 || Object.is(value, 0) || kind === SIGNED || kind === UNSIGNED;
  switch (kind) {
    case ENUM:
      return value === 0 || toEnum(schema, value) === 0;
    case BYTES:
      return value instanceof Uint8Array && value.length === 0;
    case LONG:
    case UNSIGNED_LONG:
      return value === 0 || value === 0n || value === "0";
    default:
      return false;
  }
}
