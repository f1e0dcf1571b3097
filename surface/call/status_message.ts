// google.rpc.Status on the wire: `int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3`, and of an
// Any `string type_url = 1; bytes value = 2`. By hand, for every client has it, and most have no other message as large.

import { describe } from "../options.ts";
import { EncodeError } from "../proto/errors.ts";
import type { Reader } from "../proto/reader.ts";
import type { Writer } from "../proto/writer.ts";

/** A google.protobuf.Any. */
interface AnyMessage {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

/** A google.rpc.Status. */
export interface StatusMessage {
  readonly code: number;
  readonly message: string;
  readonly details: readonly AnyMessage[];
}

/** What a Status of `length` octets has that is asked for. Throws what `reader`, which has them, throws. */
export function readStatus(reader: Reader, length: number): Pick<StatusMessage, "code" | "details"> {
  let code = 0;
  const details: AnyMessage[] = [];
  while (reader.pos < length) {
    const tag = reader.tag();
    if (tag === 8) code = reader.int32();
    else if (tag === 18) reader.string();
    else if (tag === 26) details.push(readAny(reader));
    else reader.skip(tag);
  }
  return { code, details };
}

function readAny(reader: Reader): AnyMessage {
  const end = reader.delimited();
  let typeUrl = "";
  let value: Uint8Array = NONE;
  while (reader.pos < end) {
    const tag = reader.tag();
    if (tag === 10) typeUrl = reader.string();
    else if (tag === 18) value = reader.bytes();
    else reader.skip(tag);
  }
  if (reader.pos !== end) reader.beyond(end, "message");
  return { typeUrl, value };
}

/** Appends a Status. Throws EncodeError where a detail is none. */
export function writeStatus({ code, message, details }: StatusMessage, writer: Writer): void {
  writer.reserve(2);
  writer.buf[writer.pos++] = 8;
  writer.buf[writer.pos++] = code;
  if (message !== "") writeText(18, message, writer);
  for (const detail of details) writeAny(detail, writer);
}

function writeAny(any: AnyMessage, writer: Writer): void {
  const { typeUrl = "", value = NONE } = Object(any) as Partial<AnyMessage>;
  if (
    typeof any !== "object" || any === null || typeof typeUrl !== "string" || !(value instanceof Uint8Array)
  ) {
    throw new EncodeError(
      `Cannot encode google.protobuf.Any: expected { typeUrl, value }, found ${describe(any)}`,
    );
  }
  writer.reserve(2);
  writer.buf[writer.pos++] = 26;
  const mark = writer.open();
  if (typeUrl !== "") writeText(10, typeUrl, writer);
  if (value.length > 0) {
    writer.reserve(1);
    writer.buf[writer.pos++] = 18;
    writer.bytes(value);
  }
  writer.close(mark);
}

function writeText(tag: number, text: string, writer: Writer): void {
  writer.reserve(1);
  writer.buf[writer.pos++] = tag;
  writer.string(text);
}

const NONE = new Uint8Array(0);
