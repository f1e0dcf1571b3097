// RFC 9113, sections 4.3, 6.2 and 6.10: header blocks in pieces, and what may not come between them.
import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { drainOutput, Pair } from "../pair.ts";
import {
  Bench,
  data,
  EMPTY,
  END_HEADERS,
  END_STREAM,
  frame,
  PADDED,
  parse,
  PRIORITY,
  REQUEST,
  REQUEST_LIST,
  RESPONSE_LIST,
} from "./wire.ts";

test("6.10: a block in pieces, empty ones among them, is decoded when it is whole", () => {
  const bench = new Bench("server");
  const block = bench.block([...REQUEST, ["x-a", "1"]]);
  bench.send(frame("HEADERS", END_STREAM, 1, block.subarray(0, 3)));
  bench.send(frame("CONTINUATION", 0, 1, EMPTY), frame("CONTINUATION", 0, 1, block.subarray(3, 7)));
  assertEquals(bench.sink.take(), []);
  bench.send(frame("CONTINUATION", END_HEADERS, 1, block.subarray(7)));
  assertEquals(bench.sink.take(), ["headers 1 end"]);
  assertEquals(bench.sink.headers.get(1)!.get("x-a"), "1");
});

test("6.10: any other frame inside a block is a PROTOCOL_ERROR of the connection", () => {
  const bench0 = new Bench("server");
  const block = bench0.block(REQUEST);
  const intruders = [
    data(1, 1),
    frame("HEADERS", END_HEADERS, 3, block),
    frame("CONTINUATION", END_HEADERS, 3, block),
    frame("PING", 0, 0, new Uint8Array(8)),
    frame(0x99, 0, 0, EMPTY),
  ];
  for (const intruder of intruders) {
    const bench = new Bench("server");
    bench.send(frame("HEADERS", 0, 1, block.subarray(0, 3)), intruder);
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  }
});

test("6.10: CONTINUATION without HEADERS before it is a PROTOCOL_ERROR of the connection", () => {
  for (const flags of [0, END_HEADERS]) {
    const bench = new Bench("server");
    bench.send(bench.headers(1), frame("CONTINUATION", flags, 1, EMPTY));
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
    const later = new Bench("server");
    later.send(frame("HEADERS", 0, 1, later.block(REQUEST)), frame("CONTINUATION", END_HEADERS, 1, EMPTY));
    assertEquals(later.outcome, "open");
    later.send(frame("CONTINUATION", flags, 1, EMPTY));
    assertEquals(later.outcome, "connection PROTOCOL_ERROR library");
  }
});

test("6.2: padding and priority of HEADERS are skipped, whole or in pieces", () => {
  const priority = Uint8Array.of(0x80, 0, 0, 0, 200); // exclusive, on stream 0, with a weight
  const forms: Array<[flags: number, before: Uint8Array, padding: number]> = [
    [PADDED, Uint8Array.of(4), 4],
    [PADDED, Uint8Array.of(0), 0],
    [PRIORITY, priority, 0],
    [PADDED | PRIORITY, concat(Uint8Array.of(4), priority), 4],
  ];
  for (const [flags, before, padding] of forms) {
    for (const step of [1, 1_000]) {
      const bench = new Bench("server");
      const payload = concat(before, bench.block(REQUEST), new Uint8Array(padding));
      const bytes = frame("HEADERS", END_HEADERS | flags, 1, payload);
      for (let at = 0; at < bytes.length; at += step) bench.send(bytes.subarray(at, at + step));
      assertEquals([...bench.sink.headers.get(1)!], [...REQUEST]);
    }
  }
});

test("6.2: padding or priority beyond the payload is a PROTOCOL_ERROR of the connection", () => {
  const bad: Array<[number, Uint8Array]> = [
    [PADDED, EMPTY],
    [PADDED, Uint8Array.of(1)],
    [PRIORITY, new Uint8Array(4)],
    [PADDED | PRIORITY, Uint8Array.of(1, 0, 0, 0, 0, 0)],
  ];
  for (const [flags, payload] of bad) {
    const bench = new Bench("server").send(frame("HEADERS", END_HEADERS | flags, 1, payload), data(1, 200));
    assertEquals(bench.outcome.split(" ")[0], "connection");
  }
});

