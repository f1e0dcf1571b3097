// Decodes a message type step by step, by the plan that code is emitted from: for hosts that compile no text.

import { elementsOf } from "../elements.ts";
import { prototypeOf, put } from "../defaults.ts";
import type { Reader } from "../reader.ts";
import { type FieldSchema, type FieldType, tagOf, WireType, wireTypeOf } from "../schema.ts";
import type { UnknownFields } from "../unknown_fields.ts";
import type { Coder, CoderOf, Message, ReadMessage } from "./coder.ts";
import * as helpers from "./decode_helpers.ts";
import { longIn } from "./longs.ts";
import type { FieldPlan, MessagePlan } from "./plan.ts";
import { rowOf, TYPES } from "./type_table.ts";

/** A message while it is decoded: what emitted code has in variables. */
interface State {
  readonly values: unknown[];
  readonly oneofs: (string | undefined)[];
  unknown: UnknownFields | undefined;
}

/** Reads what stands behind a tag. */
type Step = (reader: Reader, state: State) => void;

/** Reads one value; `into` is an earlier part of the same message. */
type ReadValue = (reader: Reader, into: unknown) => unknown;

/** The function that decodes messages of `plan`. */
export function interpretDecoder(plan: MessagePlan, coderOf: CoderOf): ReadMessage {
  const steps = new Map<number, Step>();
  for (const field of plan.fields) addSteps(field, coderOf, steps);
  const { usedAsGroup } = plan.schema;
  const prototype = prototypeOf(plan.schema);
  return (reader, end, into, group) => {
    const state = begin(plan, into);
    while (reader.pos < end) {
      const start = reader.pos;
      const tag = reader.tag();
      const step = steps.get(tag);
      if (step !== undefined) step(reader, state);
      else if (usedAsGroup && tag === group && group !== 0) end = -1;
      else state.unknown = helpers.skip(reader, tag, start, state.unknown);
    }
    if (group !== 0) {
      if (end !== -1) reader.fail("the message ends inside a group");
    } else if (reader.pos !== end) {
      reader.beyond(end, "message");
    }
    const message = finish(plan, state, reader, prototype);
    return state.unknown === undefined ? message : state.unknown.attach(message) as Message;
  };
}

function begin({ fields, oneofs, slots }: MessagePlan, into: Message | undefined): State {
  const state: State = {
    values: new Array(slots).fill(undefined),
    oneofs: new Array(oneofs.length).fill(undefined),
    unknown: undefined,
  };
  for (const field of fields) {
    if (field.kind !== "single" || !field.omitsDefault) continue;
    const { enumType } = field.schema;
    state.values[field.slot] = enumType === undefined
      ? rowOf(field.schema).zeroValue
      : helpers.enumNames(enumType)(enumType.first);
  }
  if (into === undefined) return state;
  state.unknown = helpers.unknownOf(into);
  oneofs.forEach((oneof, o) => {
    const member = into[oneof] as string | undefined;
    state.oneofs[o] = member;
    if (member !== undefined) state.values[o] = into[member];
  });
  for (const { kind, slot, schema } of fields) {
    if (kind === "member" || (schema.explicitDefault !== undefined && !Object.hasOwn(into, schema.name))) {
      continue;
    }
    state.values[slot] = into[schema.name];
  }
  return state;
}

function finish(plan: MessagePlan, state: State, reader: Reader, prototype: object): Message {
  const message: Message = Object.create(prototype);
  for (const { kind, schema, slot } of plan.fields) {
    if (kind !== "single" || schema.presence !== "required" || state.values[slot] !== undefined) continue;
    reader.missing(schema.fullName);
  }
  for (const field of plan.fields) {
    if (field.schema.explicitDefault === undefined) put(message, field.schema.name, valueOf(field, state));
  }
  plan.oneofs.forEach((oneof, o) => put(message, oneof, state.oneofs[o]));
  for (const field of plan.fields) {
    const value = field.schema.explicitDefault === undefined ? undefined : valueOf(field, state);
    if (value !== undefined) put(message, field.schema.name, value);
  }
  return message;
}

function valueOf({ kind, slot, oneof, schema }: FieldPlan, { values, oneofs }: State): unknown {
  if (kind === "list") return values[slot] ?? [];
  if (kind === "map") return values[slot] ?? {};
  return kind === "single" || oneofs[oneof] === schema.name ? values[slot] : undefined;
}

