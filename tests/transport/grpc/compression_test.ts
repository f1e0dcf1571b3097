// Compressed messages on streams whose peer is the test: what is read, what is refused, and what waits (compression.md).
import process from "node:process";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { DEFLATE, GZIP } from "../../../pollers/native/zlib.ts";
import { ExecCtx } from "../../../pollers/contract/exec_ctx.ts";
import type { ClientStreamLimits, StreamCompression } from "../../../transport/grpc/client_stream.ts";
import { compressedStreams } from "../../../transport/grpc/compressed_client_streams.ts";
import { markUncompressed, type MessageEncoding } from "../../../transport/grpc/compression.ts";
import type { MessageLimits } from "../../../transport/grpc/message_limits.ts";
import { GrpcStatus } from "../../../transport/grpc/status_mapping.ts";
import type { RequestHead } from "../../../transport/transport.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { data, END_STREAM, uint32 } from "../http2/wire.ts";
import { ClientCall, message, REQUEST, RESPONSE, ServerCalls } from "./recording_call.ts";

const OK = [["grpc-status", "0"]] as const;

/** Callbacks run when the test says so. */
class Turns extends ExecCtx {
  constructor() {
    super(() => {});
  }
  run(): void {
    this.enter(() => {}, undefined);
  }
}

/** Limits with encodings, and the turns of what waits. */
function compressing(
  limits: Partial<MessageLimits> = {},
  accepted: readonly MessageEncoding[] = [DEFLATE, GZIP],
  outgoing?: MessageEncoding,
): [Partial<ClientStreamLimits>, Turns] {
  const execCtx = new Turns();
  return [{
    ...limits,
    encodings: { accepted, outgoing, execCtx },
    compressed: compressedStreams as StreamCompression,
  }, execCtx];
}

/** `content` as a compressed message. */
function packed(encoding: MessageEncoding, content: Uint8Array): Uint8Array {
  const octets = encoding.compress(content, 0);
  return concat(Uint8Array.of(1), uint32(octets.length), octets);
}

const zeros = (length: number): Uint8Array => new Uint8Array(length);

const fields = (name: string) => [["grpc-encoding", name]] as Array<[string, string]>;

/** A client's call whose response has `encoding`. */
function response(encoding: string, limits: Partial<ClientStreamLimits>, ...parts: Uint8Array[]): ClientCall {
  const call = new ClientCall([], limits);
  call.bench.send(call.bench.headers(1, [...RESPONSE, ...fields(encoding)]));
  for (const part of parts) call.bench.send(data(1, part));
  return call;
}

class Recording extends ServerCalls {
  head: RequestHead | undefined;
  override onBegin(head: RequestHead): void {
    this.head = head;
  }
}

/** A server's calls, one of which has `extra` fields. */
function request(
  extra: Array<[string, string]>,
  limits: Partial<MessageLimits>,
  ...parts: Uint8Array[]
): Recording {
  const calls = new Recording([], limits);
  calls.bench.send(calls.bench.headers(1, [...REQUEST, ...extra]));
  for (const part of parts) calls.bench.send(part);
  return calls;
}

test("[C74] compressed messages are inflated, each by itself, and others beside them come as they are", () => {
  for (const encoding of [GZIP, DEFLATE]) {
    const [limits] = compressing();
    const parts = concat(packed(encoding, zeros(90)), message(7), packed(encoding, zeros(80)));
    const events = ["message 90", "message 7", "message 80"];
    assertEquals(response(encoding.name, limits, parts).events, ["headers", ...events]);
    assertEquals(request(fields(encoding.name), limits, data(1, parts, END_STREAM)).events, [
      "begin /a.B/C",
      ...events,
      "half-close",
    ]);
  }
});

test("[C74] they are the same whichever way the stream is cut in two", () => {
  const stream = concat(packed(GZIP, zeros(90)), message(3), packed(GZIP, zeros(0)));
  for (let cut = 1; cut < stream.length; cut++) {
    const [limits] = compressing();
    const call = response("gzip", limits, stream.subarray(0, cut), stream.subarray(cut));
    assertEquals(call.events, ["headers", "message 90", "message 3", "message 0"], `cut at ${cut}`);
  }
});

