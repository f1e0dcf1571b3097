// RFC 9113, sections 4.1 and 4.2: flags and reserved bits both ways, and frames too small for what they must have.
import { assert, assertEquals } from "@std/assert";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { Pair } from "../pair.ts";
import {
  ACK,
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
  rst,
  setting,
  TRAILERS_LIST,
  type TypeName,
  uint32,
  windowUpdate,
} from "./wire.ts";

const RESERVED_BIT = 0x8000_0000;

/** The flags that each frame type defines (section 6). */
const DEFINED: Record<TypeName, number> = {
  DATA: END_STREAM | PADDED,
  HEADERS: END_STREAM | END_HEADERS | PADDED | PRIORITY,
  PRIORITY: 0,
  RST_STREAM: 0,
  SETTINGS: ACK,
  PUSH_PROMISE: END_HEADERS | PADDED,
  PING: ACK,
  GOAWAY: 0,
  WINDOW_UPDATE: 0,
  CONTINUATION: END_HEADERS,
};

test("4.1: flags that a frame type does not define are ignored, and so is the reserved bit of its stream", () => {
  const other = (type: TypeName) => 0xff & ~DEFINED[type];
  const block = new Bench("server").block(REQUEST);
  const bench = new Bench("server");
  const ping = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  bench.send(
    frame("SETTINGS", other("SETTINGS"), RESERVED_BIT, EMPTY),
    frame("PING", other("PING"), RESERVED_BIT, ping),
    frame("WINDOW_UPDATE", other("WINDOW_UPDATE"), RESERVED_BIT, uint32(1)),
    frame("PRIORITY", other("PRIORITY"), RESERVED_BIT + 1, new Uint8Array(5)),
    frame("HEADERS", other("HEADERS"), RESERVED_BIT + 1, block.subarray(0, 2)),
    frame("CONTINUATION", other("CONTINUATION") | END_HEADERS, RESERVED_BIT + 1, block.subarray(2)),
    frame("DATA", other("DATA"), RESERVED_BIT + 1, ping),
    frame("RST_STREAM", other("RST_STREAM"), RESERVED_BIT + 1, uint32(8)),
  );
  assertEquals(bench.sink.take(), ["settings", "headers 1", "data 1 8", "closed 1 stream CANCEL remote"]);
  assertEquals(bench.sent(), ["SETTINGS ack", "PING ack"]);
  bench.send(frame("GOAWAY", other("GOAWAY"), RESERVED_BIT, concat(uint32(RESERVED_BIT + 1, 0))));
  assertEquals(bench.sink.take(), ["goaway 1 connection NO_ERROR remote"]);
  assertEquals(bench.outcome, "open");
});

