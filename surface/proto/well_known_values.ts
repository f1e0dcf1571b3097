// Well-known types are plain messages; these make them of what JavaScript has for the same, and back.

import type { Duration } from "../protos/google/protobuf/duration.ts";
import type { Timestamp } from "../protos/google/protobuf/timestamp.ts";
import { pathFromJson, pathToJson } from "./json/field_paths.ts";
import { isPlain } from "../records.ts";
import { describeValue } from "./errors.ts";
import type { Json } from "./json/json_value.ts";
import { RECURSION_LIMIT } from "./reader.ts";

export type { Duration, Timestamp };

/** What a Value may be, by the name of the member. */
export interface ValueMembers {
  /** Null. */
  nullValue: "NULL_VALUE" | number;
  /** A number. */
  numberValue: number;
  /** A string. */
  stringValue: string;
  /** A boolean. */
  boolValue: boolean;
  /** An object. */
  structValue: Struct;
  /** An array. */
  listValue: ListValue;
}

/** google.protobuf.Value: exactly one member is set; decoded ones say in `kind` which. */
export type Value =
  | {
    [Name in keyof ValueMembers]:
      & { [Member in Name]: ValueMembers[Member] }
      & { [Member in Exclude<keyof ValueMembers, Name>]?: undefined }
      & { kind?: Name | undefined };
  }[keyof ValueMembers]
  | ({ [Member in keyof ValueMembers]?: undefined } & { kind?: undefined });

/** google.protobuf.Struct: an object of JSON. */
export interface Struct {
  /** Members by name. */
  fields: Record<string, Value>;
}

/** google.protobuf.ListValue: an array of JSON. */
export interface ListValue {
  /** Elements in order. */
  values: Value[];
}

/** google.protobuf.FieldMask: which fields are meant. */
export interface FieldMask {
  /** Paths of fields, as the .proto file writes them: "user.display_name". */
  paths: string[];
}

const NANOS_PER_MS = 1_000_000;

/**
 * The Timestamp of a Date.
 *
 * @throws {TypeError} for what is no valid Date
 */
export function timestampFromDate(date: Date): Timestamp {
  const ms = typeof date?.getTime === "function" ? date.getTime() : NaN;
  if (Number.isNaN(ms)) {
    throw new TypeError(`Cannot make a Timestamp of ${describeValue(date)}: expected a valid Date`);
  }
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: (ms - seconds * 1000) * NANOS_PER_MS };
}

/**
 * The Date of a Timestamp, of whole milliseconds; an invalid one for a time that no Date can be of.
 *
 * @throws {TypeError} for what is no Timestamp
 */
export function dateFromTimestamp(timestamp: Timestamp): Date {
  const { seconds, nanos } = timed("a Date", "Timestamp", timestamp);
  return new Date(Number(seconds) * 1000 + Math.floor(nanos / NANOS_PER_MS));
}

/** Throws TypeError where `found` does not have both fields as numbers. */
function timed<T extends Timestamp>(wanted: string, expected: string, found: T): T {
  if (isCount(found?.seconds) && Number.isFinite(found.nanos)) return found;
  throw new TypeError(
    `Cannot make ${wanted} of ${describeValue(found)}: expected a ${expected}, with seconds and nanos`,
  );
}

/** Seconds may be a bigint, or with `longs` a number or text. */
function isCount(value: unknown): boolean {
  return typeof value === "bigint" || Number.isFinite(typeof value === "string" ? Number(value) : value);
}

/**
 * The Duration of milliseconds.
 *
 * @throws {TypeError} for what is no finite number
 */
export function durationFromMs(ms: number): Duration {
  if (!Number.isFinite(ms)) {
    throw new TypeError(`Cannot make a Duration of ${describeValue(ms)}: expected a number of milliseconds`);
  }
  let seconds = Math.trunc(ms / 1000);
  let nanos = Math.round((ms - seconds * 1000) * NANOS_PER_MS);
  if (Math.abs(nanos) === 1000 * NANOS_PER_MS) [seconds, nanos] = [seconds + Math.sign(nanos), 0];
  return { seconds: BigInt(seconds), nanos };
}

