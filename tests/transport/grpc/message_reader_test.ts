// Length-prefixed messages out of DATA, wherever it is split, and what is refused.
import { assertEquals, assertMatch } from "@std/assert";
import { garbage } from "../../../pollers/native/external_memory.ts";
import type { MessageError } from "../../../transport/grpc/message_limits.ts";
import { writePrefix } from "../../../transport/grpc/message_prefix.ts";
import { MessageReader } from "../../../transport/grpc/message_reader.ts";
import { ReceivedMemory } from "../../../transport/http2/received_memory.ts";
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import { runtime, test } from "../../harness.ts";

/** Keeps what a reader says; gives messages back to the windows only by `take`. */
class Recorder {
  readonly messages: Uint8Array[] = [];
  readonly wireBytes: number[] = [];
  readonly errors: MessageError[] = [];
  consumed = 0;
  readonly left: number[] = [];
  onMessageBytes(bytes: Uint8Array, wireBytes: number): void {
    this.messages.push(bytes);
    this.wireBytes.push(wireBytes);
  }
  onConsumed(bytes: number, left: number): void {
    this.consumed += bytes;
    this.left.push(left);
  }
  onMessageError(error: MessageError): void {
    this.errors.push(error);
  }
}

function framed(...bodies: Uint8Array[]): Uint8Array {
  const parts = bodies.flatMap((body) => {
    const one = new Uint8Array(5 + body.length);
    one.set(body, 5);
    writePrefix(one);
    return [...one];
  });
  return Uint8Array.from(parts);
}

function reading(maxBytes = 1_000): [MessageReader, Recorder] {
  const recorder = new Recorder();
  return [new MessageReader(recorder, new ReceivedMemory(), maxBytes), recorder];
}

const body = (length: number) => Uint8Array.from({ length }, (_, i) => i * 7);
const BODIES = [body(0), body(1), body(40), body(0), body(300)];

test("messages come out the same whichever way the stream is cut in two", () => {
  const stream = framed(...BODIES);
  for (let cut = 0; cut <= stream.length; cut++) {
    const [reader, recorder] = reading();
    reader.read(stream.subarray(0, cut));
    reader.read(stream.subarray(cut));
    assertEquals(recorder.messages, BODIES, `cut at ${cut}`);
    assertEquals(recorder.errors, []);
    assertEquals(reader.atBoundary, true);
  }
});

test("messages come out of single octets, and the end is a boundary only between messages", () => {
  const stream = framed(...BODIES);
  const [reader, recorder] = reading();
  const boundaries: number[] = [];
  for (let at = 0; at < stream.length; at++) {
    reader.read(stream.subarray(at, at + 1));
    if (reader.atBoundary) boundaries.push(at + 1);
  }
  assertEquals(recorder.messages, BODIES);
  assertEquals(boundaries, [5, 11, 56, 61, 366]);
});

test("a message within one piece is a view of it; one over several is a buffer of its own", () => {
  const stream = framed(body(10));
  const [reader, recorder] = reading();
  reader.read(stream);
  reader.read(stream.subarray(0, 8));
  reader.read(stream.subarray(8));
  assertEquals(recorder.messages.map((message) => message.buffer === stream.buffer), [true, false]);
});

test("every octet of the stream goes back to the windows exactly once", () => {
  const stream = framed(...BODIES);
  for (const step of [1, 3, 5, 6, 64, stream.length]) {
    const [reader, recorder] = reading();
    for (let at = 0; at < stream.length; at += step) reader.read(stream.subarray(at, at + step));
    let given = recorder.consumed;
    for (const wireBytes of recorder.wireBytes) given += reader.taken(wireBytes);
    assertEquals(given, stream.length, `in steps of ${step}`);
  }
});

test("a message that is cut while earlier ones wait gives nothing back until they are taken", () => {
  const [reader, recorder] = reading();
  reader.read(framed(body(10)));
  reader.read(framed(body(100)).subarray(0, 50));
  assertEquals(recorder.consumed, 0);
  assertEquals(reader.taken(recorder.wireBytes[0]!), 15 + 50);
  // From then on it is given back as it comes, and what is left when it is taken.
  reader.read(framed(body(100)).subarray(50, 90));
  assertEquals([recorder.consumed, recorder.left], [40, [15]]);
  reader.read(framed(body(100)).subarray(90));
  assertEquals([recorder.consumed, reader.taken(recorder.wireBytes[1]!)], [40, 15]);
});