test("4.1: what we send has no flag that is undefined, no reserved bit, and no payload above 16,384 octets", () => {
  const larger = { maxFrameSize: 1_000_000 };
  const pair = new Pair({ client: larger, server: larger, start: false });
  const seen = new Set<string>();
  const check = (bytes: Uint8Array): void => {
    for (const { type, flags, id, payload } of parse(bytes)) {
      seen.add(type);
      assertEquals(flags & ~DEFINED[type as TypeName], 0, `flags ${flags} of ${type}`);
      assertEquals(flags & (PADDED | PRIORITY), 0, `${type} is padded, or has a priority`);
      assert(id < RESERVED_BIT && payload.length <= 16_384, `${type} on ${id}, ${payload.length} octets`);
    }
  };
  pair.onTransmit = check;
  const { client, server, clientSink, serverSink } = pair;
  client.start(pair.now);
  server.start(pair.now);
  pair.run();
  const stream = client.open(REQUEST_LIST, undefined, false, clientSink);
  client.sendData(stream, new Uint8Array(60_000), false);
  pair.run();
  const served = serverSink.streams[0]!;
  server.release(served, 60_000);
  server.sendHeaders(served, RESPONSE_LIST, undefined, false);
  server.sendData(served, new Uint8Array(60_000), false);
  client.ping(7, pair.now);
  pair.run();
  server.sendHeaders(served, TRAILERS_LIST, undefined, true);
  const second = client.open(REQUEST_LIST, undefined, true, clientSink);
  client.reset(second, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  pair.run();
  server.drain("enough", pair.now);
  pair.run();
  for (const type of ["SETTINGS", "HEADERS", "DATA", "PING", "WINDOW_UPDATE", "RST_STREAM", "GOAWAY"]) {
    assert(seen.has(type), `no ${type} was sent`);
  }
});

/** Lengths that are too small, or not the one that there is; on stream 1 where the type has a stream. */
const WRONG_SIZES: ReadonlyArray<[type: TypeName, flags: number, lengths: number[]]> = [
  ["HEADERS", PADDED, [0]],
  ["HEADERS", PRIORITY, [0, 1, 4]],
  ["HEADERS", PADDED | PRIORITY, [0, 1, 5]],
  ["DATA", PADDED, [0]],
  ["RST_STREAM", 0, [0, 3, 5, 8]],
  ["SETTINGS", 0, [1, 5, 7, 11]],
  ["SETTINGS", ACK, [1, 6]],
  ["PING", 0, [0, 7, 9, 16]],
  ["PING", ACK, [0, 7, 9]],
  ["GOAWAY", 0, [0, 4, 7]],
  ["WINDOW_UPDATE", 0, [0, 3, 5, 8]],
];
for (const role of ["client", "server"] as const) {
  for (const [type, flags, lengths] of WRONG_SIZES) {
    test(`4.2: ${type} with flags ${flags} is a FRAME_SIZE_ERROR where its size is wrong, at a ${role}`, () => {
      for (const length of lengths) {
        const bench = new Bench(role);
        if (role === "client") bench.open();
        bench.send(bench.headers(1, role === "client" ? [[":status", "200"]] : REQUEST));
        const id = type === "SETTINGS" || type === "PING" || type === "GOAWAY" ? 0 : 1;
        bench.send(frame(type, flags | (type === "HEADERS" ? END_HEADERS : 0), id, new Uint8Array(length)));
        assertEquals(bench.outcome, "connection FRAME_SIZE_ERROR library", `${length} octets`);
        assert(bench.sent().pop()!.endsWith("FRAME_SIZE_ERROR"));
      }
    });
  }
}

test("4.2: a HEADERS frame that is too small is as wrong on a new stream, and where its block goes on", () => {
  for (const flags of [PADDED, PRIORITY, PADDED | PRIORITY]) {
    for (const end of [0, END_HEADERS]) {
      const bench = new Bench("server").send(frame("HEADERS", flags | end, 1, EMPTY));
      assertEquals(bench.outcome, "connection FRAME_SIZE_ERROR library");
    }
  }
});

test("6.2: padding of HEADERS that leaves no room for what must follow it is a PROTOCOL_ERROR of the connection", () => {
  for (
    const [flags, payload] of [
      [PADDED, Uint8Array.of(1)],
      [PADDED, Uint8Array.of(3, 0x82, 0x86)],
      [PADDED | PRIORITY, Uint8Array.of(1, 0, 0, 0, 0, 0)],
      [PADDED | PRIORITY, Uint8Array.of(255, 0, 0, 0, 0, 0, 0x82)],
    ] as const
  ) {
    const bench = new Bench("server").send(frame("HEADERS", flags | END_HEADERS, 1, payload));
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  }
});

test("6.3: PRIORITY of another size than 5 is a FRAME_SIZE_ERROR, of its stream where that is open", () => {
  for (const length of [0, 4, 6]) {
    const wrong = (id: number) => frame("PRIORITY", 0, id, new Uint8Array(length));
    const open = new Bench("server");
    open.send(open.headers(1), wrong(1));
    assertEquals([open.sent(), open.outcome], [["RST_STREAM 1 FRAME_SIZE_ERROR"], "open"]);
    const idle = new Bench("server").send(wrong(1));
    assertEquals(idle.outcome, "connection FRAME_SIZE_ERROR library");
    const closed = new Bench("server");
    closed.send(closed.headers(1), rst(1, ErrorCode.CANCEL), wrong(1));
    assertEquals(closed.outcome, "connection FRAME_SIZE_ERROR library");
  }
});

test("4.2: a frame of each type above our MAX_FRAME_SIZE is a FRAME_SIZE_ERROR of the connection", () => {
  for (let type = 0; type <= 0x20; type++) {
    for (const id of [0, 1, 2]) {
      const bench = new Bench("server");
      bench.send(bench.headers(1), frame(type, 0, id, new Uint8Array(16_385)));
      assertEquals(bench.outcome, "connection FRAME_SIZE_ERROR library", `type ${type}, stream ${id}`);
    }
  }
});

test("4.2: a frame of 16,384 octets is taken, of each type that may be so large", () => {
  const bench = new Bench("server");
  const block = bench.block([...REQUEST, ["x", "\x01".repeat(15_000)]]);
  const large = concat(block, new Uint8Array(16_384 - block.length).fill(0x84)); // more of :path, which is malformed
  bench.send(frame("HEADERS", END_HEADERS, 1, large));
  bench.send(bench.headers(3), data(3, 16_384), frame(0x42, 0, 3, new Uint8Array(16_384)));
  const settings = Array.from({ length: 2_730 }, (): [number, number] => [0x4242, 1]);
  bench.send(setting(...settings), windowUpdate(3, 1));
  assertEquals([bench.outcome, bench.sink.received.get(3)], ["open", 16_384]);
});
