// Reads messages from JSON values, as protobuf's mapping has it; they become what decoding makes.

import { isPlain } from "../../records.ts";
import type { Message } from "../compile/coder.ts";
import { define, put } from "../defaults.ts";
import { describeValue, JsonError } from "../errors.ts";
import { setExtension } from "../extension.ts";
import { RECURSION_LIMIT } from "../reader.ts";
import { type EnumSchema, isBigInt, type Longs, type MessageSchema, type ScalarType } from "../schema.ts";
import { membersOf, parseJson, parseQuickly } from "./json_text.ts";
import type { FromJsonOptions } from "./options.ts";
import { type JsonField, type JsonPlan, jsonPlanOf, nestedPlan } from "./plan.ts";
import { IGNORED, type ReadContext } from "./read_context.ts";
import { keyOf, scalarOf } from "./read_scalar.ts";
import { wellKnownReader } from "./read_well_known.ts";
import type { Registry } from "./registry.ts";

/** Reads `json` as a message of `schema`, of up to `elements` elements. */
export function readJson(
  schema: MessageSchema,
  json: unknown,
  { registry, ignoreUnknownFields = false }: FromJsonOptions,
  elements: number,
): Message {
  const reader = new JsonReader(schema.fullName, registry, ignoreUnknownFields, elements);
  return reader.message(jsonPlanOf(schema), json);
}

/** As `readJson`, of text. */
export function readJsonText(
  schema: MessageSchema,
  text: string,
  { registry, ignoreUnknownFields = false }: FromJsonOptions,
  elements: number,
): Message {
  const plan = jsonPlanOf(schema);
  const quick = parseQuickly(text);
  if (quick !== undefined) {
    const reader = new JsonReader(schema.fullName, registry, ignoreUnknownFields, elements);
    const message = reader.message(plan, quick.value);
    // As many members were read as there are in the text: none was there twice.
    if (reader.members === quick.members) return message;
  }
  const reader = new JsonReader(schema.fullName, registry, ignoreUnknownFields, elements);
  return reader.message(plan, parseJson(text, schema.fullName));
}

/** Local: see docs/STYLE.md, "Hot paths". */
const MOST_NESTED = RECURSION_LIMIT;
/** What errors show of a key. */
const MOST_KEY_UNITS = 80;

class JsonReader implements ReadContext {
  /** Members of objects that were read. */
  members = 0;
  /** Messages that are open, this one included. */
  private depth = 0;
  /** The key that is read, and the item of the list or map that is under it. */
  private key: string | undefined = undefined;
  private index: number | string | undefined = undefined;
  /** The same of the messages around. */
  private readonly keysAround: (string | undefined)[] = [];
  private readonly indexesAround: (number | string | undefined)[] = [];

  constructor(
    private readonly typeName: string,
    readonly registry: Registry | undefined,
    readonly ignoresUnknown: boolean,
    private elements: number,
  ) {}

  message(plan: JsonPlan, json: unknown, skipped?: string): Message {
    const { depth } = this;
    if (depth > MOST_NESTED) this.refuse(`messages are nested more than ${MOST_NESTED} deep`);
    this.spend(plan.elements);
    const special = plan.ownForm ? wellKnownReader(plan.schema.fullName) : undefined;
    const keys = special === undefined ? this.keys(json, plan) : undefined;
    if (skipped !== undefined) this.members -= keys!.length; // they were read for the type of an Any
    this.keysAround[depth] = this.key;
    this.indexesAround[depth] = this.index;
    this.key = this.index = undefined;
    this.depth++;
    const message = special === undefined
      ? this.fields(plan, keys!, json as Message, skipped)
      : special(this, plan, json);
    this.depth--;
    this.key = this.keysAround[depth];
    this.index = this.indexesAround[depth];
    return message;
  }

  keys(json: unknown, plan: JsonPlan): string[] {
    if (typeof json === "object" && json !== null && !Array.isArray(json) && isPlain(json)) {
      const keys = Object.keys(json);
      this.members += keys.length;
      return keys;
    }
    return this.fail(`an object of ${plan.schema.fullName}`, json);
  }