test("[C75] an encoding of requests that is not there is UNIMPLEMENTED, with those that are", () => {
  for (const name of ["snappy", "", "GZIP"]) {
    const [limits] = compressing();
    const calls = request(fields(name), limits, data(1, message(1), END_STREAM));
    const answer = new Map(calls.answers().at(-1)!);
    assertEquals([answer.get("grpc-status"), answer.get("grpc-accept-encoding")], [
      "12",
      "identity,deflate,gzip",
    ]);
    assertEquals(calls.events, []);
  }
  const [onlyGzip] = compressing({}, [GZIP]);
  const answer = new Map(request(fields("deflate"), onlyGzip).answers().at(-1)!);
  assertEquals([answer.get("grpc-status"), answer.get("grpc-accept-encoding")], ["12", "identity,gzip"]);
});

test("[C75] a response in an encoding that is not there is INTERNAL, once a message makes use of it", () => {
  const [limits] = compressing();
  const call = response("snappy", limits, message(1), message(1, 1));
  assertEquals(call.events, ["headers", "message 1", "INTERNAL"]);
  assertMatch(call.status!.message, /"snappy" is not supported, only identity,deflate,gzip/);
});

test("[C75] data that cannot be inflated is INTERNAL: broken, cut off, and with more behind it", () => {
  const whole = packed(GZIP, zeros(50)).subarray(5);
  const broken = new Uint8Array(whole);
  broken[broken.length - 5]! ^= 1; // of its checksum
  const bad = [broken, whole.subarray(0, 12), concat(whole, Uint8Array.of(1, 2, 3)), zeros(0), zeros(40)];
  for (const octets of bad) {
    const [limits] = compressing();
    const framed = concat(Uint8Array.of(1), uint32(octets.length), octets);
    const call = response("gzip", limits, concat(framed, message(1)));
    assertEquals(call.events, ["headers", "INTERNAL"], octets.join());
    assertMatch(call.status!.message, /^received message cannot be inflated from gzip: /);
    const calls = request(fields("gzip"), limits, data(1, framed));
    assertEquals(calls.events, ["begin /a.B/C", "closed stream INTERNAL_ERROR library"]);
    assertEquals(new Map(calls.answers().at(-1)!).get("grpc-status"), String(GrpcStatus.INTERNAL));
  }
  const [limits] = compressing();
  const tail = concat(DEFLATE.compress(zeros(9), 0), Uint8Array.of(0));
  const framed = concat(Uint8Array.of(1), uint32(tail.length), tail);
  assertEquals(response("deflate", limits, framed).events, ["headers", "INTERNAL"]);
});

test("[C77] the limit is of inflated octets: at it a message comes, above it the call is RESOURCE_EXHAUSTED", () => {
  const [limits] = compressing();
  const call = response("gzip", limits, packed(GZIP, zeros(100)), packed(GZIP, zeros(101)));
  assertEquals(call.events, ["headers", "message 100", "RESOURCE_EXHAUSTED"]);
  assertMatch(
    call.status!.message,
    /inflated from gzip, is above the limit of 100 bytes \(maxReceiveMessageBytes\)/,
  );
  const [nothing] = compressing({ receiveBytes: 0 });
  const none = response("gzip", nothing, packed(GZIP, zeros(0)), packed(GZIP, zeros(1)));
  assertEquals(none.events, ["headers", "message 0", "RESOURCE_EXHAUSTED"]);
});

test("[C77] a message at the limit that does not compress is received, though it is longer on the wire", () => {
  const random = Uint8Array.from({ length: 100 }, (_, i) => i * i * 91 + i * 17 >> 3);
  const octets = packed(GZIP, random);
  assert(octets.length > 105);
  const [limits] = compressing();
  assertEquals(response("gzip", limits, octets).events, ["headers", "message 100"]);
  const huge = concat(Uint8Array.of(1), uint32(1_000_000));
  assertEquals(response("gzip", limits, huge).events, ["headers", "RESOURCE_EXHAUSTED"]); // on its prefix
});

/** A client's call that takes messages only when it is told to. */
class SlowCall extends ClientCall {
  readonly untaken: number[] = [];
  override onMessage(bytes: Uint8Array, wireBytes: number): void {
    this.events.push(`message ${bytes.length}`);
    this.untaken.push(wireBytes);
  }
  take(): void {
    this.stream.release(this.untaken.shift()!);
  }
}

const BIG = 60_000;

