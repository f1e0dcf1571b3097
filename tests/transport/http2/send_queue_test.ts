// DATA that waits: turns, bounds of one transmit, water marks, and whose bytes they are.
import { assert, assertEquals, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import {
  OUTPUT_CHUNK_BYTES,
  POOLED_BYTES,
  SMALL_CHUNK_BYTES,
  TRANSMIT_BYTES,
} from "../../../transport/http2/limits.ts";
import { OutputBuffer } from "../../../transport/http2/output_buffer.ts";
import { StreamQueue } from "../../../transport/http2/stream_queue.ts";
import type { Stream } from "../../../transport/http2/stream.ts";
import { test } from "../../harness.ts";
import { Pair, transmitOnce } from "../pair.ts";
import {
  Bench,
  describe,
  parse,
  REQUEST,
  REQUEST_LIST,
  RESPONSE_LIST,
  rst,
  TRAILERS_LIST,
  windowUpdate,
} from "./wire.ts";

const WIDE: Array<[number, number]> = [[4, 0x7fffffff]];

function wide(): Bench {
  const bench = new Bench("client", {}, { peer: WIDE });
  bench.send(windowUpdate(0, 0x7fffffff - 65_535));
  return bench;
}

test("send queue: one transmit stays bounded with a thousand busy streams, and nobody starves", () => {
  const bench = wide();
  const streams = Array.from({ length: 1_000 }, () => bench.open());
  bench.sent();
  const direct =
    streams.filter((stream) => bench.connection.sendData(stream, new Uint8Array(17_000), true)).length;
  assertEquals(direct, 7);
  const all = new SliceBuffer();
  let largest = 0;
  for (let steps = 0; bench.connection.wantsTransmit; steps++) {
    assert(steps < 500, "no end of transmits");
    largest = Math.max(largest, transmitOnce(bench.connection, all));
  }
  assert(largest <= TRANSMIT_BYTES + 16_393 + 131_072, `one transmit gave ${largest} bytes`);
  const order = parse(all.join()).filter(({ type }) => type === "DATA");
  assertEquals(order.reduce((sum, { payload }) => sum + payload.length, 0), 17_000_000);
  const firsts = new Set<number>();
  const queued = order.slice(2 * direct);
  for (const { id } of queued) {
    if (firsts.has(id)) break;
    firsts.add(id);
  }
  assertEquals(firsts.size, 1_000 - direct, "streams that had a turn before one had its second");
});

test("send queue: the caller's bytes are copied where true was said, and may change", () => {
  const bench = wide();
  const stream = bench.open();
  const bytes = new Uint8Array(100).fill(1);
  assertEquals(bench.connection.sendData(stream, bytes, false), true);
  bytes.fill(2);
  assertEquals(bench.frames().pop()!.payload, new Uint8Array(100).fill(1));
});

test("send queue: a large piece after a small one adds no byte between them", () => {
  const bench = new Bench("client", {}, { peer: [[4, 0]] });
  const stream = bench.open();
  bench.sent();
  bench.connection.sendData(stream, new Uint8Array(5).fill(7), false);
  bench.connection.sendData(stream, new Uint8Array(1_500).fill(9), false);
  assertEquals(stream.queue!["pieces"].map((piece) => piece.length), [5, 1_500]);
  bench.send(windowUpdate(1, 8));
  const content = bench.frames().flatMap(({ payload }) => [...payload]);
  assertEquals([content, stream.queuedBytes], [[7, 7, 7, 7, 7, 9, 9, 9], 1_497]);
});

test("send queue: bytes come out in order whatever their sizes, small ones joined", () => {
  const bench = new Bench("client", {}, { peer: [[4, 0]] });
  const stream = bench.open();
  bench.sent();
  const expected: number[] = [];
  const given: number[] = [];
  bench.sink.onSent = (_stream?: Stream, bytes?: Uint8Array) => void given.push(bytes!.length);
  const sizes = [1, 5, 1_023, 1_024, 3, 20_000, 7, 7, 7, 1_500, 900, 900, 900, 16_384, 2];
  sizes.forEach((size, i) => {
    for (let n = 0; n < size; n++) expected.push(i);
    assertEquals(bench.connection.sendData(stream, new Uint8Array(size).fill(i), false), false);
  });
  bench.connection.sendHeaders(stream, TRAILERS_LIST, undefined, true);
  assertEquals(stream.queuedBytes, expected.length);
  const pieces = stream.queue!["pieces"].map((piece) => piece.length).slice(0, -1);
  assertEquals(pieces, [1, 1_028, 1_024, 3, 20_000, 21, 1_500, 2_700, 16_384]);
  assertEquals(stream.queue!["joinLength"], 2);
  const got: number[] = [];
  const kinds: string[] = [];
  for (let steps = 0; got.length < expected.length; steps++) {
    assert(steps < 1_000, "no end");
    bench.send(windowUpdate(1, 777));
    for (const frame of bench.frames()) {
      kinds.push(describe(frame));
      if (frame.type === "DATA") got.push(...frame.payload);
    }
  }
  assertEquals(got, expected);
  assertEquals(kinds.pop(), "HEADERS 1 end");
  assertEquals(given, [20_000], "what is given back to the caller");
});

for (let seed = 1; seed <= 4; seed++) {
  test(`send queue, seed ${seed}: octets come out as they went in, however many blocks small pieces fill`, () => {
    const random = new SeededRandom(seed);
    const queue = new StreamQueue({ bytes: 0, left: () => {} });
    let [pushed, taken] = [0, 0];
    const take = (most: number): void => {
      const end = Math.min(queue.frontEnd, queue.frontStart + most);
      for (let at = queue.frontStart; at < end; at++) {
        const expected = taken++ % 251;
        if (queue.front[at] !== expected) assertEquals(queue.front[at], expected, `octet ${taken - 1}`);
      }
      queue.advance(end);
    };
    for (let step = 0; step < 3_000; step++) {
      const length = random.below(10) === 0 ? 1_024 + random.below(3_000) : random.below(1_024);
      queue.push(Uint8Array.from({ length }, () => pushed++ % 251));
      for (let frames = random.below(4); frames > 0 && queue.bytes > 100_000; frames--) {
        take(random.below(16_384));
      }
    }
    while (queue.bytes > 0) take(16_384);
    assertEquals([taken, queue.isEmpty], [pushed, true]);
  });
}

test("send queue: a long queue comes out in order, and a piece of it costs no more than one of a short queue", () => {
  const queue = new StreamQueue({ bytes: 0, left: () => {} });
  const pieces = Array.from({ length: 64 }, (_, i) => new Uint8Array(1_024).fill(i));
  const count = 200_000;
  let next = 0;
  const take = (): void => {
    assert(queue.front === pieces[next % 64] && queue.frontStart === 0, `piece ${next}`);
    queue.advance(queue.frontEnd);
    next++;
  };
  const began = performance.now();
  for (let i = 0; i < count; i++) {
    queue.push(pieces[i % 64]!);
    if (i % 3 === 2) take();
  }
  while (!queue.isEmpty) take();
  assertEquals([next, queue.bytes], [count, 0]);
  assertLessOrEqual(performance.now() - began, 1_500);
});

test("send queue: an end that onSent queues behind much output is written", () => {
  const bench = wide();
  const stream = bench.open();
  bench.connection.sendData(stream, new Uint8Array(131_000), false);
  bench.connection.sendData(stream, new Uint8Array(20_000), false);
  const large = HeaderList.of([["x-large", "x".repeat(40_000)]]);
  bench.sink.onSent = () => {
    for (let i = 0; i < 4; i++) bench.connection.open(large, undefined, true, bench.sink);
    assertEquals(bench.connection.sendData(stream, new Uint8Array(0), true), false, "it went out at once");
  };
  const frames = bench.frames().filter(({ type, id }) => type === "DATA" && id === 1);
  assertEquals([describe(frames.pop()!), stream.localClosed], ["DATA 1 0 end", true]);
});

test("send queue: through many transmits no stream gets ahead of another, and none is in the round twice", () => {
  const bench = wide();
  const streams = Array.from({ length: 100 }, () => bench.open());
  bench.sent();
  bench.sink.on = (event, stream) => {
    if (event.startsWith("writable")) bench.connection.sendData(stream!, new Uint8Array(65_536), false);
  };
  for (const stream of streams) {
    for (let i = 0; i < 3; i++) bench.connection.sendData(stream, new Uint8Array(65_536), false);
  }
  const queue = bench.connection["queue"];
  const frames = new Map(streams.map(({ id }) => [id, 0]));
  for (let transmits = 0; transmits < 800; transmits++) {
    const out = new SliceBuffer();
    transmitOnce(bench.connection, out);
    for (const { type, id } of parse(out.join())) if (type === "DATA") frames.set(id, frames.get(id)! + 1);
    const round = queue["round"].filter((stream) => stream !== undefined);
    assertEquals([new Set(round).size, queue.waitingStreams], [round.length, round.length]);
    assertLessOrEqual(queue["round"].length, 2 * streams.length + 64, "places that nobody has");
  }
  const counts = [...frames.values()];
  // Those whose first DATA went out before any waited are a few frames ahead, and stay that.
  assertLessOrEqual(Math.max(...counts) - Math.min(...counts), 13, "some streams get more than others");
  assertGreaterOrEqual(Math.min(...counts), 20);
});

test("send queue: a producer is blocked above 64 KiB and hears once when 32 KiB are left", () => {
  const bench = new Bench("client", {}, { peer: [[4, 0]] });
  const stream = bench.open();
  const piece = () => bench.connection.sendData(stream, new Uint8Array(16_384), false);
  for (let i = 0; i < 4; i++) piece();
  assertEquals(stream.writeBlocked, false);
  piece();
  assertEquals(stream.writeBlocked, true);
  bench.sent();
  bench.send(windowUpdate(1, 16_384 * 2));
  bench.sent();
  assertEquals(bench.sink.take(), []);
  bench.send(windowUpdate(1, 16_384));
  bench.sent();
  assertEquals(bench.sink.take(), ["writable 1"]);
  bench.send(windowUpdate(0, 100_000), windowUpdate(1, 100_000));
  bench.sent();
  assertEquals([bench.sink.take(), stream.queuedBytes], [[], 0]);
});

test("send queue: above the output's mark DATA queues, control frames do not", () => {
  const bench = wide();
  const [one, three] = [bench.open(), bench.open()];
  bench.sent();
  assertEquals(bench.connection.sendData(one, new Uint8Array(100_000), false), true);
  assertEquals(bench.connection.sendData(one, new Uint8Array(60_000), true), false);
  bench.connection.sendHeaders(three, TRAILERS_LIST, undefined, true);
  const sent = bench.sent();
  assertEquals(sent[7], "HEADERS 3 end");
  assertEquals(sent.slice(8), ["DATA 1 16384", "DATA 1 16384", "DATA 1 16384", "DATA 1 10848 end"]);
});

test("send queue: while streams wait their turn, small DATA of another does not pass them", () => {
  const bench = new Bench("client", {}, { peer: [[4, 1_000_000]] });
  const [one, three] = [bench.open(), bench.open()];
  bench.connection.sendData(one, new Uint8Array(70_000), true);
  bench.sent();
  bench.send(windowUpdate(0, 10_000));
  assertEquals(bench.connection.sendData(three, new Uint8Array(5_600), true), false);
  assertEquals(bench.sent(), ["DATA 1 4465 end", "DATA 3 5535"]);
});

test("send queue: an END_STREAM that waits for its turn needs no window", () => {
  const bench = new Bench("client", {}, { peer: [[4, 1_000]] });
  const [one, three] = [bench.open(), bench.open()];
  bench.send(windowUpdate(0, 1_000_000), windowUpdate(3, 1_000_000));
  bench.sent();
  bench.connection.sendData(one, new Uint8Array(1_000), false);
  bench.connection.sendData(three, new Uint8Array(130_000), false);
  assertEquals([one.sendWindow.available, bench.connection.sendData(one, new Uint8Array(0), true)], [
    0,
    false,
  ]);
  const sent = bench.sent();
  assertEquals([sent[0], sent.at(-1)], ["DATA 1 1000", "DATA 1 0 end"]);
});

test("send queue: whether any of many streams that wait can go on is known at once", () => {
  const bench = new Bench("client", {}, { peer: WIDE });
  const { connection } = bench;
  const streams = Array.from({ length: 20_000 }, () => bench.open());
  const bytes = new Uint8Array(10_000);
  for (const stream of streams) connection.sendData(stream, bytes, false);
  bench.sent(); // until the connection's window is used up
  const began = performance.now();
  for (let i = 0; i < 50_000; i++) assert(!connection.wantsTransmit);
  assertLessOrEqual(performance.now() - began, 5_000); // looking through all of them: 10 s
  for (const stream of streams.slice(100, 200)) {
    connection.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  }
  assertEquals(bench.sent().length, 100);
  assertEquals([connection["queue"].waitingStreams, connection.wantsTransmit], [19_894, false]);
});

test("send queue: of many streams that wait an output looks at those that have a turn, and at no others", () => {
  const bench = new Bench("client", {}, { peer: WIDE });
  const { connection } = bench;
  const queue = connection["queue"];
  const streams = Array.from({ length: 20_000 }, () => bench.open());
  for (const stream of streams) connection.sendData(stream, new Uint8Array(10_000), false);
  bench.sent(); // until the connection's window is used up
  let looks = 0;
  const counted = <T>(list: T[]): T[] =>
    new Proxy(list, {
      get: (target, key) => {
        if (typeof key === "string" && /^[0-9]/.test(key)) looks++;
        return Reflect.get(target, key);
      },
    });
  const looksOf = (what: () => void): number => {
    queue["round"] = counted([...queue["round"]]);
    looks = 0;
    what();
    bench.sent();
    return looks;
  };
  assertEquals(looksOf(() => bench.open(true)), 0, "no window");
  assertLessOrEqual(looksOf(() => bench.send(windowUpdate(0, 100))), 2, "a small window");
  assertLessOrEqual(looksOf(() => bench.send(windowUpdate(0, 30_000))), 8, "three turns, and a part of one");
  const cancelled = new Http2Error("stream", ErrorCode.CANCEL, "user", "enough");
  assertEquals(looksOf(() => connection.reset(streams[100]!, cancelled)), 0, "a stream less");
  for (const stream of streams.slice(1_000)) connection.reset(stream, cancelled);
  bench.sent();
  assertEquals(queue.waitingStreams, streams.filter(({ hasQueued }) => hasQueued).length);
  assertLessOrEqual(queue["round"].length, 2 * queue.waitingStreams + 64, "closed streams are held");
  for (const stream of streams.slice(0, 999)) connection.reset(stream, cancelled);
  bench.sent();
  assertEquals([queue.waitingStreams, connection.wantsTransmit], [1, false]);
  bench.send(rst(streams[999]!.id, ErrorCode.CANCEL));
  assertEquals([queue.isEmpty, connection.wantsTransmit, bench.sent()], [true, true, []]);
  assertEquals([connection.wantsTransmit, queue["round"].length, queue["closed"]], [false, 0, 0]);
});

test("output: a connection at rest holds no chunk", () => {
  const bench = wide();
  const stream = bench.open();
  bench.connection.sendData(stream, new Uint8Array(100_000), false);
  bench.sent();
  const { chunk, byteLength } = bench.connection["out"];
  assertEquals([chunk.length, byteLength, bench.connection["out"]["inFlight"].length], [0, 0, 0]);
});

test("send queue: a stream that is over forgets what it had queued", () => {
  const bench = new Bench("client", {}, { peer: [[4, 0]] });
  const stream = bench.open();
  for (const size of [5, 2_000]) bench.connection.sendData(stream, new Uint8Array(size), false);
  bench.connection.sendHeaders(stream, TRAILERS_LIST, TRAILERS_LIST, true);
  bench.connection.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  const { queue } = stream;
  assertEquals([stream.queuedBytes, stream.hasQueued, queue!["pieces"], queue!["joinLength"]], [
    0,
    false,
    [],
    0,
  ]);
  assertEquals([queue!.trailers, queue!.trailersExtra], [undefined, undefined]);
});

test("send queue: a stream that is reset in onSent hears nothing after its end", () => {
  const bench = new Bench("client");
  const stream = bench.open();
  bench.sent();
  bench.sink.onSent = () =>
    bench.connection.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  // More than the high-water mark waits; with the first piece, what is left falls below the low one.
  bench.connection.sendData(stream, new Uint8Array(65_500), false); // at once
  bench.connection.sendData(stream, new Uint8Array(40_000), false);
  bench.connection.sendData(stream, new Uint8Array(30_000), false);
  bench.send(windowUpdate(0, 100_000), windowUpdate(1, 100_000));
  bench.sent();
  assertEquals(bench.sink.take(), ["closed 1 stream CANCEL user"]);
});

for (const size of [SMALL_CHUNK_BYTES, OUTPUT_CHUNK_BYTES]) {
  test(`output: chunks of ${size} bytes are used again by other connections, and no more are kept than are useful`, () => {
    const kept = Math.ceil(POOLED_BYTES / size);
    const fill = () =>
      Array.from({ length: 3 * kept }, () => {
        const output = new OutputBuffer();
        output.reserve(size);
        output.length += size;
        return output;
      });
    const outputs = fill();
    const chunks = new Set(outputs.map(({ chunk }) => chunk));
    assertEquals(chunks.size, outputs.length, "two connections write to one chunk");
    for (const output of outputs) {
      output.moveTo(new SliceBuffer());
      output.recycle();
    }
    assertEquals(fill().filter(({ chunk }) => chunks.has(chunk)).length, kept);
  });
}

test("output: a connection that writes little takes a small chunk, one that writes more has larger ones from then on", () => {
  const output = new OutputBuffer();
  const transmit = (...frames: number[]) => {
    for (const bytes of frames) {
      output.reserve(bytes);
      output.length += bytes;
    }
    const { byteLength, chunk: { length } } = output;
    const out = new SliceBuffer();
    output.moveTo(out);
    assertEquals(out.byteLength, byteLength);
    output.recycle();
    return [length, out.slices.length];
  };
  assertEquals(transmit(100), [SMALL_CHUNK_BYTES, 1]);
  assertEquals(transmit(100, 16_000), [OUTPUT_CHUNK_BYTES, 2]);
  assertEquals(transmit(100), [OUTPUT_CHUNK_BYTES, 1]);
  assertEquals(transmit(100), [SMALL_CHUNK_BYTES, 1]);
  assertEquals(transmit(100, SMALL_CHUNK_BYTES - 1), [OUTPUT_CHUNK_BYTES, 2], "each further one is large");
  assertEquals(transmit(SMALL_CHUNK_BYTES + 1), [OUTPUT_CHUNK_BYTES, 1]);
  const frames = new Array(6).fill(16_393);
  assertEquals(transmit(...frames), [OUTPUT_CHUNK_BYTES, 2]);
  assertEquals(transmit(...frames), [OUTPUT_CHUNK_BYTES, 2], "frames that lie in more chunks than they need");
});

/** Streams of a client that lets `window` octets of each be sent, and as much as it likes of all together. */
function served(count: number, window: number): [Bench, Stream[]] {
  const bench = new Bench("server", {}, { peer: [[4, window]] });
  bench.send(windowUpdate(0, 0x7000_0000));
  for (let i = 0; i < count; i++) bench.send(bench.headers(2 * i + 1, REQUEST, true));
  for (const stream of bench.sink.streams) {
    bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
  }
  bench.sent();
  return [bench, bench.sink.streams];
}

test("send queue: where a megabyte waits on all streams, one with anything queued is blocked until that is out", () => {
  const [bench, streams] = served(40, 0);
  const { connection } = bench;
  const blocked = () => streams.filter((stream) => connection.producers!.writeBlocked(stream)).length;
  for (const stream of streams.slice(0, 30)) connection.sendData(stream, new Uint8Array(30_000), false);
  assertEquals(blocked(), 0, "900,000 octets");
  for (const stream of streams.slice(30, 38)) connection.sendData(stream, new Uint8Array(30_000), false);
  assertEquals(blocked(), 38, "1,140,000: the two without any may send");
  bench.sink.events.length = 0;
  bench.send(windowUpdate(1, 20_000), windowUpdate(3, 30_000)).sent();
  assertEquals(bench.sink.events.filter((event) => event.startsWith("writable")), [
    "writable 1",
    "writable 3",
  ]);
  assertEquals([
    connection.producers!.writeBlocked(streams[0]!),
    connection.producers!.writeBlocked(streams[1]!),
  ], [true, false]);
  for (const stream of streams.slice(2, 38)) {
    connection.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "test"));
  }
  connection.sendData(streams[39]!, new Uint8Array(60_000), false);
  assertEquals(connection.producers!.writeBlocked(streams[39]!), false, "what was reset counts no more");
});

