// RFC 9113, section 4.3.1: the peer's dynamic table is 4,096 octets until it has acknowledged what we announced.
import { assertEquals, assertLess } from "@std/assert";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { Pair } from "../pair.ts";
import {
  Bench,
  END_HEADERS,
  END_STREAM,
  frame,
  PREFACE,
  REQUEST_LIST,
  setting,
  SETTINGS_ACK,
} from "./wire.ts";

/** POST http / for "a", which goes into the table. */
const FIRST = "838684 4101 61";
/** The same by indexes. */
const SECOND = "838684 be";

const request = (id: number, hex: string) =>
  frame("HEADERS", END_HEADERS | END_STREAM, id, fromHex(hex.replaceAll(" ", "")));

/** A server of which the client has not yet acknowledged the SETTINGS. */
function announcing(headerTableSize: number): Bench {
  return new Bench("server", { headerTableSize }, { handshake: false }).send(PREFACE, setting());
}

test("4.3.1: a client that has not seen our smaller table yet may use the initial one", () => {
  const bench = announcing(0).send(request(1, FIRST), request(3, SECOND));
  assertEquals(bench.outcome, "open");
  assertEquals(bench.sink.streams.length, 2);
});

test("4.3.1: with its acknowledgement of a smaller table the next block must begin with the update", () => {
  const bench = announcing(0).send(request(1, FIRST), SETTINGS_ACK);
  assertEquals(bench.outcome, "open");
  assertEquals(bench.send(request(3, `20${FIRST}`)).outcome, "open");
  assertEquals(bench.send(request(5, SECOND)).outcome, "connection COMPRESSION_ERROR library");
  const silent = announcing(0).send(request(1, FIRST), SETTINGS_ACK, request(3, FIRST));
  assertEquals(silent.outcome, "connection COMPRESSION_ERROR library");
});

test("4.3.1: a larger table needs no update, for the client need not use all of it", () => {
  const bench = announcing(65_536).send(request(1, FIRST), SETTINGS_ACK, request(3, SECOND));
  assertEquals(bench.outcome, "open");
  assertEquals(bench.send(request(5, `3fe1ff03${FIRST}`)).outcome, "open"); // 65,536
  assertEquals(bench.send(request(7, `3fe2ff03${FIRST}`)).outcome, "connection COMPRESSION_ERROR library");
});

test("4.3.1: the largest table that can be announced may be used", () => {
  const bench = announcing(0xffff_ffff).send(
    SETTINGS_ACK,
    request(1, `3fe0ffffff0f${FIRST}`),
    request(3, SECOND),
  );
  assertEquals([bench.outcome, bench.sink.streams.length], ["open", 2]);
});

test("4.3.1: our encoder keeps to the table that the peer announces, at first and later", () => {
  const bench = new Bench("client", {}, { peer: [[1, 0]] });
  const extra = HeaderList.of([["x-repeated", "value"]]);
  const blocks = () => {
    for (let i = 0; i < 2; i++) bench.connection.open(REQUEST_LIST, extra, true, bench.sink);
    return bench.frames().map(({ payload }) => payload);
  };
  const none = blocks();
  assertEquals(none.map(([first]) => first), [0x20, 0x83]); // the update, and then the static table's POST
  assertEquals(none[0]!.length, none[1]!.length + 1);
  const decoder = new Decoder({ maxTableSize: 0, maxHeaderListSize: 1_000 });
  for (const block of none) {
    assertEquals([...decoder.decode(block, 0, block.length) as HeaderList], [...REQUEST_LIST, ...extra]);
  }
  bench.send(setting([1, 4_096]));
  bench.sent();
  const some = blocks();
  assertEquals([...some[0]!.subarray(0, 3)], [0x3f, 0xe1, 0x1f]); // 4,096
  assertLess(some[1]!.length, none[1]!.length);
});

test("4.3.1: of two sizes in one SETTINGS frame the smaller one counts too", () => {
  const extra = HeaderList.of([["x-repeated", "value"]]);
  for (const frames of [[setting([1, 0], [1, 4_096])], [setting([1, 0]), setting([1, 4_096])]]) {
    const bench = new Bench("client");
    bench.connection.open(REQUEST_LIST, extra, true, bench.sink);
    bench.sent();
    bench.send(...frames).sent();
    bench.connection.open(REQUEST_LIST, extra, true, bench.sink);
    const { payload } = bench.frames()[0]!;
    assertEquals([...payload.subarray(0, 5)], [0x20, 0x3f, 0xe1, 0x1f, 0x83]); // 0, 4,096, and POST
    const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 1_000 });
    assertEquals([...decoder.decode(payload, 0, payload.length) as HeaderList], [...REQUEST_LIST, ...extra]);
  }
});

test("4.3.1: with a peer that says nothing of its table, ours has 4,096 octets, and the two stay in step when it overflows", () => {
  const pair = new Pair();
  for (let i = 0; i < 300; i++) {
    const extra = HeaderList.of([[`x-${i % 100}`, `value ${i % 150} ${"v".repeat(40)}`]]);
    const stream = pair.client.open(REQUEST_LIST, extra, true, pair.clientSink);
    pair.run();
    assertEquals([...pair.serverSink.headers.get(stream.id)!], [...REQUEST_LIST, ...extra]);
  }
  const bench = new Bench("client");
  for (let i = 0; i < 2; i++) {
    bench.connection.open(REQUEST_LIST, HeaderList.of([["x-repeated", "value"]]), true, bench.sink);
  }
  const [first, second] = bench.frames().map(({ payload }) => payload.length);
  assertLess(second!, first! / 2, "what is repeated is not in the table");
});
