// A message as JSON with all its fields, for a person to fill in.

import type { JsonCodec } from "../../proto/json/json_codec.ts";
import type { FieldNode, MessageNode } from "../../proto/language/nodes.ts";
import type { Json } from "../../proto/mod.ts";
import { jsonNameOf } from "../../proto/schema.ts";

/** Messages nested deeper, and those inside themselves, are empty. */
const MOST_DEPTH = 6;

/** JSON of a message in which every field is there; of a oneof its first member. */
export function template(
  node: MessageNode,
  codec: JsonCodec,
  codecs: Readonly<Record<string, JsonCodec>>,
): Json {
  return new TemplateMaker(codecs).message(node, codec, []);
}

class TemplateMaker {
  constructor(private readonly codecs: Readonly<Record<string, JsonCodec>>) {}

  message(node: MessageNode, codec: JsonCodec, around: readonly MessageNode[]): Json {
    const empty = emptyOf(codec);
    // Timestamps and others whose JSON is no object of their fields.
    if (node.fullName.startsWith("google.protobuf.") || typeof empty !== "object" || empty === null) {
      return empty;
    }
    const filled: Record<string, Json> = {};
    if (around.includes(node) || around.length >= MOST_DEPTH) return filled;
    for (const field of node.fields) {
      if (field.oneof !== undefined && field.oneof.fields[0] !== field) continue;
      filled[jsonName(field)] = this.field(field, [...around, node]);
    }
    return filled;
  }

  private field(field: FieldNode, around: readonly MessageNode[]): Json {
    if (field.entry !== undefined) {
      const [key, item] = field.entry.fields;
      return { [String(this.value(key!, around))]: this.value(item!, around) };
    }
    const value = this.value(field, around);
    return field.label === "repeated" ? [value] : value;
  }

  private value({ target, type }: FieldNode, around: readonly MessageNode[]): Json {
    if (target?.kind === "enum") return target.values[0]!.name;
    if (target?.kind === "message") return this.message(target, this.codecs[target.fullName]!, around);
    if (type === "bool") return false;
    if (type === "string" || type === "bytes") return "";
    return type?.endsWith("64") ? "0" : 0;
  }
}

/** JSON of the empty message; of an Any and its like, which cannot be empty, an empty object. */
function emptyOf(codec: JsonCodec): Json {
  try {
    return codec.toJson(codec.decode(new Uint8Array(0)), { emitDefaults: true });
  } catch {
    return {};
  }
}

function jsonName({ jsonName, name }: FieldNode): string {
  return jsonName ?? jsonNameOf(name);
}
