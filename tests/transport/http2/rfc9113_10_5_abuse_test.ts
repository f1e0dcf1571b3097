// RFC 9113, section 10.5: peers that make us work for nothing are told to calm down; busy ones are not.
import { assert, assertEquals } from "@std/assert";
import { ErrorCode } from "../../../transport/http2/error.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import {
  ACK,
  Bench,
  data,
  EMPTY,
  END_HEADERS,
  END_STREAM,
  frame,
  goAway,
  REQUEST,
  RESPONSE_LIST,
  rst,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "./wire.ts";

const CALM = "connection ENHANCE_YOUR_CALM library";
const PING = frame("PING", 0, 0, new Uint8Array(8));

/** Sends `bytes(i)` until the connection ends, reading every answer; gives how often, at most `most`. */
function flood(bench: Bench, most: number, bytes: (i: number) => Uint8Array): number {
  for (let i = 0; i < most; i++) {
    bench.send(bytes(i));
    if (bench.connection.closed) return i;
    bench.sent();
  }
  return most;
}

test("10.5: rapid reset ends the connection (CVE-2023-44487)", () => {
  const bench = new Bench("server");
  const most = flood(bench, 5_000, (i) => concat(bench.headers(2 * i + 1, REQUEST, true), rst(2 * i + 1, 8)));
  assertEquals([bench.outcome, most >= 1_000 && most < 5_000], [CALM, true]);
  assertEquals(bench.connection.activeStreams, 0);
});

test("10.5: a client that cancels a thousand calls at once lives", () => {
  const bench = new Bench("server");
  for (let i = 0; i < 1_000; i++) bench.send(bench.headers(2 * i + 1, REQUEST, true));
  for (let i = 0; i < 1_000; i++) bench.send(rst(2 * i + 1, ErrorCode.CANCEL));
  assertEquals(bench.outcome, "open");
});

test("10.5: resets of calls that were answered, and of a client's own calls, cost no budget", () => {
  const server = new Bench("server");
  for (let i = 0; i < 5_000; i++) {
    server.send(server.headers(2 * i + 1, REQUEST, true));
    server.connection.sendHeaders(server.sink.streams[i]!, RESPONSE_LIST, undefined, false);
    server.send(rst(2 * i + 1, ErrorCode.CANCEL));
    server.sent();
  }
  const client = new Bench("client");
  for (let i = 0; i < 5_000; i++) client.send(rst(client.open(true).id, ErrorCode.REFUSED_STREAM)).sent();
  assertEquals([server.outcome, client.outcome], ["open", "open"]);
});

test("10.5: a client that cancels 500 calls a second for long lives, for budgets come back with time", () => {
  const bench = new Bench("server");
  for (let i = 0; i < 5_000; i++) {
    bench.now += 2; // 500 a second
    bench.send(bench.headers(2 * i + 1, REQUEST, true), rst(2 * i + 1, ErrorCode.CANCEL)).sent();
  }
  assertEquals(bench.outcome, "open");
});

test("10.5: SETTINGS in floods end the connection (CVE-2019-9515)", () => {
  const bench = new Bench("server");
  assertEquals(flood(bench, 1_000, () => setting([4, 65_535])) < 1_000, true);
  assertEquals(bench.outcome, CALM);
});

test("10.5: PING in floods ends the connection (CVE-2019-9512), one a round trip does not", () => {
  const bench = new Bench("server");
  assertEquals(flood(bench, 20_000, () => PING) < 20_000, true);
  assertEquals(bench.outcome, CALM);
  const busy = new Bench("server");
  for (let ms = 0; ms < 3_000; ms++) {
    busy.now += 1;
    for (let i = 0; i < 8; i++) busy.send(PING);
    busy.sent();
  }
  assertEquals(busy.outcome, "open");
});

test("10.5: empty DATA frames in floods end the connection (CVE-2019-9518)", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1));
  assertEquals(flood(bench, 5_000, () => data(1, 0)) < 5_000, true);
  assertEquals(bench.outcome, CALM);
});

