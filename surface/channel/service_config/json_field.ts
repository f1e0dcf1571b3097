// A value of a JSON service config, read as what it should be: whatever is wrong is an error that names its path.

import { describe } from "../../options.ts";
import { isRecord } from "../../records.ts";
import { ServiceConfigError } from "./service_config_error.ts";

/** The most seconds of a google.protobuf.Duration: 10,000 years. */
const MOST_SECONDS = 315_576_000_000;

/** The error of a `value` that is not as `expected` says: "give 2 or more". */
export function wrongValue(path: string, value: unknown, expected: string): ServiceConfigError {
  const found = value === undefined || value === null
    ? "missing"
    : Array.isArray(value)
    ? "a list"
    : typeof value === "number" || typeof value === "boolean"
    ? String(value)
    : describe(value);
  return new ServiceConfigError(path, `is ${found}; ${expected}`);
}

/**
 * One value of a service config, and where it stands. Values that are null or missing are not set, as in the JSON of
 * protobuf; what reads a value throws {@linkcode ServiceConfigError} where there is none, or one of another kind.
 */
export class JsonField {
  /** `path` leads to it from the root: "methodConfig[0].timeout"; "" is the root. */
  constructor(readonly path: string, readonly value: unknown) {}

  /** Whether something is said. */
  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** A field of the object that this is; not set where the object has no such field. */
  get(name: string): JsonField {
    const object = this.object();
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    return new JsonField(this.path === "" ? name : `${this.path}.${name}`, value);
  }

  /** What `read` makes of it; undefined where it is not set. */
  optional<T>(read: (field: JsonField) => T): T | undefined {
    return this.isSet ? read(this) : undefined;
  }

  /** A JSON object. */
  object(): Readonly<Record<string, unknown>> {
    const { value } = this;
    if (!isRecord(value)) throw this.wrong("give an object");
    return value as Readonly<Record<string, unknown>>;
  }

  /** The elements of a list; none where it is not set. */
  items(): JsonField[] {
    if (!this.isSet) return [];
    if (!Array.isArray(this.value)) throw this.wrong("give a list");
    return this.value.map((value, i) => new JsonField(`${this.path}[${i}]`, value));
  }

  /** A string. */
  text(): string {
    if (typeof this.value !== "string") throw this.wrong("give a string");
    return this.value;
  }

  /** True or false. */
  flag(): boolean {
    if (typeof this.value !== "boolean") throw this.wrong("give true or false");
    return this.value;
  }

  /** A number above 0, or of 0 where `orZero`; `most` at most. */
  number(most: number, orZero: boolean): number {
    const number = this.asNumber();
    if ((orZero ? number >= 0 : number > 0) && number <= most) return number;
    const range = orZero ? "of 0 or more" : "above 0";
    throw this.wrong(`give a number ${range}${most === Infinity ? "" : `, ${most} at most`}`);
  }

  /** A whole number of `least` or more, `most` at most. */
  integer(least: number, most: number = 0xffff_ffff): number {
    const number = this.asNumber();
    if (!Number.isInteger(number)) throw this.wrong("give a whole number");
    if (number < least) throw this.wrong(`give ${least} or more`);
    if (number > most) throw this.wrong(`give ${most} or less`);
    return number;
  }

  /** Milliseconds of a google.protobuf.Duration: "1.5s" is 1,500. `positive`: zero is none. */
  durationMs(positive: boolean): number {
    const { value } = this;
    const expected = `give a duration${positive ? " above 0" : ""}, as "0.1s"`;
    const match = typeof value === "string" ? /^([0-9]{1,12})(?:\.([0-9]{1,9}))?s$/.exec(value) : null;
    if (match === null) throw this.wrong(expected);
    const seconds = Number(match[1]);
    const ms = seconds * 1_000 + Number((match[2] ?? "").padEnd(9, "0")) / 1e6;
    if (seconds > MOST_SECONDS || (positive && ms === 0)) throw this.wrong(expected);
    return ms;
  }

  /** See {@linkcode wrongValue}. */
  wrong(expected: string): ServiceConfigError {
    return wrongValue(this.path, this.value, expected);
  }

  /** Numbers may stand in strings, as in the JSON of protobuf. */
  private asNumber(): number {
    const { value } = this;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string" && /^-?[0-9]+(\.[0-9]+)?$/.test(value)) return Number(value);
    throw this.wrong("give a number");
  }
}
