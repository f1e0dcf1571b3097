// Makes the functions that decode and encode a message type: compiled, or interpreted where the host compiles no text.

import type { FieldSchema, MessageSchema } from "../schema.ts";
import { prototypeOf } from "../defaults.ts";
import { JsonMessageCodec } from "../json/json_codec.ts";
import type { Registry } from "../json/registry.ts";
import type { CoderOf, ReadMessage, WriteMessage } from "./coder.ts";
import * as decodeHelpers from "./decode_helpers.ts";
import { emitDecoder, emitMessageClass } from "./emit_decoder.ts";
import { emitEncoder } from "./emit_encoder.ts";
import * as encodeHelpers from "./encode_helpers.ts";
import { interpretDecoder } from "./interpret_decoder.ts";
import { interpretEncoder } from "./interpret_encoder.ts";
import { CONSTANTS } from "./names.ts";
import { planOf } from "./plan.ts";

/** How messages are coded: by text that is compiled for their type, or by closures that follow its plan. */
export type Mode = "compiled" | "interpreted";

/** Whether the host compiles text; pages with a Content-Security-Policy and some workers do not. Known at first use. */
let compiles: boolean | undefined;

/** The best that the host allows. */
export function bestMode(): Mode {
  if (compiles === undefined) {
    try {
      compiles = new Function("return true")() === true;
    } catch {
      compiles = false;
    }
  }
  return compiles ? "compiled" : "interpreted";
}

/**
 * The codec of `schema`, made when it is first used; `codecOf` finds those of nested messages, and is asked then.
 * `registry`: what its JSON knows besides.
 */
export function makeCodec(
  schema: MessageSchema,
  codecOf: CoderOf,
  mode?: Mode,
  registry?: Registry,
): JsonMessageCodec {
  const codec: JsonMessageCodec = new JsonMessageCodec(
    schema,
    (reader, end, into, group) => {
      codec.read = makeDecoder(schema, codecOf, mode);
      return codec.read(reader, end, into, group);
    },
    (message, writer, field) => {
      codec.write = makeEncoder(schema, codecOf, mode);
      codec.write(message, writer, field);
    },
    registry,
  );
  return codec;
}

/** Makes the decoder of `schema`. */
function makeDecoder(schema: MessageSchema, coderOf: CoderOf, mode = bestMode()): ReadMessage {
  const plan = planOf(schema);
  if (mode === "interpreted") return interpretDecoder(plan, coderOf);
  const constants = nested(schema.fields, coderOf, (field) => field.enumType !== undefined);
  constants.text.push(
    `const Message = ${emitMessageClass(plan, CONSTANTS)};`,
    "Message.prototype = own.prototype;",
  );
  return compile<ReadMessage>(DECODE_HELPERS, emitDecoder(plan, CONSTANTS), constants.text, {
    ...constants.own,
    enums: schema.fields.map((field) => field.enumType && decodeHelpers.enumNames(field.enumType)),
    prototype: prototypeOf(schema),
  });
}

/** Makes the encoder of `schema`. */
function makeEncoder(schema: MessageSchema, coderOf: CoderOf, mode = bestMode()): WriteMessage {
  const plan = planOf(schema);
  if (mode === "interpreted") return interpretEncoder(plan, coderOf);
  const constants = nested(schema.fields, coderOf, () => false);
  constants.text.push(
    // A literal's strings are compared by address.
    `const KEYS = ${JSON.stringify(plan.keys)}, KNOWN = new Set(KEYS), S = own.schema;`,
    ...schema.fields.map((_, i) => `const F${i} = S.fields[${i}];`),
  );
  return compile<WriteMessage>(ENCODE_HELPERS, emitEncoder(plan, CONSTANTS), constants.text, {
    ...constants.own,
    schema,
  });
}

function nested(fields: readonly FieldSchema[], coderOf: CoderOf, hasEnum: (field: FieldSchema) => boolean) {
  const text: string[] = [];
  fields.forEach((field, i) => {
    if (field.messageType !== undefined) text.push(`const C${i} = own.coders[${i}];`);
    if (hasEnum(field)) text.push(`const E${i} = own.enums[${i}];`);
  });
  return { text, own: { coders: fields.map(({ messageType }) => messageType && coderOf(messageType)) } };
}

/** Helpers as emitted code reaches them: an object, and the line that names them all. */
class Helpers {
  readonly line: string;
  readonly all: object;

  constructor(module: object) {
    this.all = { ...module };
    this.line = `const { ${Object.keys(module).join(", ")} } = helpers;`;
  }
}

const DECODE_HELPERS = new Helpers(decodeHelpers);
const ENCODE_HELPERS = new Helpers(encodeHelpers);

/** Compiles the text of a function. `own` is what only it has, `text` makes constants of it. */
function compile<T>(helpers: Helpers, body: string, text: readonly string[], own: object): T {
  const lines = ['"use strict";', helpers.line, ...text, `return ${body};`];
  return new Function("helpers", "own", lines.join("\n"))(helpers.all, own) as T;
}