/**
 * The milliseconds of a Duration.
 *
 * @throws {TypeError} for what is no Duration
 */
export function msFromDuration(duration: Duration): number {
  const { seconds, nanos } = timed("a number of milliseconds", "Duration", duration);
  return Number(seconds) * 1000 + nanos / NANOS_PER_MS;
}

/**
 * The Struct of an object of JSON, without what is undefined.
 *
 * @throws {TypeError} for what JSON cannot express, such as objects in themselves
 */
export function structFromObject(object: { readonly [name: string]: Json | undefined }): Struct {
  return structAt(object, 0);
}

function structAt(object: { readonly [name: string]: Json | undefined }, depth: number): Struct {
  if (typeof object !== "object" || object === null || !isPlain(object)) throw noJson("Struct", object);
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return {
    fields: Object.fromEntries(entries.map(([name, value]) => [name, valueAt(value as Json, depth)])),
  };
}

function noJson(what: string, found: unknown): TypeError {
  return new TypeError(`Cannot make a ${what} of ${describeValue(found)}: expected what JSON can say`);
}

/** The object of a Struct. */
export function objectFromStruct({ fields }: Struct): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, jsonFromValue(value)]));
}

/**
 * The Value of a JSON value.
 *
 * @throws {TypeError} for what JSON cannot express, such as numbers that are not finite, and objects in themselves
 */
export function valueFromJson(json: Json): Value {
  return valueAt(json, 0);
}

/** `depth`: of the objects and arrays that it is in. */
function valueAt(json: Json, depth: number): Value {
  if (json === null) return { nullValue: "NULL_VALUE" };
  if (typeof json === "string") return { stringValue: json };
  if (typeof json === "boolean") return { boolValue: json };
  if (typeof json === "number" && Number.isFinite(json)) return { numberValue: json };
  if (depth >= RECURSION_LIMIT) {
    throw new TypeError(`Cannot make a Value: nested more than ${RECURSION_LIMIT} deep (is it a cycle?)`);
  }
  if (Array.isArray(json)) return { listValue: { values: json.map((one) => valueAt(one, depth + 1)) } };
  if (typeof json !== "object" || !isPlain(json)) throw noJson("Value", json);
  return { structValue: structAt(json as { [name: string]: Json }, depth + 1) };
}

/** The JSON value of a Value; null where no member is set. */
export function jsonFromValue(value: Value): Json {
  const { numberValue, stringValue, boolValue, structValue, listValue } = value;
  if (structValue !== undefined) return objectFromStruct(structValue);
  if (listValue !== undefined) return listValue.values.map(jsonFromValue);
  return numberValue ?? stringValue ?? boolValue ?? null;
}

/**
 * The FieldMask of its form in JSON: paths in lowerCamelCase, with commas between them ("user.displayName,photo").
 *
 * @throws {TypeError} for what is none
 */
export function fieldMaskFromJson(json: string): FieldMask {
  const paths = typeof json !== "string" ? [undefined] : json === "" ? [] : json.split(",").map(pathFromJson);
  if (!paths.includes(undefined)) return { paths: paths as string[] };
  throw new TypeError(
    `Cannot make a FieldMask of ${
      describeValue(json)
    }: expected paths in lowerCamelCase, as "user.displayName,photo"`,
  );
}

/**
 * The form of a FieldMask in JSON.
 *
 * @throws {TypeError} for paths that would not come back of lowerCamelCase as they were
 */
export function jsonFromFieldMask({ paths }: FieldMask): string {
  return paths.map((path) => {
    const json = pathToJson(path);
    if (json !== undefined) return json;
    throw new TypeError(
      `Cannot make JSON of the path ${describeValue(path)}: it would not come back as it was`,
    );
  }).join(",");
}
