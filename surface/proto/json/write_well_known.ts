// Well-known types as JSON: each has a form of its own.

import type { Message } from "../compile/coder.ts";
import { bad, toLong, twice } from "../encode_values.ts";
import { describeValue, EncodeError, MOST_URL_UNITS, NOT_IN_REGISTRY } from "../errors.ts";
import type { Json } from "./json_value.ts";
import { pathToJson } from "./field_paths.ts";
import { type JsonPlan, jsonPlanOf, nestedPlan, zeroOf } from "./plan.ts";
import { messageIn } from "./registry.ts";
import { durationText, timestampText } from "./times.ts";
import { decoded, type JsonObject, valueOf, type WriteContext } from "./write_context.ts";

/** Writes one well-known type. */
type Write = (context: WriteContext, plan: JsonPlan, message: Message) => Json;

/** The writer of a type with a form of its own. */
export function wellKnownWriter(typeName: string): Write {
  return WRITERS.get(typeName.slice(typeName.lastIndexOf(".") + 1)) ?? writeWrapper;
}

const WRITERS: ReadonlyMap<string, Write> = new Map<string, Write>([
  ["Timestamp", writeTimestamp],
  ["Duration", writeDuration],
  ["FieldMask", writeFieldMask],
  ["Struct", writeStruct],
  ["Value", writeValue],
  ["ListValue", writeList],
  ["Any", writeAny],
]);

function writeTimestamp(_: WriteContext, plan: JsonPlan, message: Message): Json {
  const [seconds, nanos] = secondsAndNanos(plan, message);
  return timestampText(seconds, nanos) ??
    refuse(plan, `${seconds} s and ${nanos} ns are outside of the years 1 to 9999`);
}

function writeDuration(_: WriteContext, plan: JsonPlan, message: Message): Json {
  const [seconds, nanos] = secondsAndNanos(plan, message);
  return durationText(seconds, nanos) ??
    refuse(plan, `${seconds} s and ${nanos} ns are more than 10,000 years, or differ in sign`);
}

function secondsAndNanos(plan: JsonPlan, message: Message): [number, number] {
  const seconds = valueOf(plan, message, 1) ?? 0n;
  const nanos = valueOf(plan, message, 2) ?? 0;
  if (typeof nanos !== "number" || (nanos | 0) !== nanos) bad(plan.fields[1]!.schema, nanos);
  return [Number(toLong(plan.fields[0]!.schema, seconds, true)), nanos];
}

function writeFieldMask(_: WriteContext, plan: JsonPlan, message: Message): Json {
  const paths = valueOf(plan, message, 1) ?? [];
  if (!Array.isArray(paths)) bad(plan.fields[0]!.schema, paths, "an array");
  return paths.map((path: unknown) => {
    if (typeof path !== "string") bad(plan.fields[0]!.schema, path);
    return pathToJson(path) ??
      refuse(plan, `the path ${describeValue(path)} would not come back of lowerCamelCase as it was`);
  }).join(",");
}

function writeWrapper(context: WriteContext, plan: JsonPlan, message: Message): Json {
  const field = plan.fields[0]!;
  return context.value(field, message[field.name] ?? zeroOf(field.schema));
}

function writeStruct(context: WriteContext, plan: JsonPlan, message: Message): Json {
  const field = plan.fields[0]!;
  return context.map(field, message[field.name] ?? {});
}

function writeList(context: WriteContext, plan: JsonPlan, message: Message): Json {
  const field = plan.fields[0]!;
  const values = message[field.name] ?? [];
  if (!Array.isArray(values)) bad(field.schema, values, "an array");
  return values.map((value: unknown) => context.message(nestedPlan(field), value, field.schema));
}

function writeValue(context: WriteContext, plan: JsonPlan, message: Message): Json {
  const [field, second] = plan.fields.filter(({ name }) =>
    message[name] !== undefined && message[name] !== null
  );
  if (field === undefined) return refuse(plan, "none of its members is set");
  if (second !== undefined) twice(second.schema, field.name);
  const value = message[field.name];
  if (field.schema.number === 2 && typeof value === "number" && !Number.isFinite(value)) {
    refuse(plan, `JSON has no number ${value}`);
  }
  return context.value(field, value);
}

/** `{ "@type": ..., fields }`, or where the type has a form of its own `{ "@type": ..., "value": form }`. */
function writeAny(context: WriteContext, plan: JsonPlan, message: Message): Json {
  const typeUrl = valueOf(plan, message, 1) ?? "";
  const value = valueOf(plan, message, 2) ?? new Uint8Array(0);
  if (typeof typeUrl !== "string") bad(plan.fields[0]!.schema, typeUrl);
  if (!(value instanceof Uint8Array)) bad(plan.fields[1]!.schema, value);
  if (typeUrl === "" && value.length === 0) return {};
  const codec = messageIn(context.registry, typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  if (codec === undefined) {
    return refuse(plan, `its type ${describeValue(typeUrl, MOST_URL_UNITS)} ${NOT_IN_REGISTRY}`);
  }
  const inner: unknown = decoded(plan.schema.fullName, () => codec.decode(value));
  const inside = jsonPlanOf(codec.schema);
  const content = context.message(inside, inner, undefined);
  if (inside.ownForm) return { "@type": typeUrl, value: content };
  return { "@type": typeUrl, ...content as JsonObject };
}

function refuse({ schema }: JsonPlan, reason: string): never {
  throw new EncodeError(`Cannot encode ${schema.fullName} as JSON: ${reason}`);
}