test("10.5: a header block without end is cut off by pieces and by bytes (CVE-2024-27316)", () => {
  const pieces = new Bench("server").send(frame("HEADERS", 0, 1, EMPTY));
  assertEquals(flood(pieces, 1_000, () => frame("CONTINUATION", 0, 1, EMPTY)), 128);
  assertEquals(pieces.outcome, CALM);
  const bytes = new Bench("server").send(frame("HEADERS", 0, 1, new Uint8Array(16_384)));
  assertEquals(flood(bytes, 100, () => frame("CONTINUATION", 0, 1, new Uint8Array(16_384))), 31);
  assertEquals(bytes.outcome, CALM);
});

test("10.5: streams that we have to reset again and again end the connection (CVE-2025-8671)", () => {
  const bench = new Bench("server");
  const most = flood(bench, 5_000, (i) => {
    const id = 2 * i + 1;
    return concat(bench.headers(id), frame("WINDOW_UPDATE", 0, id, new Uint8Array(4)));
  });
  assertEquals([bench.outcome, most < 5_000], [CALM, true]);
});

test("10.5: PRIORITY, unknown frames and interim responses in floods end the connection", () => {
  const priority = new Bench("server");
  flood(priority, 5_000, () => frame("PRIORITY", 0, 1, new Uint8Array(5)));
  const unknown = new Bench("server");
  flood(unknown, 5_000, () => frame(0x77, 0, 0, EMPTY));
  const interim = new Bench("client");
  interim.open(true);
  flood(interim, 5_000, () => interim.headers(1, [[":status", "103"]]));
  assertEquals([priority.outcome, unknown.outcome, interim.outcome], [CALM, CALM, CALM]);
});

test("10.5: a peer that asks and never reads does not fill our memory", () => {
  const bench = new Bench("server");
  let held = 0;
  for (let i = 0; i < 40_000 && !bench.connection.closed; i++) {
    bench.now += 1; // slow enough for every budget of rates
    bench.send(PING);
    held = Math.max(held, bench.connection.outputBytes);
  }
  assertEquals([bench.outcome, held < 262_144], [CALM, true]);
});

test("10.5: the pieces of one header block are counted, not those of all together", () => {
  const bench = new Bench("server");
  for (let i = 0; i < 200; i++) {
    const id = 2 * i + 1;
    const block = bench.block(REQUEST);
    bench.send(frame("HEADERS", 1, id, block.subarray(0, 1)), frame("CONTINUATION", 0, id, EMPTY));
    bench.send(frame("CONTINUATION", 4, id, block.subarray(1)));
  }
  assertEquals([bench.outcome, bench.sink.streams.length], ["open", 200]);
});

test("10.5: a client that cancels all calls at once lives, however many they are, when they have run for a while", () => {
  const bench = new Bench("server", { maxConcurrentStreams: 3_000 });
  const count = 3_000;
  for (let round = 0; round < 3; round++) {
    const first = 2 * count * round + 1;
    for (let i = 0; i < count; i++) {
      if (i % 100 === 0) bench.now += 3;
      bench.send(bench.headers(first + 2 * i, REQUEST, true));
    }
    bench.now += 200;
    for (let i = 0; i < count; i++) bench.send(rst(first + 2 * i, ErrorCode.CANCEL));
    assertEquals([round, bench.outcome, bench.connection.activeStreams], [round, "open", 0]);
  }
});

test("10.5: rapid reset ends the connection though it is slow, and though other streams are old", () => {
  const bench = new Bench("server");
  for (let i = 0; i < 200; i++) bench.send(bench.headers(2 * i + 1, REQUEST, true));
  bench.now += 1_000;
  let id = 401;
  const most = flood(bench, 20_000, (i) => {
    if (i % 50 === 0) bench.now += 49; // a thousand a second
    const bytes = concat(bench.headers(id, REQUEST, true), rst(id - (i < 20 ? 0 : 20), 8));
    id += 2;
    return bytes;
  });
  assertEquals([bench.outcome, most < 20_000], [CALM, true]);
});

const STREAM_1 = (bench: Bench) => bench.send(bench.headers(1, REQUEST));

