// Well-known types from JSON: each has a form of its own.

import type { Message } from "../compile/coder.ts";
import { put } from "../defaults.ts";
import { describeValue, MOST_URL_UNITS, NOT_IN_REGISTRY } from "../errors.ts";
import { pathFromJson } from "./field_paths.ts";
import { type JsonPlan, jsonPlanOf, nestedPlan } from "./plan.ts";
import type { ReadContext } from "./read_context.ts";
import { messageIn } from "./registry.ts";
import { durationOf, timestampOf } from "./times.ts";

/** Reads one well-known type. */
type Read = (context: ReadContext, plan: JsonPlan, json: unknown) => Message;

const READERS: ReadonlyMap<string, Read> = new Map<string, Read>([
  ["Timestamp", readTimestamp],
  ["Duration", readDuration],
  ["FieldMask", readFieldMask],
  ["Struct", readStruct],
  ["Value", readValue],
  ["ListValue", readList],
  ["Any", readAny],
]);

/** The reader of a type with a form of its own. */
export function wellKnownReader(typeName: string): Read {
  return READERS.get(typeName.slice(typeName.lastIndexOf(".") + 1)) ?? readWrapper;
}

function readTimestamp(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  const value = typeof json === "string" ? timestampOf(json) : undefined;
  if (value === undefined) context.fail('a time as "2026-11-26T12:00:00Z"', json);
  return context.build(plan, { 1: context.value(plan.fields[0]!, value.seconds), 2: value.nanos });
}

function readDuration(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  const value = typeof json === "string" ? durationOf(json) : undefined;
  if (value === undefined) context.fail('a duration as "1.5s"', json);
  return context.build(plan, { 1: context.value(plan.fields[0]!, value.seconds), 2: value.nanos });
}

function readFieldMask(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  const paths = typeof json !== "string" ? undefined : json === "" ? [] : json.split(",").map(pathFromJson);
  if (paths === undefined || paths.includes(undefined)) {
    context.fail('paths in lowerCamelCase as "user.displayName,photo"', json);
  }
  return context.build(plan, { 1: paths });
}

function readWrapper(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  return context.build(plan, { 1: context.value(plan.fields[0]!, json) });
}

function readStruct(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  const value = nestedPlan(plan.fields[0]!);
  const fields: Message = {};
  for (const key of context.keys(json, plan)) {
    context.item(key);
    context.spend(1);
    if (!key.isWellFormed()) context.fail("keys of string", key);
    put(fields, key, context.message(value, (json as Message)[key]));
  }
  return context.build(plan, { 1: fields });
}

function readList(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  if (!Array.isArray(json)) return context.fail("an array", json);
  const value = nestedPlan(plan.fields[0]!);
  const values = json.map((item, i) => {
    context.item(i);
    return context.message(value, item);
  });
  return context.build(plan, { 1: values });
}

function readValue(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  switch (typeof json) {
    case "number":
      if (!Number.isFinite(json)) context.fail("a finite number", json);
      return context.build(plan, { 2: json });
    case "bigint":
      return context.build(plan, { 2: Number(json) });
    case "string":
      if (!json.isWellFormed()) context.fail("a string", json);
      return context.build(plan, { 3: json });
    case "boolean":
      return context.build(plan, { 4: json });
    case "object": {
      if (json === null) return context.build(plan, { 1: "NULL_VALUE" });
      const number = Array.isArray(json) ? 6 : 5;
      const field = plan.fields.find(({ schema }) => schema.number === number)!;
      return context.build(plan, { [number]: context.value(field, json) });
    }
    default:
      return context.fail("a value of JSON", json);
  }
}

const TYPE = "@type";

/** `{ "@type": ..., fields }`, or where the type has a form of its own `{ "@type": ..., "value": form }`. */
function readAny(context: ReadContext, plan: JsonPlan, json: unknown): Message {
  const keys = context.keys(json, plan);
  if (keys.length === 0) return context.build(plan, { 1: "", 2: new Uint8Array(0) });
  const object = json as Message;
  const typeUrl = Object.hasOwn(object, TYPE) ? object[TYPE] : undefined;
  if (typeof typeUrl !== "string") context.fail(`"${TYPE}" with the URL of a type`, typeUrl);
  const codec = messageIn(context.registry, typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  if (codec === undefined) {
    context.refuse(`its type ${describeValue(typeUrl, MOST_URL_UNITS)} ${NOT_IN_REGISTRY}`);
  }
  const content = jsonPlanOf(codec.schema);
  const message = content.ownForm
    ? readForm(context, keys, object, content)
    : context.message(content, json, TYPE);
  return context.build(plan, { 1: typeUrl, 2: codec.encode(message) });
}

function readForm(context: ReadContext, keys: readonly string[], object: Message, plan: JsonPlan): Message {
  for (const key of keys) {
    if (key === TYPE || key === "value" || context.ignoresUnknown) continue;
    context.at(key);
    context.refuse(`there is no such key beside the value of a ${plan.schema.fullName}`);
  }
  context.at("value");
  return context.message(plan, Object.hasOwn(object, "value") ? object["value"] : undefined);
}
