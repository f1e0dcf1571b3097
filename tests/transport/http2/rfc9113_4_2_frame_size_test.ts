// RFC 9113, sections 4.1, 4.2 and 5.5: sizes of frames, unknown types, reserved bits.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "../../harness.ts";
import { Bench, data, EMPTY, frame, type TypeName } from "./wire.ts";

test("4.2: a frame above our MAX_FRAME_SIZE is a FRAME_SIZE_ERROR, as soon as its header is there", () => {
  const bench = new Bench("server");
  bench.send(bench.headers(1), data(1, 16_384), data(1, 16_385).subarray(0, 9));
  assertEquals(bench.outcome, "connection FRAME_SIZE_ERROR library");
  assertEquals(bench.sent().pop(), "GOAWAY 1 FRAME_SIZE_ERROR");
});

test("4.2: what is said of a frame that is too long says how long it is, wherever its header was split", () => {
  for (let split = 1; split < 9; split++) {
    const bench = new Bench("server");
    const header = data(1, 16_385).subarray(0, 9);
    bench.send(header.subarray(0, split)).send(header.subarray(split));
    assertStringIncludes(bench.sink.error!.reason, "is 16385 bytes, above the maximum of 16384");
  }
});

test("4.2: TLS is known by the first octets of its record, as soon as they say that no frame is as long", () => {
  const alert = Uint8Array.of(21, 3, 1, 0, 2, 2, 70);
  for (let split = 2; split < alert.length; split++) {
    const bench = new Bench("client", {}, { handshake: false });
    bench.send(alert.subarray(0, split)).send(alert.subarray(split));
    assertStringIncludes(bench.sink.error!.reason, "peer speaks TLS");
  }
});

test("4.2: a larger MAX_FRAME_SIZE of ours holds", () => {
  const bench = new Bench("server", { maxFrameSize: 20_000 });
  bench.send(bench.headers(1), data(1, 20_000));
  assertEquals([bench.outcome, bench.sink.received.get(1)], ["open", 20_000]);
});

test("4.2: a frame that such a size lets in may have the length of what begins like a TLS record", () => {
  const length = 0x15_0301; // 21, an alert; 3, of TLS
  const bench = new Bench("server", {
    maxFrameSize: 16_777_215,
    initialWindowSize: 2 * length,
    maxWindowSize: 2 * length,
  });
  const long = data(1, length);
  bench.send(bench.headers(1)).send(long.subarray(0, 8)).send(long.subarray(8));
  assertEquals([bench.outcome, bench.sink.received.get(1)], ["open", length]);
});

const sizes: Array<[TypeName, id: number, length: number]> = [
  ["RST_STREAM", 1, 3],
  ["SETTINGS", 0, 5],
  ["PING", 0, 7],
  ["PING", 0, 9],
  ["GOAWAY", 0, 7],
  ["WINDOW_UPDATE", 0, 3],
  ["WINDOW_UPDATE", 1, 5],
];
for (const [type, id, length] of sizes) {
  test(`4.2: ${type} of ${length} bytes on stream ${id} is a FRAME_SIZE_ERROR of the connection`, () => {
    const bench = new Bench("server");
    bench.send(bench.headers(1), frame(type, 0, id, new Uint8Array(length)));
    assertEquals(bench.outcome, "connection FRAME_SIZE_ERROR library");
  });
}

test("4.1: frames of unknown types are ignored, as are unknown flags and the reserved bit", () => {
  const bench = new Bench("server");
  bench.send(frame(0x55, 0xff, 0x7fffffff, new Uint8Array(100)), frame(0xaa, 0, 0, EMPTY));
  bench.send(frame(
    "HEADERS",
    0xd4 & ~0x20,
    0x80000001,
    bench.block([
      [":method", "POST"],
      [":scheme", "http"],
      [":path", "/"],
    ]),
  ));
  assertEquals([bench.outcome, bench.sink.take()], ["open", ["headers 1"]]);
});

const streamZero: TypeName[] = ["DATA", "HEADERS", "PRIORITY", "RST_STREAM", "CONTINUATION"];
for (const type of streamZero) {
  test(`6: ${type} on stream 0 is a PROTOCOL_ERROR of the connection`, () => {
    const bench = new Bench("server");
    bench.send(frame(type, 4, 0, new Uint8Array(type === "PRIORITY" ? 5 : 4)));
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  });
}
for (const type of ["SETTINGS", "PING", "GOAWAY"] as const) {
  test(`6: ${type} on a stream is a PROTOCOL_ERROR of the connection`, () => {
    const bench = new Bench("server");
    bench.send(bench.headers(1), frame(type, 0, 1, new Uint8Array(type === "SETTINGS" ? 6 : 8)));
    assertEquals(bench.outcome, "connection PROTOCOL_ERROR library");
  });
}
