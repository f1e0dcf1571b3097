// protobufjs's own encoder and decoder as the reference, and seeded random messages for both.

import protobuf from "protobufjs";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import type { Codec } from "../../../surface/proto/codec.ts";
import { parseProto } from "../../../surface/proto/parse.ts";

/** protobufjs's 64-bit integers; its types do not describe how they are made. */
const Long = protobuf.util.Long as unknown as { fromString(digits: string): unknown };

/** One message type, ours and theirs. Field names must be the same in snake and camel case. */
export interface Pair {
  ours: Codec;
  theirs: protobuf.Type;
}

/** Both codecs of `typeName` in `source`. */
export function pairOf(source: string, typeName: string): Pair {
  const ours = parseProto(source).messages[typeName];
  if (ours === undefined) throw new Error(`no message ${typeName}`);
  return { ours, theirs: protobuf.parse(source, { keepCase: true }).root.lookupType(typeName) };
}

/** Our message as protobufjs takes it: bigints as Long. */
function toTheirs(value: unknown): unknown {
  if (typeof value === "bigint") {
    return Long.fromString(String(BigInt.asIntN(64, value)));
  }
  if (Array.isArray(value)) return value.map(toTheirs);
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toTheirs(item)]));
}

/** What protobufjs reads in `bytes`, as plain comparable data. */
export function readByTheirs(type: protobuf.Type, bytes: Uint8Array): unknown {
  return type.toObject(type.decode(bytes), { longs: String, defaults: true, arrays: true, objects: true });
}

/** Bytes protobufjs makes of our message. */
export function writtenByTheirs(type: protobuf.Type, message: unknown): Uint8Array {
  return Uint8Array.from(type.encode(type.fromObject(toTheirs(message) as Record<string, unknown>)).finish());
}

/** Random values for messages: equal seeds give equal ones. */
export class Random extends SeededRandom {
  /** An integer of up to 64 bits whose width varies, so that every varint length appears. */
  bits(width: number): bigint {
    const value = (BigInt(this.below(2 ** 32)) << 32n) | BigInt(this.below(2 ** 32));
    return BigInt.asUintN(1 + this.below(width), value);
  }

  /** Text of all UTF-8 lengths, short and long. */
  text(): string {
    const alphabet = ["a", "Z", " ", "7", "\u00e9", "\u20ac", "\u{1f600}", "\0", "\ufeff", "\ufffd"];
    const ascii = this.below(2) === 0;
    const length = this.pick([0, 1, 5, 19, 20, 21, 40, 55, 56, 57, 130, 300]);
    return Array.from({ length }, () => alphabet[this.below(ascii ? 4 : alphabet.length)]).join("");
  }

  /** A value of scalar `type`. */
  scalar(type: string): unknown {
    switch (type) {
      case "double":
        return this.pick([0, -0, 1.5, -Math.PI, 5e-324, 1.7976931348623157e308, Infinity, -Infinity, NaN]);
      case "float":
        return this.pick([0, -0, 1.5, Math.fround(-Math.PI), Math.fround(1e-40), Infinity, -Infinity, NaN]);
      case "bool":
        return this.below(2) === 0;
      case "string":
        return this.text();
      case "bytes":
        return Uint8Array.from(
          { length: this.pick([0, 1, 15, 16, 17, 127, 128, 200]) },
          () => this.below(256),
        );
      case "uint32":
      case "fixed32":
        return Number(this.bits(32));
      case "uint64":
      case "fixed64":
        return this.bits(64);
      default: {
        const width = type.endsWith("64") ? 64 : 32;
        const value = BigInt.asIntN(width, this.below(2) === 0 ? this.bits(width) : ~this.bits(width));
        return width === 64 ? value : Number(value);
      }
    }
  }
}

/** Scalar types, as the language names them. */
export const SCALARS = [
  "double",
  "float",
  "int32",
  "int64",
  "uint32",
  "uint64",
  "sint32",
  "sint64",
  "fixed32",
  "fixed64",
  "sfixed32",
  "sfixed64",
  "bool",
  "string",
  "bytes",
] as const;

/** What an absent field without presence is after decoding. */
export function defaultOf(type: string): unknown {
  if (type === "string") return "";
  if (type === "bytes") return new Uint8Array(0);
  if (type === "bool") return false;
  return type.endsWith("64") ? 0n : 0;
}
