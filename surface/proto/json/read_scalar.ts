// Scalars from JSON: what each type takes, as protobuf's mapping has it; undefined is what it does not take.

import { FLOAT_BOUND } from "../encode_values.ts";
import type { ScalarType } from "../schema.ts";
import { bytesOfBase64 } from "./base64.ts";

/** A number of JSON; all of it. */
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** An integer of up to 64 bits, whose time to convert goes by its square. */
const INTEGER = /^-?(?:0|[1-9]\d{0,19})$/;

/** The value of `type` that `json` says; undefined where it says none. */
export function scalarOf(type: ScalarType, json: unknown): unknown {
  switch (type) {
    case "string":
      return typeof json === "string" && json.isWellFormed() ? json : undefined; // half a pair has no UTF-8
    case "bool":
      return typeof json === "boolean" ? json : undefined;
    case "int32":
    case "sint32":
    case "sfixed32": {
      const value = numberOf(json);
      return value !== undefined && (value | 0) === value ? value | 0 : undefined;
    }
    case "uint32":
    case "fixed32": {
      const value = numberOf(json);
      return value !== undefined && (value >>> 0) === value ? value >>> 0 : undefined;
    }
    case "double":
      return realOf(json);
    case "float": {
      const value = realOf(json);
      if (value === undefined || (Math.abs(value) >= FLOAT_BOUND && Number.isFinite(value))) return undefined;
      return Math.fround(value);
    }
    case "bytes":
      return typeof json === "string" ? bytesOfBase64(json) : undefined;
    case "uint64":
    case "fixed64": {
      const value = longOf(json);
      return value !== undefined && BigInt.asUintN(64, value) === value ? value : undefined;
    }
    default: {
      const value = longOf(json);
      return value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
    }
  }
}

/** The key of a map that the key of a JSON object says. */
export function keyOf(type: ScalarType, key: string): unknown {
  if (type !== "bool") return scalarOf(type, key);
  return key === "true" ? true : key === "false" ? false : undefined;
}

/** A number, or text that says one. */
function numberOf(json: unknown): number | undefined {
  if (typeof json === "number") return json;
  if (typeof json === "bigint") return Number(json);
  return typeof json === "string" && NUMBER.test(json) ? Number(json) : undefined;
}

/** A number that may be without bounds, or none. JSON has no word for these, and text that says too much is no number. */
function realOf(json: unknown): number | undefined {
  const value = numberOf(json);
  if (value !== undefined) return Number.isFinite(value) ? value : undefined;
  return json === "NaN" ? NaN : json === "Infinity" ? Infinity : json === "-Infinity" ? -Infinity : undefined;
}

function longOf(json: unknown): bigint | undefined {
  if (typeof json === "bigint") return json;
  if (typeof json === "string" && INTEGER.test(json)) return BigInt(json);
  const value = numberOf(json);
  return Number.isInteger(value) && Math.abs(value!) < 2 ** 65 ? BigInt(value!) : undefined;
}