test("what is put together behind several messages waits for the last of them", () => {
  const [reader, recorder] = reading();
  reader.read(framed(body(10), body(20)));
  reader.read(framed(body(100)).subarray(0, 50));
  assertEquals(reader.taken(15), 15);
  reader.read(framed(body(100)).subarray(50, 60));
  assertEquals([recorder.consumed, reader.taken(25)], [0, 25 + 60]);
});

test("what is put together counts as consumed, its prefix too, and what is left of it is said", () => {
  const stream = framed(body(100));
  for (const cut of [3, 5, 6]) {
    const [reader, recorder] = reading();
    for (const [at, end] of [[0, cut], [cut, 50], [50, 105]]) reader.read(stream.subarray(at, end));
    assertEquals([recorder.consumed, recorder.left.at(-1)], [50, 55], `cut at ${cut}`);
    assertEquals(reader.taken(recorder.wireBytes[0]!), 55);
  }
});

test("a message above the limit is RESOURCE_EXHAUSTED at its prefix, one at the limit is none", () => {
  const [reader, recorder] = reading(100);
  reader.read(framed(body(100)));
  assertEquals([recorder.messages.length, recorder.errors], [1, []]);
  reader.read(framed(body(101)).subarray(0, 5));
  assertEquals(recorder.errors[0]!.code, GrpcStatus.RESOURCE_EXHAUSTED);
  assertMatch(recorder.errors[0]!.message, /101 bytes is above the limit of 100/);
  reader.read(framed(body(1)));
  reader.read(body(200));
  assertEquals([recorder.messages.length, recorder.errors.length], [1, 1]);
});

test("a length of 2^32 - 1 is read as such", () => {
  const [reader, recorder] = reading();
  reader.read(Uint8Array.of(0, 255, 255, 255, 255));
  assertMatch(recorder.errors[0]!.message, /4294967295 bytes/);
});

test("[C74] the compressed flag is INTERNAL without grpc-encoding, and 2 is no flag", () => {
  for (const flag of [1, 2]) {
    const [reader, recorder] = reading();
    reader.read(Uint8Array.of(flag, 0, 0, 0, 0));
    assertEquals(recorder.errors.map((error) => error.code), [GrpcStatus.INTERNAL], `flag ${flag}`);
  }
});

test("a message that says it is large takes no more than eight times what has come of it", () => {
  const whole = framed(body(4_000_000));
  const [reader] = reading(4_000_000);
  for (let at = 0, piece = 6; at < whole.length; at += piece, piece = Math.min(50_000, piece * 2)) {
    reader.read(whole, at, Math.min(at + piece, whole.length));
    const room = reader["assembled"].length;
    const come = Math.min(at + piece, whole.length) - 5;
    assertEquals(room <= 8 * come, true, `${room} octets for ${come}`);
  }
});

test("a message within one piece is a copy where the piece is lent", () => {
  for (const lent of [false, true]) {
    const recorder = new Recorder();
    const memory = new ReceivedMemory();
    const reader = new MessageReader(recorder, memory, 1_000);
    memory.lent = lent;
    const stream = framed(...BODIES);
    reader.read(stream);
    assertEquals(recorder.messages.filter(({ buffer }) => buffer === stream.buffer).length, lent ? 0 : 5);
    if (lent) stream.fill(0);
    assertEquals(recorder.messages, BODIES);
  }
});

test("V8 is given garbage beside a large message that is put together, so that it collects such arrays early", () => {
  const [reader, { messages }] = reading(100_000);
  const stream = framed(body(65_536));
  garbage.last = [];
  for (let at = 0; at < stream.length; at += 16_384) {
    reader.read(stream.subarray(at, at + 16_384));
  }
  assertEquals(messages.length, 1);
  assertEquals(garbage.last.length > 0, runtime !== "bun");
});