  private fields(
    plan: JsonPlan,
    keys: readonly string[],
    json: Message,
    skipped: string | undefined,
  ): Message {
    const message = emptyMessage(plan);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!;
      const field = plan.byKey.get(key);
      if (field === undefined) {
        if (key === skipped) continue;
        this.at(key);
        this.extension(plan, key, json[key], message);
        continue;
      }
      this.at(key);
      if (
        field.aliased && Object.hasOwn(json, key === field.jsonName ? field.originalName : field.jsonName)
      ) {
        this.refuse("the field comes twice, under both of its names");
      }
      this.field(plan, field, json[key], message);
    }
    for (const field of plan.required) {
      if (Object.hasOwn(message, field.name) && message[field.name] !== undefined) continue;
      this.at(field.originalName);
      this.refuse("the field is required and missing");
    }
    if (plan.prototype !== undefined) sortDefaults(plan, message);
    return message;
  }

  private field(plan: JsonPlan, field: JsonField, json: unknown, message: Message): void {
    if (json === undefined || (json === null && !field.takesNull)) return;
    const { schema, name, oneof } = field;
    if (schema.shape === "repeated") return this.list(field, json, message[name] as unknown[]);
    if (schema.shape === "map") return this.map(field, json, message[name] as Message);
    const value = this.value(field, json);
    if (value === IGNORED) return;
    if (oneof >= 0) {
      const property = plan.schema.oneofs[oneof]!;
      if (message[property] !== undefined) {
        this.refuse(`oneof ${property} already holds ${message[property]}; only one of them may be set`);
      }
      message[property] = name;
    }
    // A declared default of bytes is inherited as an accessor.
    if (schema.explicitDefault === undefined) message[name] = value;
    else define(message, name, value);
  }

  private list(field: JsonField, json: unknown, list: unknown[]): void {
    if (!Array.isArray(json)) return this.fail("an array", json);
    for (let i = 0; i < json.length; i++) {
      this.index = i;
      const value = this.value(field, json[i]);
      if (value !== IGNORED) list.push(value);
    }
    this.index = undefined;
  }

  private map(field: JsonField, json: unknown, map: Message): void {
    if (typeof json !== "object" || json === null || Array.isArray(json) || !isPlain(json)) {
      return this.fail("an object", json);
    }
    const keyType = field.schema.keyType!;
    const names = Object.keys(json);
    this.members += names.length;
    for (const name of names) {
      this.index = name;
      this.spend(1);
      const key = keyType === "string" ? name : keyOf(keyType, name);
      if (key === undefined) this.fail(`keys of ${keyType}`, name);
      if (keyType === "string" && !name.isWellFormed()) this.fail("keys of string", name);
      const value = this.value(field, (json as Message)[name]);
      if (value !== IGNORED) put(map, key as string, value);
    }
    this.index = undefined;
  }

  value(field: JsonField, json: unknown): unknown {
    const { type, messageType, enumType, longs } = field.schema;
    if (messageType !== undefined) return this.message(nestedPlan(field), json);
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
    } else if (json === null && type.fullName === "google.protobuf.NullValue") {
      return type.names.get(0) ?? 0;
    }
    return this.fail(`the name or number of a ${type.fullName}`, json);
  }

  /** Passes over a field that is not known. */
  private ignore(json: unknown, { fullName }: MessageSchema): void {
    if (!this.ignoresUnknown) this.refuse(`${fullName} has no such field`);
    const members = membersOf(json, MOST_NESTED);
    if (members === undefined) this.refuse(`it is nested more than ${MOST_NESTED} deep`);
    this.members += members;
  }

  private extension({ schema }: JsonPlan, key: string, json: unknown, message: Message): void {
    if (json === undefined) return;
    const extension = key.startsWith("[") && key.endsWith("]")
      ? this.registry?.extension(key.slice(1, -1))
      : undefined;
    if (extension === undefined || extension.extendee !== schema.fullName) {
      return this.ignore(json, schema);
    }
    const plan = jsonPlanOf(extensionSchema(extension.codec));
    const holder = emptyMessage(plan);
    this.field(plan, plan.fields[0]!, json, holder);
    if (Object.hasOwn(holder, "value")) setExtension(message, extension, holder["value"]);
  }

  build(plan: JsonPlan, given: Readonly<Record<number, unknown>>): Message {
    const message = emptyMessage(plan);
    for (const { schema, name, oneof } of plan.fields) {
      const value = given[schema.number];
      if (value === undefined) continue;
      message[name] = value;
      if (oneof >= 0) message[plan.schema.oneofs[oneof]!] = name;
    }
    return message;
  }

  at(key: string): void {
    this.key = key;
    this.index = undefined;
  }

  item(index: number | string | undefined): void {
    this.index = index;
  }

  spend(count: number): void {
    if ((this.elements -= count) >= 0) return;
    const place = this.place();
    throw new JsonError(`Cannot read JSON of ${place}: it has more elements than it may have`, place, true);
  }

  fail(expected: string, found: unknown): never {
    // Text has no bigints, but integers that a double does not hold.
    this.refuse(`expected ${expected}, found ${typeof found === "bigint" ? found : describeValue(found)}`);
  }

  refuse(reason: string): never {
    const place = this.place();
    throw new JsonError(`Cannot read JSON of ${place}: ${reason}`, place);
  }

  private place(): string {
    let place = this.typeName;
    for (let i = 0; i <= this.depth; i++) {
      const here = i === this.depth;
      const key = here ? this.key : this.keysAround[i];
      const index = here ? this.index : this.indexesAround[i];
      if (key !== undefined) place += key.startsWith("[") ? shortened(key) : `.${shortened(key)}`;
      if (index !== undefined) {
        place += `[${typeof index === "string" ? JSON.stringify(shortened(index)) : index}]`;
      }
    }
    return place;
  }
}

/** A key as errors show it: it may be anything, and of any length. */
function shortened(key: string): string {
  return key.length > MOST_KEY_UNITS ? `${key.slice(0, MOST_KEY_UNITS)}...` : key;
}

function extensionSchema(codec: unknown): MessageSchema {
  return (codec as { schema: MessageSchema }).schema;
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
      return isBigInt(type) ? `an integer of ${type}, as a string or a number` : `an integer of ${type}`;
  }
}

/** A message as decoding no octets would make it: a copy has all properties at once, and is of one hidden class. */
function emptyMessage({ empty, lists, maps, prototype }: JsonPlan): Message {
  const message: Message = prototype === undefined ? { ...empty } : assigned(Object.create(prototype), empty);
  for (let i = 0; i < lists.length; i++) message[lists[i]!.name] = [];
  for (let i = 0; i < maps.length; i++) message[maps[i]!.name] = {};
  return message;
}

/** `message` with what `empty` has: `Object.assign` would make its `__proto__` the prototype. */
function assigned(message: Message, empty: Readonly<Message>): Message {
  if (!Object.hasOwn(empty, "__proto__")) return Object.assign(message, empty);
  for (const [name, value] of Object.entries(empty)) put(message, name, value);
  return message;
}

/** Puts fields with declared defaults, which are properties only where they are set, in the order of decoding. */
function sortDefaults({ fields }: JsonPlan, message: Message): void {
  for (const { schema, name } of fields) {
    if (schema.explicitDefault === undefined || !Object.hasOwn(message, name)) continue;
    const value = message[name];
    delete message[name];
    define(message, name, value);
  }
}
