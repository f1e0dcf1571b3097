// Random .proto files, messages that fit them and bytes that do not: equal seeds give equal ones.

import type { FieldSchema, MessageSchema } from "../../../../surface/proto/schema.ts";
import { type Random, SCALARS } from "../reference.ts";

const NUMBERS = [1, 2, 3, 4, 5, 15, 16, 17, 100, 2_047, 2_048, 262_144, 536_870_911];
const KEYS = SCALARS.filter((type) => !/double|float|bytes/.test(type));
const TYPES = 4;

/** A .proto file of several messages, "t.M0" first, which refer to each other. `exotic`: what protobufjs has not. */
export function randomProto(random: Random, exotic: boolean): string {
  const syntax = random.pick(["proto2", "proto3"]);
  const messages = Array.from({ length: TYPES }, (_, i) => randomType(random, `M${i}`, syntax, exotic));
  return `syntax = "${syntax}"; package t;
enum Color { NONE = 0; RED = 1; BLUE = 2; NEGATIVE = -1; FAR = 70000; }
${messages.join("\n")}`;
}

function randomType(random: Random, name: string, syntax: string, exotic: boolean): string {
  const numbers = NUMBERS.filter(() => random.below(3) > 0);
  const lines: string[] = [];
  const members: string[] = [];
  numbers.forEach((number, i) => {
    const kind = random.below(10);
    const type = randomFieldType(random);
    if (kind === 0) lines.push(`map<${random.pick([...KEYS])}, ${type}> f${i} = ${number};`);
    else if (kind <= 3) lines.push(`repeated ${type} f${i} = ${number}${packing(random, type)};`);
    else if (kind === 4 && syntax === "proto2") lines.push(group(random, i, number));
    else if (kind <= 6) members.push(`${type} f${i} = ${number};`);
    else {lines.push(
        `${label(random, syntax, exotic)} ${type} f${i} = ${number}${
          declared(random, type, syntax, exotic)
        };`,
      );}
  });
  if (members.length > 0) lines.push(`oneof kind { ${members.join(" ")} }`);
  return `message ${name} { ${lines.join("\n  ")} }`;
}

function randomFieldType(random: Random): string {
  const kind = random.below(6);
  if (kind === 0) return `M${random.below(TYPES)}`;
  return kind === 1 ? "Color" : random.pick([...SCALARS]);
}

function packing(random: Random, type: string): string {
  if (/string|bytes|^M/.test(type)) return "";
  return random.pick(["", " [packed = true]", " [packed = false]"]);
}

function group(random: Random, i: number, number: number): string {
  const what = random.pick(["optional", "repeated"]);
  return `${what} group G${i} = ${number} { optional int32 f0 = 1; repeated string f1 = 2; optional M0 f2 = 3; }`;
}

function label(random: Random, syntax: string, exotic: boolean): string {
  if (syntax === "proto3") return random.pick(["", "", "optional"]);
  return exotic && random.below(8) === 0 ? "required" : "optional";
}

function declared(random: Random, type: string, syntax: string, exotic: boolean): string {
  if (!exotic || syntax === "proto3" || random.below(3) > 0) return "";
  if (type === "string") return ' [default = "none"]';
  if (type === "bytes") return ' [default = "\\001x"]';
  if (type === "bool") return " [default = true]";
  if (type === "Color") return " [default = BLUE]";
  return type.startsWith("M") ? "" : " [default = 7]";
}

/** A message of `schema`; nested ones `depth` deep. */
export function randomMessage(random: Random, schema: MessageSchema, depth = 3): Record<string, unknown> {
  const message: Record<string, unknown> = {};
  const members = schema.fields.filter(({ oneof }) => oneof !== undefined);
  const member = members.length === 0 ? undefined : random.pick([...members, undefined]);
  for (const field of schema.fields) {
    const wanted = field.oneof === undefined
      ? random.below(4) > 0 || field.presence === "required"
      : field === member;
    if (!wanted || (field.messageType !== undefined && depth === 0 && field.presence !== "required")) {
      continue;
    }
    message[field.name] = randomField(random, field, depth);
  }
  return message;
}

function randomField(random: Random, field: FieldSchema, depth: number): unknown {
  const value = () => randomValue(random, field, depth);
  if (field.shape === "singular") return value();
  if (field.shape === "repeated") return Array.from({ length: random.below(5) }, value);
  const keys = Array.from({ length: random.below(4) }, () => String(random.scalar(field.keyType!)));
  return Object.fromEntries(keys.map((key) => [key, value()]));
}

function randomValue(random: Random, { type, enumType, messageType }: FieldSchema, depth: number): unknown {
  if (messageType !== undefined) return depth < -5 ? {} : randomMessage(random, messageType, depth - 1);
  return enumType === undefined ? random.scalar(type) : random.pick([...enumType.numbers.keys()]);
}

/** `bytes` as an attacker, a bad line or another schema leaves them. */
export function spoilt(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  switch (random.below(6)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return Uint8Array.from([...bytes, ...other]); // parts of one message are merged
    case 2:
      return Uint8Array.from([...other.subarray(0, random.below(other.length + 1)), ...bytes]);
    case 3: {
      const more = Array.from({ length: 1 + random.below(6) }, () => random.below(256));
      return Uint8Array.from([...bytes.subarray(0, at), ...more, ...bytes.subarray(at)]);
    }
    default: {
      const changed = bytes.slice();
      for (let i = random.below(3); i >= 0 && changed.length > 0; i--) {
        changed[random.below(changed.length)] = random.pick([0, 1, 2, 127, 128, 255, random.below(256)]);
      }
      return changed;
    }
  }
}