test("send queue: while a connection is stalled all producers wait, and are resumed a few at a time", () => {
  const [bench, streams] = served(40, 1_000_000);
  const { connection } = bench;
  const out = new SliceBuffer();
  const writable = () => bench.sink.events.splice(0).filter((event) => event.startsWith("writable")).length;
  for (const stream of streams.slice(0, 20)) connection.sendData(stream, new Uint8Array(40_000), false);
  assertEquals([
    connection.producers!.stalled,
    streams.every((stream) => connection.producers!.writeBlocked(stream)),
  ], [
    true,
    true,
  ]);
  for (let i = 0; i < 30 && connection.wantsTransmit; i++) transmitOnce(connection, out);
  writable();
  const rounds: Array<[boolean, number]> = [];
  for (let i = 0; i < 5; i++) rounds.push([connection.producers!.resume(), writable()]);
  assertEquals(rounds, [[true, 8], [true, 8], [true, 8], [true, 8], [false, 8]]);
  assertEquals(connection.producers!.resume(), false);
});

test("output: three full DATA frames of a message, behind small frames, take one chunk, and one write", () => {
  const bench = wide();
  const stream = bench.open();
  bench.sent();
  bench.connection.sendData(stream, new Uint8Array(65_536 + 5 + 4), true);
  const out = new SliceBuffer();
  bench.connection.transmit(out);
  assertEquals(out.slices.map(({ length }) => length), [3 * (16_384 + 9), 16_384 + 9 + 9 + 9]);
  assert(OUTPUT_CHUNK_BYTES <= 65_483, "one write is more than the system sends at once on loopback");
});

