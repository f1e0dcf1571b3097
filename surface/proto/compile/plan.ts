// What coding a message type takes, decided once: emitted code and the interpreter both follow it.

import {
  type FieldSchema,
  type FieldType,
  type MessageSchema,
  tagOf,
  WireType,
  wireTypeOf,
} from "../schema.ts";

/** What a field's place in a message is. */
export type Kind = "single" | "member" | "list" | "map";

/** How one field is coded. */
export interface FieldPlan {
  readonly schema: FieldSchema;
  /** Place among the fields of its message. */
  readonly index: number;
  readonly kind: Kind;
  /** The variable that holds it while the message is decoded: members of a oneof share one, since at most one is set. */
  readonly slot: number;
  /** Place of its oneof among those of the message; -1 where it is in none. */
  readonly oneof: number;
  /** The tag before one value; of a map: before an entry. */
  readonly tag: number;
  /** The tag behind a group; 0 where the value is none. */
  readonly endTag: number;
  /** The tag before many values in one; 0 where there is no such form. */
  readonly packedTag: number;
  /** Whether encoding leaves its default out. */
  readonly omitsDefault: boolean;
  /** Whether only an own property counts, since objects inherit one of the name. */
  readonly own: boolean;
}

/** How a message type is coded. */
export interface MessagePlan {
  readonly schema: MessageSchema;
  readonly fields: readonly FieldPlan[];
  /** Variables of fields. */
  readonly slots: number;
  readonly oneofs: readonly string[];
  /** The properties of a decoded message, in order: fields, then oneofs. */
  readonly keys: readonly string[];
}

/** Names that every object inherits: only an own property counts as the field. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

/** Whether objects inherit a property of this name. */
export function isInherited(name: string): boolean {
  return INHERITED.has(name);
}

/** The plan of `schema`. */
export function planOf(schema: MessageSchema): MessagePlan {
  const { oneofs } = schema;
  let slots = oneofs.length;
  const fields = schema.fields.map((field, index): FieldPlan => {
    const oneof = field.oneof === undefined ? -1 : oneofs.indexOf(field.oneof);
    return {
      schema: field,
      index,
      kind: field.shape === "map"
        ? "map"
        : field.shape === "repeated"
        ? "list"
        : oneof < 0
        ? "single"
        : "member",
      slot: oneof < 0 ? slots++ : oneof,
      oneof,
      tag: tagOf(field.number, firstWireType(field)),
      endTag: field.delimited ? tagOf(field.number, WireType.GROUP_END) : 0,
      packedTag: field.shape === "repeated" && isPackable(field.type)
        ? tagOf(field.number, WireType.DELIMITED)
        : 0,
      omitsDefault: field.shape === "singular" && field.presence === "implicit",
      // Decoded messages inherit declared defaults, which are not sent.
      own: isInherited(field.name) || field.explicitDefault !== undefined,
    };
  });
  return {
    schema,
    fields,
    slots,
    oneofs,
    keys: [...schema.fields.map(({ name }) => name), ...oneofs],
  };
}

function firstWireType(field: FieldSchema): number {
  if (field.shape === "map") return WireType.DELIMITED;
  return field.delimited ? WireType.GROUP_START : wireTypeOf(field.type);
}

function isPackable(type: FieldType): boolean {
  return wireTypeOf(type) !== WireType.DELIMITED;
}

/** Types whose encoded values all have the same size: 4 or 8 octets; 0 for others. */
export function fixedSize(type: FieldType): number {
  const wireType = wireTypeOf(type);
  return wireType === WireType.FIXED32 ? 4 : wireType === WireType.FIXED64 ? 8 : 0;
}