function slowly(count: number): [SlowCall, Turns] {
  const [limits, turns] = compressing({ receiveBytes: BIG });
  const call = new SlowCall([], limits);
  call.bench.send(call.bench.headers(1, [...RESPONSE, ...fields("gzip")]));
  const one = packed(GZIP, zeros(BIG));
  for (let i = 0; i < count; i++) call.bench.send(data(1, one));
  return [call, turns];
}

test("[C77] what the application does not take stays compressed, and comes when it does, the status last", () => {
  const [call, turns] = slowly(4);
  call.bench.send(call.bench.headers(1, OK, true));
  const big = `message ${BIG}`;
  assertEquals(call.events, ["headers", big, big]); // the second one passes what is inflated ahead
  call.take();
  turns.run();
  assertEquals(call.events, ["headers", big, big]);
  call.take();
  assertEquals(call.events, ["headers", big, big], "on the stack of who takes nothing is handed up");
  turns.run();
  assertEquals(call.events, ["headers", big, big, big, big, "OK"]);
});

test("[C77] a call that is cancelled meanwhile gets nothing of what waits", () => {
  for (const ended of [false, true]) {
    const [call, turns] = slowly(4);
    if (ended) call.bench.send(call.bench.headers(1, OK, true));
    call.stream.cancel(GrpcStatus.CANCELLED, "enough");
    while (call.untaken.length > 0) call.take();
    turns.run();
    const big = `message ${BIG}`;
    assertEquals(call.events, ["headers", big, big, "CANCELLED"], `ended: ${ended}`);
  }
});

test("[C75] broken data behind messages that wait ends the call, also where the server's status is there", () => {
  for (const ended of [false, true]) {
    const [call, turns] = slowly(2);
    call.bench.send(data(1, message(3, 1)));
    if (ended) call.bench.send(call.bench.headers(1, OK, true));
    while (call.untaken.length > 0) call.take();
    turns.run();
    assertEquals(call.events.at(-1), "INTERNAL");
    assertEquals(call.events.length, 4);
  }
});

test("[C77] the end of a request waits behind its messages", () => {
  const [limits, turns] = compressing({ receiveBytes: BIG });
  const calls = new ServerCalls([], limits);
  const untaken: number[] = [];
  calls.onMessage = (bytes, wireBytes) => {
    calls.events.push(`message ${bytes.length}`);
    untaken.push(wireBytes);
  };
  calls.bench.send(calls.bench.headers(1, [...REQUEST, ...fields("gzip")]));
  const one = packed(GZIP, zeros(BIG));
  calls.bench.send(data(1, concat(one, one, one)), data(1, message(4), END_STREAM));
  const big = `message ${BIG}`;
  assertEquals(calls.events, ["begin /a.B/C", big, big]);
  for (const wireBytes of untaken.splice(0)) calls.stream!.release(wireBytes);
  turns.run();
  assertEquals(calls.events, ["begin /a.B/C", big, big, big, "message 4", "half-close"]);
});

/** Counts what it inflates. */
class Counting implements MessageEncoding {
  readonly name = "gzip";
  inflated = 0;
  compress = GZIP.compress.bind(GZIP);
  inflate(bytes: Uint8Array, maxBytes: number): ReturnType<MessageEncoding["inflate"]> {
    this.inflated++;
    return GZIP.inflate(bytes, maxBytes);
  }
}

test("[C77] the one request of a call is inflated when it has ended, and a second one is handed up at once", () => {
  for (const isSecond of [false, true]) {
    const counting = new Counting();
    const [limits] = compressing({}, [counting]);
    const calls = new ServerCalls([], limits);
    calls.singleMessage = true;
    calls.bench.send(
      calls.bench.headers(1, [...REQUEST, ...fields("gzip")]),
      data(1, packed(GZIP, zeros(80))),
    );
    assertEquals([calls.events, counting.inflated], [["begin /a.B/C"], 0]);
    if (isSecond) {
      calls.bench.send(data(1, message(3)));
      assertEquals(calls.events, ["begin /a.B/C", "message 80", "message 3"]);
    } else {
      calls.bench.send(data(1, 0, END_STREAM));
      assertEquals(calls.events, ["begin /a.B/C", "message 80", "half-close"]);
    }
    assertEquals(counting.inflated, 1);
  }
});

/** `content` behind the five octets of a prefix. */
function framed(content: Uint8Array): Uint8Array {
  return concat(new Uint8Array(5), content);
}