test("send queue: trailers of a stream whose DATA had to wait and is out go at once", () => {
  const bench = new Bench("server", {}, { peer: [[4, 10]] });
  bench.send(bench.headers(1, REQUEST, true));
  const [stream] = bench.sink.streams;
  bench.connection.sendHeaders(stream!, RESPONSE_LIST, undefined, false);
  bench.connection.sendData(stream!, new Uint8Array(15), false);
  assertEquals(bench.sent(), ["HEADERS 1", "DATA 1 10"]);
  assertEquals(bench.send(windowUpdate(1, 10)).sent(), ["DATA 1 5"]);
  bench.connection.sendHeaders(stream!, TRAILERS_LIST, undefined, true);
  assertEquals([bench.sent(), bench.sink.take().at(-1)], [["HEADERS 1 end"], "closed 1 ok"]);
});

test("send queue: all fields of trailers that wait behind DATA are sent", () => {
  const pair = new Pair({ client: { initialWindowSize: 10 } });
  const stream = pair.client.open(REQUEST_LIST, undefined, true, pair.clientSink);
  pair.run();
  const [theirs] = pair.serverSink.streams;
  pair.server.sendHeaders(theirs!, RESPONSE_LIST, undefined, false);
  pair.server.sendData(theirs!, new Uint8Array(15), false);
  pair.server.sendHeaders(theirs!, TRAILERS_LIST, HeaderList.of([["x-own", "v"]]), true);
  pair.run();
  assertEquals(pair.clientSink.trailers.size, 0);
  pair.client.release(stream, 10);
  pair.run();
  assertEquals([...pair.clientSink.trailers.get(1)!], [...TRAILERS_LIST, ["x-own", "v"]]);
});

test("send queue: no content that does not end the stream is no frame", () => {
  const bench = new Bench("client");
  assertEquals(bench.connection.sendData(bench.open(), new Uint8Array(0), false), true);
  assertEquals(bench.sent(), ["HEADERS 1"]);
});
