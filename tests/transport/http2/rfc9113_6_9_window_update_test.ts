// RFC 9113, sections 5.2, 6.9, 6.9.1 and 6.9.2: windows, and what they hold back.
import { assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import { Bench, data, frame, RESPONSE_LIST, setting, TRAILERS_LIST, windowUpdate } from "./wire.ts";

const MAX = 0x7fffffff;

test("6.9: DATA waits for the stream's window, and END_STREAM waits with it", () => {
  const bench = new Bench("client", {}, { peer: [[4, 10]] });
  const stream = bench.open();
  assertEquals(bench.connection.sendData(stream, new Uint8Array(10), false), true);
  assertEquals(bench.connection.sendData(stream, new Uint8Array(7), true), false);
  assertEquals(bench.sent(), ["HEADERS 1", "DATA 1 10"]);
  assertEquals([stream.queuedBytes, bench.connection.wantsTransmit], [7, false]);
  bench.send(windowUpdate(1, 3));
  assertEquals(bench.sent(), ["DATA 1 3"]);
  bench.send(windowUpdate(1, 100));
  assertEquals(bench.sent(), ["DATA 1 4 end"]);
});

test("6.9: DATA waits for the connection's window, in turns", () => {
  const bench = new Bench("client", {}, { peer: [[4, 1_000_000]] });
  const [one, three] = [bench.open(), bench.open()];
  assertEquals(bench.connection.sendData(one, new Uint8Array(65_535), false), true);
  assertEquals(bench.connection.sendData(one, new Uint8Array(40_000), false), false);
  assertEquals(bench.connection.sendData(three, new Uint8Array(20_000), true), false);
  bench.sent();
  assertEquals(bench.connection.wantsTransmit, false);
  bench.send(windowUpdate(0, 100_000));
  assertEquals(bench.sent(), [
    "DATA 1 16384",
    "DATA 3 16384",
    "DATA 1 16384",
    "DATA 3 3616 end",
    "DATA 1 7232",
  ]);
});

test("6.9: an END_STREAM or trailers without DATA need no window", () => {
  const bench = new Bench("client", {}, { peer: [[4, 0]] });
  const [one, three] = [bench.open(), bench.open()];
  assertEquals(bench.connection.sendData(one, new Uint8Array(0), true), true);
  bench.connection.sendHeaders(three, TRAILERS_LIST, undefined, true);
  assertEquals(bench.sent(), ["HEADERS 1", "HEADERS 3", "DATA 1 0 end", "HEADERS 3 end"]);
});

test("6.9: an END_STREAM that had to queue goes out though the connection's window is used up", () => {
  const bench = new Bench("client", {}, { peer: [[4, 1_000_000]] });
  const [one, three] = [bench.open(), bench.open()];
  bench.send(windowUpdate(0, 131_000 - 65_535));
  assertEquals(bench.connection.sendData(one, new Uint8Array(131_000), false), true);
  assertEquals(bench.connection.sendData(one, new Uint8Array(72), false), false);
  assertEquals(bench.connection.sendData(three, new Uint8Array(0), true), false);
  assertEquals(bench.connection.flow.sendWindow.available, 0);
  assertEquals(bench.sent().slice(-2), ["DATA 1 16312", "DATA 3 0 end"]);
  bench.send(windowUpdate(0, 72));
  assertEquals(bench.sent(), ["DATA 1 72"]);
});

test("6.9.1: an increment of 0 is an error of the stream, or of the connection", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), windowUpdate(1, 0));
  assertEquals(bench.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
  bench.send(windowUpdate(0, 0));
  assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
});

test("6.9.1: a window above 2^31-1 is a FLOW_CONTROL_ERROR of the stream, or of the connection", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), windowUpdate(1, MAX - 65_535));
  assertEquals(bench.sent(), []);
  bench.send(windowUpdate(1, 1));
  assertEquals(bench.sent(), ["RST_STREAM 1 FLOW_CONTROL_ERROR"]);
  bench.send(windowUpdate(0, MAX - 65_535));
  assertEquals(bench.outcome, "open");
  bench.send(windowUpdate(0, 1));
  assertEquals(bench.outcome, "connection FLOW_CONTROL_ERROR library");
});

test("6.9.2: SETTINGS in mid-stream moves windows below zero, and back", () => {
  const bench = new Bench("client", {}, { peer: [[4, 100]] });
  const stream = bench.open();
  bench.connection.sendData(stream, new Uint8Array(80), false);
  bench.connection.sendData(stream, new Uint8Array(50), false);
  assertEquals(bench.sent(), ["HEADERS 1", "DATA 1 80", "DATA 1 20"]);
  bench.send(setting([4, 40]));
  assertEquals([stream.sendWindow.available, bench.sent()], [-60, ["SETTINGS ack"]]);
  bench.send(windowUpdate(1, 60));
  assertEquals([stream.sendWindow.available, bench.sent()], [0, []]);
  bench.send(setting([4, 45]));
  assertEquals(bench.sent(), ["SETTINGS ack", "DATA 1 5"]);
  assertEquals(bench.connection.flow.sendWindow.available, 65_535 - 105);
});

