// What JSON of a message type takes, decided once: the keys its fields are known by, and how its type is special.

import { prototypeOf } from "../defaults.ts";
import { elementsOf } from "../elements.ts";
import { hasOwnForm } from "./own_form.ts";
import type { FieldSchema, MessageSchema } from "../schema.ts";

/** One field as JSON has it. */
export interface JsonField {
  readonly schema: FieldSchema;
  /** Place among the fields of its message. */
  readonly index: number;
  /** As the .proto file writes it. */
  readonly originalName: string;
  /** Place of its oneof among those of the message; -1 where it is in none. */
  readonly oneof: number;
  /** Whether only an own property counts: decoded messages inherit declared defaults, all objects inherit some names. */
  readonly own: boolean;
}

/** How a message type is read from JSON and written as JSON. */
export interface JsonPlan {
  readonly schema: MessageSchema;
  readonly fields: readonly JsonField[];
  /** Fields by their JSON names and by their original ones. */
  readonly byKey: ReadonlyMap<string, JsonField>;
  /** Keys that a message may have. */
  readonly known: ReadonlySet<string>;
  /** What one message counts; see `elements.ts`. */
  readonly elements: number;
  /** The prototype of decoded messages. */
  readonly prototype: object;
  /** Whether its JSON is something else than an object of its fields. */
  readonly ownForm: boolean;
}

const plans = new WeakMap<MessageSchema, JsonPlan>();

/** The plan of `schema`. */
export function jsonPlanOf(schema: MessageSchema): JsonPlan {
  let plan = plans.get(schema);
  if (plan === undefined) plans.set(schema, plan = makePlan(schema));
  return plan;
}

function makePlan(schema: MessageSchema): JsonPlan {
  const { oneofs, fullName } = schema;
  const fields = schema.fields.map((field, index): JsonField => ({
    schema: field,
    index,
    originalName: field.fullName.slice(field.fullName.lastIndexOf(".") + 1),
    oneof: field.oneof === undefined ? -1 : oneofs.indexOf(field.oneof),
    own: field.explicitDefault !== undefined || field.name in Object.prototype,
  }));
  const byKey = new Map<string, JsonField>();
  // A JSON name that is another field's original name is the JSON name.
  for (const field of fields) byKey.set(field.originalName, field);
  for (const field of fields) byKey.set(field.schema.jsonName, field);
  return {
    schema,
    fields,
    byKey,
    known: new Set([...schema.fields.map(({ name }) => name), ...oneofs]),
    elements: elementsOf(schema),
    prototype: prototypeOf(schema),
    ownForm: hasOwnForm(fullName),
  };
}
