// Encodes a message type step by step, by the plan that code is emitted from: for hosts that compile no text.

import { ROOM_BYTES, type Writer } from "../writer.ts";
import { SIGNED } from "../encode_values.ts";
import { type FieldType, tagOf, WireType, wireTypeOf } from "../schema.ts";
import { unknownFields } from "../unknown_fields.ts";
import type { CoderOf, Message, WriteMessage } from "./coder.ts";
import * as helpers from "./encode_helpers.ts";
import { type FieldPlan, fixedSize, isInherited, type MessagePlan } from "./plan.ts";
import { rowOf, TYPES } from "./type_table.ts";

/** Writes the value of one field, which is neither undefined nor null. `set` are the members that are set so far, by oneof. */
type Step = (value: unknown, writer: Writer, set: (string | undefined)[]) => void;

/** Writes one checked value behind a tag. */
type WriteValue = (value: unknown, writer: Writer) => void;

/** The function that encodes messages of `plan`. */
export function interpretEncoder(plan: MessagePlan, coderOf: CoderOf): WriteMessage {
  const { schema, fields, oneofs, keys } = plan;
  const known = new Set(keys);
  const steps = fields.map((field) => stepOf(field, coderOf));
  return (given, writer, field) => {
    const message: Message = given.constructor === Object ? given : helpers.toMessage(schema, given, field);
    for (const key in message) if (!known.has(key)) helpers.stray(schema, message, key);
    const set: (string | undefined)[] = new Array(oneofs.length).fill(undefined);
    fields.forEach((one, i) => {
      const value = property(message, one.schema.name, one.own);
      const present = value !== undefined && value !== null;
      if (present && (!one.omitsDefault || rowOf(one.schema).isPresent(value))) {
        steps[i]!(value, writer, set);
      } else if (one.schema.presence === "required" && one.schema.shape === "singular") {
        helpers.missing(one.schema);
      }
    });
    oneofs.forEach((oneof, o) => {
      const value = set[o] === undefined ? property(message, oneof, isInherited(oneof)) : undefined;
      if (value !== undefined && value !== null) helpers.unset(schema, oneof, value);
    });
    const unknown = (message as Record<PropertyKey, unknown>)[unknownFields];
    if (unknown !== undefined) helpers.writeUnknown(schema, unknown, writer);
  };
}

function property(message: Message, name: string, own: boolean): unknown {
  return !own || Object.hasOwn(message, name) ? message[name] : undefined;
}

function stepOf(field: FieldPlan, coderOf: CoderOf): Step {
  if (field.kind === "map") return mapStep(field, coderOf);
  if (field.kind === "list") return field.schema.packed ? packedStep(field) : listStep(field, coderOf);
  const { schema, omitsDefault, oneof } = field;
  const write = valueWriter(field, schema.number, schema.type, coderOf);
  return (given, writer, set) => {
    if (field.kind === "member") {
      if (set[oneof] !== undefined) helpers.twice(schema, set[oneof]);
      set[oneof] = schema.name;
    }
    const value = convert(field, schema.type, given);
    if (omitsDefault && schema.type === "enum" && value === 0) return;
    if (omitsDefault && schema.type === "bytes" && (value as Uint8Array).length === 0) return;
    write(value, writer);
  };
}

/** The checked form of a value. */
function convert({ schema }: FieldPlan, type: FieldType, value: unknown): unknown {
  if (TYPES[type].refuses(value)) helpers.bad(schema, value);
  if (type === "enum") return helpers.toEnum(schema, value);
  if (TYPES[type].refusal !== "") return value;
  const signed = SIGNED.has(type);
  const [least, most] = signed ? [helpers.LEAST, helpers.MOST] : [0n, helpers.MOST_UNSIGNED];
  if (typeof value === "bigint" && value >= least && value <= most) return value;
  return helpers.toLong(schema, value, signed);
}

function valueWriter(field: FieldPlan, number: number, type: FieldType, coderOf: CoderOf): WriteValue {
  const { schema, endTag } = field;
  const tag = endTag === 0 ? tagOf(number, wireTypeOf(type)) : field.tag;
  if (type !== "message") {
    return (value, writer) => {
      writer.reserve(ROOM_BYTES);
      writer.uint32(tag);
      writeScalar(writer, type, value);
    };
  }
  const coder = coderOf(schema.messageType!);
  return (value, writer) => {
    writer.reserve(ROOM_BYTES);
    writer.uint32(tag);
    if (endTag === 0) {
      const mark = writer.open();
      coder.write(value as Message, writer, schema);
      writer.close(mark);
      return;
    }
    writer.enterGroup();
    coder.write(value as Message, writer, schema);
    writer.leaveGroup();
    writer.reserve(ROOM_BYTES);
    writer.uint32(endTag);
  };
}

function writeScalar(writer: Writer, type: FieldType, value: unknown): void {
  writer[(type === "enum" ? "int32" : type) as "int32"](value as number);
}

function arrayOf({ schema }: FieldPlan, value: unknown): ArrayLike<unknown> {
  const { typed } = TYPES[schema.type];
  const Typed = typed === ""
    ? undefined
    : (globalThis as unknown as Record<string, typeof Int32Array>)[typed];
  if (!Array.isArray(value) && !(Typed !== undefined && value instanceof Typed)) {
    helpers.bad(schema, value, "an array");
  }
  return value as ArrayLike<unknown>;
}

function listStep(field: FieldPlan, coderOf: CoderOf): Step {
  const { number, type } = field.schema;
  const write = valueWriter(field, number, type, coderOf);
  return (given, writer) => {
    const list = arrayOf(field, given);
    for (let i = 0; i < list.length; i++) write(convert(field, type, list[i]), writer);
  };
}

function packedStep(field: FieldPlan): Step {
  const { type } = field.schema;
  const { writeMany } = TYPES[type];
  const many = writeMany === "" ? undefined : helpers[writeMany as "writeInt32s"];
  return (given, writer) => {
    const list = arrayOf(field, given);
    if (list.length === 0) return;
    writer.reserve(ROOM_BYTES);
    writer.uint32(field.packedTag);
    if (many !== undefined && fixedSize(type) !== 0) {
      writer.uint32(list.length * fixedSize(type));
      return many(writer, field.schema, list as ArrayLike<number>);
    }
    const mark = writer.openPart();
    if (many !== undefined) many(writer, field.schema, list as ArrayLike<number>);
    for (let i = 0; many === undefined && i < list.length; i++) {
      const value = convert(field, type, list[i]);
      writer.reserve(ROOM_BYTES);
      writeScalar(writer, type, value);
    }
    writer.closePart(mark);
  };
}

function mapStep(field: FieldPlan, coderOf: CoderOf): Step {
  const { type, keyType, number } = field.schema;
  const tag = tagOf(number, WireType.DELIMITED);
  const writeKey = valueWriter(field, 1, keyType!, coderOf);
  const writeValue = valueWriter(field, 2, type, coderOf);
  return (given, writer) => {
    const map = given instanceof Map ? given : undefined;
    for (const key of helpers.keysOf(field.schema, given)) {
      const item = map === undefined ? (given as Record<string, unknown>)[key as string] : map.get(key);
      const checked = helpers.toKey(field.schema, key);
      writer.reserve(ROOM_BYTES);
      writer.uint32(tag);
      const mark = writer.openPart();
      writeKey(checked, writer);
      writeValue(convert(field, type, item), writer);
      writer.closePart(mark);
    }
  };
}
