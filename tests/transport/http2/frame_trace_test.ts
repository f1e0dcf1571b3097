// What a trace says of the frames that go one way, wherever their octets are split.
import { assertEquals } from "@std/assert";
import { noteFrames } from "../../../transport/http2/frame_trace.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import {
  ACK,
  data,
  EMPTY,
  END_HEADERS,
  END_STREAM,
  frame,
  goAway,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
  uint32,
  windowUpdate,
} from "./wire.ts";

const FRAMES: ReadonlyArray<readonly [bytes: Uint8Array, line: string]> = [
  [
    setting([3, 100], [4, 65_535], [99, 7]),
    "SETTINGS, MAX_CONCURRENT_STREAMS 100, INITIAL_WINDOW_SIZE 65535, setting 99 7",
  ],
  [setting(), "SETTINGS"],
  [SETTINGS_ACK, "SETTINGS, ACK"],
  [frame("HEADERS", END_HEADERS, 1, new Uint8Array(40)), "HEADERS 1, 40 octets"],
  [
    frame("HEADERS", END_STREAM, 3, new Uint8Array(300)),
    "HEADERS 3, 300 octets, END_STREAM, to be continued",
  ],
  [frame("CONTINUATION", END_HEADERS, 3, new Uint8Array(5)), "CONTINUATION 3, 5 octets"],
  [data(1, 5_000), "DATA 1, 5000 octets"],
  [data(1, 0, END_STREAM), "DATA 1, 0 octets, END_STREAM"],
  [windowUpdate(0, 70_000), "WINDOW_UPDATE, 70000"],
  [windowUpdate(5, 1), "WINDOW_UPDATE 5, 1"],
  [rst(7, 8), "RST_STREAM 7, CANCEL"],
  [rst(7, 99), "RST_STREAM 7, 0x63"],
  [frame("PING", 0, 0, uint32(1, 2)), "PING"],
  [frame("PING", ACK, 0, uint32(1, 2)), "PING, ACK"],
  [frame("PRIORITY", 0, 9, new Uint8Array(5)), "PRIORITY 9, 5 octets"],
  [frame(0xbe, 0, 0, new Uint8Array(400)), "type 190, 400 octets"],
  [frame("RST_STREAM", 0, 1, EMPTY), "RST_STREAM 1"],
  [frame("GOAWAY", 0, 0, EMPTY), "GOAWAY"],
  [goAway(5, 0), "GOAWAY, last stream 5, NO_ERROR"],
  [goAway(0, 11, 'say "less"'), 'GOAWAY, last stream 0, ENHANCE_YOUR_CALM, "say \\"less\\""'],
  [goAway(0, 2, "x".repeat(1_000)), `GOAWAY, last stream 0, INTERNAL_ERROR, "${"x".repeat(248)}"`],
];

for (const pieces of [1, 2, 3, 9, 100, 100_000]) {
  test(`frame trace: every frame once, and in order, in pieces of ${pieces} octets`, () => {
    for (const before of [PREFACE, EMPTY]) {
      const lines: string[] = [];
      const tracer = noteFrames(before === PREFACE, (line) => lines.push(line));
      const bytes = concat(before, ...FRAMES.map(([bytes]) => bytes));
      for (let at = 0; at < bytes.length; at += pieces) tracer.take(bytes.subarray(at, at + pieces));
      assertEquals(lines, FRAMES.map(([, line]) => line));
    }
  });
}
