// gRPC framing: messages cut out of DATA, and prefixes written.
import type { Bench } from "tinybench";
import { MESSAGE_PREFIX_BYTES, writePrefix } from "../../transport/grpc/message_prefix.ts";
import { MessageReader } from "../../transport/grpc/message_reader.ts";
import { ReceivedMemory } from "../../transport/http2/received_memory.ts";
import { addBatch, expect, expectBytes, pattern } from "./batch.ts";

const SMALL = 1_000;
const SMALL_BYTES = 18;
const FRAME_BYTES = 16_384;
/** With its prefix it fills four frames. */
const LARGE_BYTES = 4 * FRAME_BYTES - MESSAGE_PREFIX_BYTES;

/** Adds the measurements. */
export function add(bench: Bench): void {
  addReading(bench, `${SMALL_BYTES} B, 1,000 in one piece, each`, SMALL, SMALL_BYTES, SMALL * 23);
  addReading(bench, "64 KiB over 4 frames", 1, LARGE_BYTES, FRAME_BYTES);
  addPrefixes(bench);
}

/** Lengths differ, and every octet of a prefix is read, or some would never be written. */
function addPrefixes(bench: Bench): void {
  const all = Array.from({ length: SMALL }, (_, i) => new Uint8Array(MESSAGE_PREFIX_BYTES + i));
  for (const framed of all) writePrefix(framed);
  expect("prefix", all[300]!.subarray(0, MESSAGE_PREFIX_BYTES).join(), "0,0,0,1,44");
  addBatch(bench, "messages: prefix written and read", SMALL, () => {
    let sum = 0;
    for (const framed of all) {
      writePrefix(framed);
      for (let at = 0; at < MESSAGE_PREFIX_BYTES; at++) sum = (sum * 31 + framed[at]!) | 0;
    }
    return sum;
  });
}

function addReading(bench: Bench, name: string, count: number, bytes: number, pieceBytes: number): void {
  const body = pattern(bytes);
  const stream = new Uint8Array(count * (MESSAGE_PREFIX_BYTES + bytes));
  for (let i = 0; i < count; i++) {
    const framed = stream.subarray(
      i * (MESSAGE_PREFIX_BYTES + bytes),
      (i + 1) * (MESSAGE_PREFIX_BYTES + bytes),
    );
    framed.set(body, MESSAGE_PREFIX_BYTES);
    writePrefix(framed);
  }
  let messages = 0;
  let sum = 0;
  let last: Uint8Array = new Uint8Array(0);
  const reader: MessageReader = new MessageReader(
    {
      onMessageBytes(message, wireBytes) {
        messages++;
        sum += message.length + message[message.length - 1]!;
        last = message;
        reader.taken(wireBytes);
      },
      onConsumed: (consumed) => void (sum += consumed),
      onMessageError(error) {
        throw new Error(`Cannot read messages: ${error.message}`);
      },
    },
    new ReceivedMemory(),
    1_000_000,
  );
  const run = () => {
    sum = 0;
    for (let at = 0; at < stream.length; at += pieceBytes) reader.read(stream.subarray(at, at + pieceBytes));
    return sum;
  };
  run();
  expect(`messages of ${name}`, messages, count);
  expectBytes(`messages of ${name}`, last, body);
  expect(`messages of ${name}, end`, reader.atBoundary, true);
  addBatch(bench, `messages read: ${name}`, count, run);
}