test("[C76] a server compresses with what the client's grpc-accept-encoding has, and else it does not", () => {
  const takes: Array<[string[], boolean]> = [
    [["identity,deflate,gzip"], true],
    [["gzip"], true],
    [["deflate", "x , gzip "], true],
    [["identity"], false],
    [["gzipped"], false],
    [[], false],
  ];
  for (const [accepted, isTaken] of takes) {
    const [limits] = compressing({}, [], GZIP);
    const accepts = accepted.map((names): [string, string] => ["grpc-accept-encoding", names]);
    const calls = request(accepts, limits);
    calls.bench.sent();
    assertEquals(calls.stream!.encoding?.name, isTaken ? "gzip" : undefined);
    assertEquals(calls.stream!.sendMessage(framed(zeros(500))), true);
    const [head, body] = calls.bench.frames();
    const names = new Map([...calls.decode(head!.payload)]);
    assertEquals(names.get("grpc-encoding"), isTaken ? "gzip" : undefined, accepted.join(" and "));
    assertEquals([body!.payload[0], body!.payload.length < 100], [isTaken ? 1 : 0, isTaken]);
  }
});

test("[C73] a message that is marked, and one that would become no smaller, are sent as they are", () => {
  const [limits] = compressing({}, [], DEFLATE);
  const calls = request([["grpc-accept-encoding", "deflate"]], limits);
  const small = framed(Uint8Array.of(1, 2, 3));
  const plain = framed(zeros(300));
  markUncompressed(plain);
  const kept = new Uint8Array(plain);
  calls.bench.sent();
  for (const one of [plain, small, framed(zeros(300))]) calls.stream!.sendMessage(one);
  const bodies = calls.bench.frames().slice(1).map(({ payload }) => payload);
  assertEquals(bodies.map((body) => body[0]), [0, 0, 1]);
  assertEquals(bodies.map((body) => body.length === 305), [true, false, false]);
  assertEquals(bodies[1], Uint8Array.of(0, 0, 0, 0, 3, 1, 2, 3));
  assertEquals(plain, kept, "what may be sent again still says that it is not compressed");
  assertEquals(DEFLATE.inflate(bodies[2]!.subarray(5), 300), zeros(300));
});

test("[C76] who sends a compressed request learns what else is taken; others are told nothing", () => {
  for (const [encoding, named] of [["gzip", "identity,deflate,gzip"], ["identity", undefined]] as const) {
    const [limits] = compressing();
    const calls = request([...fields(encoding), ["grpc-accept-encoding", "gzip"]], limits);
    calls.stream!.compress(GZIP, calls.head!);
    calls.bench.sent();
    calls.stream!.sendHeaders(undefined);
    const names = new Map(calls.answers()[0]!);
    assertEquals([names.get("grpc-encoding"), names.get("grpc-accept-encoding")], ["gzip", named]);
  }
});

test("[C77] a gigabyte of zeros in a megabyte stops at the limit, and takes no more memory than that", () => {
  const LIMIT = 4 * 1024 * 1024;
  const SIXTEEN = GZIP.compress(new Uint8Array(16 * 1024 * 1024), 0);
  const bomb = concat(...new Array<Uint8Array>(64).fill(SIXTEEN)); // gzip may have several members
  assert(bomb.length < 1_200_000, `${bomb.length} octets`);
  const framed = concat(Uint8Array.of(1), uint32(bomb.length), bomb);
  const [limits] = compressing({ receiveBytes: LIMIT });
  const before = process.memoryUsage();
  let most = 0;
  const inflate = (bytes: Uint8Array, maxBytes: number): ReturnType<MessageEncoding["inflate"]> => {
    const found = GZIP.inflate(bytes, maxBytes);
    const { rss, external, arrayBuffers } = process.memoryUsage();
    most = Math.max(rss - before.rss, external + arrayBuffers - before.external - before.arrayBuffers);
    return found;
  };
  const watched = { name: "gzip", compress: GZIP.compress.bind(GZIP), inflate };
  const encodings = { ...limits.encodings!, accepted: [watched] };
  const call = response("gzip", { ...limits, encodings });
  for (let at = 0; at < framed.length; at += 16_000) {
    call.bench.send(data(1, framed.subarray(at, at + 16_000)));
  }
  assertEquals(call.events, ["headers", "RESOURCE_EXHAUSTED"]);
  assert(most > 0 && most < 16 * LIMIT, `${most} octets more`);
});