test("4.3: a block that cannot be decoded is a COMPRESSION_ERROR of the connection", () => {
  const bench = new Bench("server").send(frame("HEADERS", END_HEADERS, 1, Uint8Array.of(0xff, 0xff, 0xff)));
  assertEquals(bench.outcome, "connection COMPRESSION_ERROR library");
});

test("6.10: what we send is cut at the peer's MAX_FRAME_SIZE and read back", () => {
  const pair = new Pair({ server: { maxHeaderListSize: 200_000 } });
  const random = new SeededRandom(11);
  const value = Array.from({ length: 50_000 }, () => String.fromCharCode(33 + random.below(90))).join("");
  const extra = HeaderList.of([["x-long", value]]);
  pair.client.open(REQUEST_LIST, extra, true, pair.clientSink);
  pair.run();
  assertEquals(pair.serverSink.headers.get(1)!.get("x-long"), value);
});

test("6.10: however large the frames are that the peer takes, ours are small enough to share a connection", () => {
  const pair = new Pair({ server: { maxFrameSize: 1_000_000, maxHeaderListSize: 200_000 } });
  const value = "\x01".repeat(100_000); // which no coding makes shorter
  pair.client.open(REQUEST_LIST, HeaderList.of([["x-long", value]]), true, pair.clientSink);
  const sizes = parse(drainOutput(pair.client)).map(({ payload }) => payload.length);
  assertEquals(sizes.slice(0, 6), new Array(6).fill(16_384));
  assertEquals(sizes.length, 7);
});

test("10.5.1: a list within the limit that was announced is taken, however many frames it needs", () => {
  const settings = { maxHeaderListSize: 4_000_000 };
  const pair = new Pair({ server: settings, client: settings });
  const extra = HeaderList.of([["x-big", "v".repeat(3_000_000)]]);
  pair.client.open(REQUEST_LIST, extra, true, pair.clientSink);
  pair.run();
  pair.server.sendHeaders(pair.serverSink.streams[0]!, RESPONSE_LIST, extra, true);
  pair.run();
  const [request, response] = [pair.serverSink, pair.clientSink].map(({ headers }) => headers.get(1)!);
  assertEquals([request!.get("x-big")!.length, response!.get("x-big")!.length], [3_000_000, 3_000_000]);
});

test("10.5.1: 300 KB of metadata costs its call and not the connection", () => {
  for (const endStream of [true, false]) {
    const pair = new Pair();
    const random = new SeededRandom(12);
    const value = Array.from({ length: 300_000 }, () => String.fromCharCode(33 + random.below(90))).join("");
    const big = pair.client.open(REQUEST_LIST, HeaderList.of([["x-big", value]]), endStream, pair.clientSink);
    if (!endStream) pair.client.sendData(big, new Uint8Array(100), false);
    const next = pair.client.open(REQUEST_LIST, HeaderList.of([["x-next", "1"]]), true, pair.clientSink);
    pair.run();
    assertEquals(pair.clientSink.headers.get(1)!.get(":status"), "431");
    assertEquals(pair.serverSink.take(), [`headers ${next.id} end`]);
    assertEquals(pair.serverSink.headers.get(next.id)!.get("x-next"), "1");
    assertEquals([pair.client.closed, pair.server.closed, pair.client.activeStreams], [false, false, 1]);
    assertEquals(pair.clientSink.streamErrors.get(big.id), undefined);
  }
});

test("10.5.1: a response with too many headers ends its stream on the client, no more", () => {
  const pair = new Pair();
  const stream = pair.client.open(REQUEST_LIST, undefined, true, pair.clientSink);
  pair.run();
  const extra = HeaderList.of([["x-big", "v".repeat(20_000)]]);
  pair.server.sendHeaders(pair.serverSink.streams[0]!, RESPONSE_LIST, extra, false);
  pair.run();
  assertEquals(pair.clientSink.take(), [`closed ${stream.id} stream ENHANCE_YOUR_CALM library`]);
  assertEquals(pair.serverSink.take().pop(), "closed 1 stream ENHANCE_YOUR_CALM remote");
  assertEquals([pair.client.closed, pair.server.closed], [false, false]);
});
