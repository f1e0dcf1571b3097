// Well-known types as JSON: each has a form of its own.

import type { Message } from "../compile/coder.ts";
import { bad, toLong } from "../encode_values.ts";
import { describeValue, EncodeError } from "../errors.ts";
import type { MessageSchema } from "../schema.ts";
import type { Json } from "../well_known_values.ts";
import { pathToJson } from "./field_paths.ts";
import { hasOwnForm } from "./own_form.ts";
import { messageIn } from "./registry.ts";
import { durationText, timestampText } from "./times.ts";
import { type JsonObject, valueOf, type WriteContext } from "./write_context.ts";

/** Writes one well-known type. */
type Write = (context: WriteContext, schema: MessageSchema, message: Message) => Json;

/** The writer of a well-known type; undefined where its JSON is an object of its fields. */
export function wellKnownWriter(typeName: string): Write | undefined {
  if (!hasOwnForm(typeName)) return undefined;
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

function writeTimestamp(_: WriteContext, schema: MessageSchema, message: Message): Json {
  const [seconds, nanos] = secondsAndNanos(schema, message);
  return timestampText(seconds, nanos) ??
    refuse(schema, `${seconds} s and ${nanos} ns are outside of the years 1 to 9999`);
}

function writeDuration(_: WriteContext, schema: MessageSchema, message: Message): Json {
  const [seconds, nanos] = secondsAndNanos(schema, message);
  return durationText(seconds, nanos) ??
    refuse(schema, `${seconds} s and ${nanos} ns are more than 10,000 years, or differ in sign`);
}

function secondsAndNanos(schema: MessageSchema, message: Message): [number, number] {
  const seconds = valueOf(schema, message, 1) ?? 0n;
  const nanos = valueOf(schema, message, 2) ?? 0;
  if (typeof nanos !== "number" || (nanos | 0) !== nanos) bad(schema.fields[1]!, nanos);
  return [Number(toLong(schema.fields[0]!, seconds, true)), nanos];
}

function writeFieldMask(_: WriteContext, schema: MessageSchema, message: Message): Json {
  const paths = valueOf(schema, message, 1) ?? [];
  if (!Array.isArray(paths)) bad(schema.fields[0]!, paths, "an array");
  return paths.map((path: unknown) => {
    if (typeof path !== "string") bad(schema.fields[0]!, path);
    return pathToJson(path) ??
      refuse(schema, `the path ${describeValue(path)} would not come back of lowerCamelCase as it was`);
  }).join(",");
}

function writeWrapper(context: WriteContext, schema: MessageSchema, message: Message): Json {
  const field = schema.fields[0]!;
  return context.value(field, message[field.name] ?? ZEROS[field.type]);
}

const ZEROS: Readonly<Record<string, unknown>> = {
  bool: false,
  string: "",
  bytes: new Uint8Array(0),
  double: 0,
  float: 0,
  int32: 0,
  uint32: 0,
  int64: 0n,
  uint64: 0n,
};

function writeStruct(context: WriteContext, schema: MessageSchema, message: Message): Json {
  const field = schema.fields[0]!;
  const fields = message[field.name] ?? {};
  const entries = fields instanceof Map ? [...fields] : Object.entries(fields);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, context.message(field.messageType!, value, field)]),
  );
}

function writeList(context: WriteContext, schema: MessageSchema, message: Message): Json {
  const field = schema.fields[0]!;
  const values = message[field.name] ?? [];
  if (!Array.isArray(values)) bad(field, values, "an array");
  return values.map((value: unknown) => context.message(field.messageType!, value, field));
}

function writeValue(context: WriteContext, schema: MessageSchema, message: Message): Json {
  const field = schema.fields.find(({ name }) => message[name] !== undefined && message[name] !== null);
  if (field === undefined) return refuse(schema, "none of its members is set");
  if (field.number === 1) return null;
  const value = message[field.name];
  if (field.number === 2 && typeof value === "number" && !Number.isFinite(value)) {
    refuse(schema, `JSON has no number ${value}`);
  }
  return context.value(field, value);
}

/** `{ "@type": ..., fields }`, or where the type has a form of its own `{ "@type": ..., "value": form }`. */
function writeAny(context: WriteContext, schema: MessageSchema, message: Message): Json {
  const typeUrl = valueOf(schema, message, 1) ?? "";
  const value = valueOf(schema, message, 2) ?? new Uint8Array(0);
  if (typeof typeUrl !== "string") bad(schema.fields[0]!, typeUrl);
  if (!(value instanceof Uint8Array)) bad(schema.fields[1]!, value);
  if (typeUrl === "" && value.length === 0) return {};
  const codec = messageIn(context.registry, typeUrl.slice(typeUrl.lastIndexOf("/") + 1));
  if (codec === undefined) {
    return refuse(
      schema,
      `its type ${describeValue(typeUrl)} is not in the registry; give options.registry one that has it`,
    );
  }
  const content = context.message(codec.schema, codec.decode(value), undefined);
  if (hasOwnForm(codec.typeName)) return { "@type": typeUrl, value: content };
  return { "@type": typeUrl, ...content as JsonObject };
}

function refuse(schema: MessageSchema, reason: string): never {
  throw new EncodeError(`Cannot encode ${schema.fullName} as JSON: ${reason}`);
}