for (
  const [what, prepare, bytes] of [
    ["GOAWAY", () => {}, () => goAway(0, 0)],
    ["WINDOW_UPDATE on the connection", () => {}, () => windowUpdate(0, 1)],
    ["WINDOW_UPDATE on a stream", STREAM_1, () => windowUpdate(1, 1)],
    [
      "WINDOW_UPDATE after the highest identifier",
      (bench) => bench.send(bench.headers(0x7fffffff, REQUEST)),
      () => windowUpdate(0, 1),
    ],
    ["PING that answers nothing", () => {}, () => frame("PING", ACK, 0, new Uint8Array(8))],
    ["SETTINGS that acknowledge nothing", () => {}, () => SETTINGS_ACK],
    ["RST_STREAM on a closed stream", (bench) => STREAM_1(bench).send(rst(1, 8)), () => rst(1, 8)],
    [
      "requests that are answered with 431",
      () => {},
      (bench, i) => bench.headers(2 * i + 1, [...REQUEST, ["x", "a".repeat(20_000)]], true),
    ],
  ] as Array<[string, (bench: Bench) => unknown, (bench: Bench, i: number) => Uint8Array]>
) {
  test(`10.5: ${what} in floods end the connection`, () => {
    const bench = new Bench("server", { maxFrameSize: 32_768 });
    prepare(bench);
    const most = flood(bench, 20_000, (i) => bytes(bench, i));
    const late = what.includes("closed stream");
    assertEquals([bench.outcome, most < 20_000], [late ? "connection STREAM_CLOSED library" : CALM, true]);
  });
}

test("10.5: a peer that answers each DATA frame with two WINDOW_UPDATEs lives, for it takes what it is sent", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1, REQUEST));
  const [stream] = bench.sink.streams;
  bench.connection.sendHeaders(stream!, RESPONSE_LIST, undefined, false);
  for (let i = 0; i < 30_000; i++) {
    bench.connection.sendData(stream!, Uint8Array.of(1), false);
    bench.send(windowUpdate(0, 1), windowUpdate(1, 1)).sent();
  }
  assertEquals(bench.outcome, "open");
});

test("10.5: the frames of a large piece count one by one: a peer that answers each of them with two WINDOW_UPDATEs lives", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1, REQUEST));
  const [stream] = bench.sink.streams;
  bench.connection.sendHeaders(stream!, RESPONSE_LIST, undefined, false);
  const piece = new Uint8Array(2 * 16_384);
  const updates = [windowUpdate(0, 16_384), windowUpdate(1, 16_384)];
  for (let i = 0; i < 6_000; i++) {
    assert(bench.connection.sendData(stream!, piece, false), "it passes whole");
    bench.send(...updates, ...updates).sent();
  }
  assertEquals(bench.outcome, "open");
});

test("10.5: a block of indexed fields far above the limit is not decoded to its end", () => {
  const bench = new Bench("server");
  const block = (fields: number) => concat(bench.block(REQUEST), new Uint8Array(fields).fill(0x82));
  bench.send(frame("HEADERS", END_HEADERS | END_STREAM, 1, block(4_000)));
  assertEquals(
    [bench.outcome, bench.sent()[0]],
    ["open", "HEADERS 1 end"],
    "431, and the connection goes on",
  );
  bench.send(frame("HEADERS", END_HEADERS | END_STREAM, 3, block(6_000)));
  assertEquals(bench.outcome, CALM);
});

test("10.5: a header block has 10 s, however its pieces trickle in", () => {
  const bench = new Bench("server");
  bench.send(frame("HEADERS", 0, 1, bench.block(REQUEST)));
  assertEquals(bench.connection.nextTimeout(), bench.now + 10_000);
  for (let i = 0; i < 9; i++) {
    bench.now += 1_000;
    bench.send(frame("CONTINUATION", 0, 1, EMPTY));
    bench.connection.handleTimeout(bench.now);
  }
  assertEquals(bench.outcome, "open");
  bench.now += 1_000;
  bench.connection.handleTimeout(bench.now);
  assertEquals([bench.outcome, bench.sink.error!.reason], [
    CALM,
    "header block of stream 1 not complete within 10000 ms",
  ]);
});