test("6.9.2: a stream in the round whose window shrank below zero is left out, without spinning", () => {
  const bench = new Bench("client", {}, { peer: [[4, 1_000_000]] });
  bench.send(windowUpdate(0, 1_000_000));
  const stream = bench.open();
  bench.connection.sendData(stream, new Uint8Array(200_000), false);
  bench.send(setting([4, 0]));
  assertEquals(bench.sent(), ["HEADERS 1", "SETTINGS ack"]);
  bench.send(setting([4, 200_000]));
  assertEquals([bench.sent().length, stream.queuedBytes], [1 + 13, 0]);
});

test("6.9.2: SETTINGS that make a stream's window overflow end the connection", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), windowUpdate(1, MAX - 65_535), setting([4, 65_536]));
  assertEquals(bench.outcome, "connection FLOW_CONTROL_ERROR library");
});

test("5.2: DATA beyond a stream's window is a FLOW_CONTROL_ERROR of the stream, padding counted", () => {
  const bench = new Bench("server", { initialWindowSize: 1_000, connectionWindowSize: 65_535 });
  bench.send(bench.headers(1), data(1, 1_000), bench.headers(3));
  assertEquals(bench.sent(), []);
  bench.send(frame("DATA", 8, 3, new Uint8Array(1_001)));
  assertEquals(bench.sent(), ["RST_STREAM 3 FLOW_CONTROL_ERROR"]);
  bench.send(data(1, 1));
  assertEquals(bench.sent(), ["RST_STREAM 1 FLOW_CONTROL_ERROR"]);
});

test("5.2: DATA beyond the connection's window is a FLOW_CONTROL_ERROR of the connection", () => {
  const bench = new Bench("server", { connectionWindowSize: 65_535 });
  bench.send(bench.headers(1), ...[16_384, 16_384, 16_384, 16_383].map((length) => data(1, length)));
  assertEquals(bench.outcome, "open");
  bench.send(data(1, 1));
  assertEquals(bench.outcome, "connection FLOW_CONTROL_ERROR library");
});

test("5.2: what came may come again once it is announced", () => {
  const bench = new Bench("server", { connectionWindowSize: 65_535, maxFrameSize: 100_000 });
  bench.send(bench.headers(1), bench.headers(3), data(1, 65_535));
  assertEquals(bench.sent(), ["WINDOW_UPDATE 0 +65535"]);
  bench.send(data(3, 65_535));
  assertEquals(bench.outcome, "open");
  bench.send(data(3, 1));
  assertEquals(bench.outcome, "connection FLOW_CONTROL_ERROR library");
});

test("6.9: a connection's window that opens a little at a time goes to all streams in turn", () => {
  const bench = new Bench("client", {}, { peer: [[4, 1_000_000]] });
  const streams = [bench.open(), bench.open(), bench.open(), bench.open()];
  bench.connection.sendData(streams[0]!, new Uint8Array(65_535), false);
  for (const stream of streams.slice(0, 3)) bench.connection.sendData(stream, new Uint8Array(100_000), false);
  bench.sent();
  bench.connection.sendData(streams[3]!, new Uint8Array(10), true);
  const turns = Array.from({ length: 7 }, () => bench.send(windowUpdate(0, 16_384)).sent());
  const wanted = ["DATA 1 16384", "DATA 3 16384", "DATA 5 16384", "DATA 7 10 end"];
  assertEquals(turns.flat().slice(0, 4), wanted);
  assertEquals(turns.flat().slice(4), ["DATA 1 16374", "DATA 3 16384", "DATA 5 16384", "DATA 1 16384"]);
});

test("6.9: streams that wait for their own windows do not delay another, whichever side sends", () => {
  for (const role of ["client", "server"] as const) {
    const bench = new Bench(role, {}, { peer: [[4, 10]] });
    if (role === "server") { for (let id = 1; id < 400; id += 2) bench.send(bench.headers(id)); }
    else for (let i = 0; i < 200; i++) bench.open();
    const streams = bench.connection.streams.all();
    const last = streams.pop()!;
    for (const stream of [...streams, last]) {
      if (role === "server") bench.connection.sendHeaders(stream, RESPONSE_LIST, undefined, false);
      if (stream !== last) {
        assertEquals(bench.connection.sendData(stream, new Uint8Array(50_000), false), false);
      }
    }
    bench.sent();
    assertEquals([streams.length, bench.connection.wantsTransmit], [199, false]);
    assertEquals(bench.connection.sendData(last, new Uint8Array(10), false), true, "it had to wait");
    assertEquals(bench.sent(), [`DATA ${last.id} 10`]);
  }
});