function addSteps(field: FieldPlan, coderOf: CoderOf, steps: Map<number, Step>): void {
  const { schema, slot, oneof, kind } = field;
  const read = readerOf(field, coderOf);
  switch (kind) {
    case "map":
      steps.set(field.tag, mapStep(field, coderOf, read));
      return;
    case "single":
      steps.set(
        field.tag,
        one(field, read, ({ values }) => values[slot], (x, { values }) => values[slot] = x),
      );
      return;
    case "member": {
      const set = (x: unknown, { values, oneofs }: State) => {
        values[slot] = x;
        oneofs[oneof] = schema.name;
      };
      const into = ({ values, oneofs }: State) => oneofs[oneof] === schema.name ? values[slot] : undefined;
      steps.set(field.tag, one(field, read, into, set));
      return;
    }
    case "list":
      steps.set(field.tag, one(field, read, () => undefined, (x, state) => listOf(slot, state).push(x)));
      if (field.packedTag !== 0) steps.set(field.packedTag, packedStep(field, steps.get(field.tag)!));
  }
}

function listOf(slot: number, { values }: State): unknown[] {
  return (values[slot] ??= []) as unknown[];
}

/** Reads a value and does `set` with it; one that a closed enum does not have is an unknown field. */
function one(
  field: FieldPlan,
  read: ReadValue,
  into: (state: State) => unknown,
  set: (value: unknown, state: State) => void,
): Step {
  const closed = field.schema.enumType?.closed === true;
  const tag = tagOf(field.schema.number, WireType.VARINT);
  return (reader, state) => {
    const from = reader.pos;
    const value = read(reader, into(state));
    if (closed && value === undefined) state.unknown = helpers.keep(reader, tag, from, state.unknown);
    else set(value, state);
  };
}

function packedStep({ schema, slot }: FieldPlan, each: Step): Step {
  const name = rowOf(schema).readMany;
  if (name !== "") {
    const many = helpers[name as "readInt32s"];
    return (reader, state) => many(reader, listOf(slot, state) as number[]);
  }
  return (reader, state) => {
    const end = reader.delimited();
    while (reader.pos < end) each(reader, state);
    if (reader.pos !== end) reader.beyond(end, "field");
  };
}

function readerOf({ schema, endTag }: FieldPlan, coderOf: CoderOf): ReadValue {
  const { type, enumType, messageType } = schema;
  if (enumType !== undefined) {
    const name = helpers.enumNames(enumType);
    return (reader) => name(reader.int32());
  }
  if (messageType === undefined) {
    const { longs } = schema;
    if (longs !== undefined) return (reader) => longIn(longs, reader, reader[type as "int64"]());
    return scalarReader(type, schema);
  }
  const coder = coderOf(messageType);
  return (reader, into) => {
    const elements = elementsOf(messageType);
    const end = endTag === 0 ? reader.enter(elements) : helpers.enterGroup(reader, elements);
    const value = coder.read(reader, end, into as Message | undefined, endTag);
    reader.depth--;
    return value;
  };
}

function scalarReader(type: FieldType, { lenient }: FieldSchema): ReadValue {
  if (type === "string") return (reader) => reader.string(lenient);
  return (reader) => reader[type as "int32"]();
}

function mapStep(field: FieldPlan, coderOf: CoderOf, read: ReadValue): Step {
  const { type, keyType, messageType, enumType } = field.schema;
  const readKey = scalarReader(keyType!, field.schema);
  const keyTag = tagOf(1, wireTypeOf(keyType!));
  const valueTag = tagOf(2, wireTypeOf(type));
  const first = enumType === undefined
    ? rowOf(field.schema).zeroValue
    : helpers.enumNames(enumType)(enumType.first);
  const coder: Coder | undefined = messageType && coderOf(messageType);
  return (reader, state) => {
    reader.spend(1);
    const from = reader.pos;
    const end = reader.delimited();
    let key = TYPES[keyType!].zeroValue;
    let value = first;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === keyTag) key = readKey(reader, undefined);
      else if (tag === valueTag) value = read(reader, value);
      else reader.skip(tag);
    }
    if (reader.pos !== end) reader.beyond(end, "map entry");
    if (coder !== undefined && value === undefined) {
      reader.spend(elementsOf(messageType!));
      value = coder.read(reader, end, undefined, 0);
    }
    if (value === undefined) {
      state.unknown = helpers.keep(reader, field.tag, from, state.unknown);
      return;
    }
    put((state.values[field.slot] ??= {}) as Message, key as string, value);
  };
}