test("10.5: a header block that is complete in time leaves no deadline", () => {
  const bench = new Bench("server");
  bench.send(frame("HEADERS", 0, 1, bench.block(REQUEST)), frame("CONTINUATION", END_HEADERS, 1, EMPTY));
  assertEquals([bench.connection.nextTimeout(), bench.connection.activeStreams], [Infinity, 1]);
});

test("10.5: a client that gives up every call after a third of a second lives, a thousand calls a second", () => {
  const bench = new Bench("server");
  for (let i = 0; i < 10_000; i++) {
    bench.now += 1;
    bench.send(bench.headers(2 * i + 1, REQUEST, true));
    if (i >= 333) bench.send(rst(2 * (i - 333) + 1, ErrorCode.CANCEL)).sent();
  }
  assertEquals([bench.outcome, bench.connection.activeStreams], ["open", 333]);
});

/** Ends stream `i` with its response, for the application or in its place; then the connection learns the time. */
function end(bench: Bench, i: number, by: "handler" | "library"): void {
  const stream = bench.sink.streams[i]!;
  if (by === "library") bench.connection.requests!.endUnanswered(stream);
  bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
  if (bench.connection.requests!.wantsTime) bench.connection.requests!.takeTime(bench.now);
  bench.sent();
}

test("10.5: calls that we end ourselves, again and again, end the connection; once answered calls cost nothing", () => {
  const calls = (by: "handler" | "library"): [string, number] => {
    const bench = new Bench("server");
    let i = 0;
    for (; i < 20_000 && !bench.connection.closed; i++) {
      bench.send(bench.headers(2 * i + 1, REQUEST, true));
      end(bench, i, by);
    }
    return [bench.outcome, i];
  };
  assertEquals([calls("library"), calls("handler")], [[CALM, 10_001], ["open", 20_000]]);
});

test("10.5: each call that is answered pays for one that is not, whoever ended it, but for none that comes later", () => {
  const mixed = (unanswered: number, by: "peer" | "library"): string => {
    const bench = new Bench("server");
    for (let i = 0; i < 60_000 && !bench.connection.closed; i++) {
      bench.send(bench.headers(2 * i + 1, REQUEST, true));
      if (i % (unanswered + 1) === 0) end(bench, i, "handler");
      else if (by === "library") end(bench, i, "library");
      else bench.send(rst(2 * i + 1, ErrorCode.CANCEL));
    }
    return bench.outcome;
  };
  assertEquals([mixed(1, "library"), mixed(1, "peer")], ["open", "open"]);
  assertEquals([mixed(2, "library"), mixed(2, "peer")], [CALM, CALM]);
  const bench = new Bench("server");
  for (let i = 0; i < 10_000; i++) {
    bench.send(bench.headers(2 * i + 1, REQUEST, true));
    end(bench, i, "handler");
  }
  const most = flood(bench, 5_000, (i) => {
    const id = 2 * i + 20_001;
    return concat(bench.headers(id, REQUEST, true), rst(id, ErrorCode.CANCEL));
  });
  assertEquals([bench.outcome, most], [CALM, 2_000]);
});

test("10.5: a client whose calls all meet a deadline of 200 ms lives, and so do a thousand calls a second with one of 20", () => {
  for (const [deadlineMs, atOnce] of [[200, 500], [20, 20]] as const) {
    const bench = new Bench("server", { maxConcurrentStreams: 4_000 });
    let opened = 0;
    for (let ended = 0; ended < 40_000; ended += atOnce) {
      for (let i = 0; i < atOnce; i++) bench.send(bench.headers(2 * opened++ + 1, REQUEST, true));
      bench.now += deadlineMs; // the connection learns it from `takeTime` alone, for nothing is received meanwhile
      for (let i = 0; i < atOnce; i++) {
        const stream = bench.sink.streams[ended + i]!;
        bench.connection.requests!.endUnanswered(stream);
        bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, true);
      }
      if (bench.connection.requests!.wantsTime) bench.connection.requests!.takeTime(bench.now);
      bench.sent();
    }
    assertEquals([deadlineMs, bench.outcome, bench.connection.activeStreams], [deadlineMs, "open", 0]);
  }
});
