// Frames of an independent test suite (http2jp/http2-frame-test-case), valid and erroneous.
import { assert, assertEquals } from "@std/assert";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { readVectors, vectorsMissing } from "../../vectors.ts";
import { Bench, goAway, parse, REQUEST } from "./wire.ts";
import { ErrorCode } from "../../../transport/http2/error.ts";

interface Vector {
  error: number[] | null;
  wire: string;
  frame: { length: number; type: number; flags: number; stream_identifier: number } | null;
}

const skip = vectorsMissing("frame");

test("frame vectors: every erroneous frame gets one of the errors it is listed with", () => {
  let seen = 0;
  for (const [name, { wire, error }] of readVectors<Vector>("frame/error")) {
    // Streams up to 11 are open, so that the frame itself is what is wrong.
    const bench = new Bench("server");
    for (let id = 1; id <= 11; id += 2) bench.send(bench.headers(id, REQUEST));
    bench.send(fromHex(wire));
    const codes = bench.frames().filter(({ type }) => type === "GOAWAY" || type === "RST_STREAM")
      .map(({ type, payload }) => new DataView(payload.slice().buffer).getUint32(type === "GOAWAY" ? 4 : 0));
    // Frames on even streams are wrong for a server in any case; PUSH_PROMISE always is.
    const allowed = [...error!, ErrorCode.PROTOCOL_ERROR];
    assertEquals(codes.length, 1, name);
    assert(allowed.includes(codes[0]!), `${name}: ${codes[0]}, not one of ${error}`);
    seen++;
  }
  assertEquals(seen, 22);
}, { skip });

const NORMAL = ["data", "goaway", "headers", "ping", "priority", "rst_stream", "settings", "window_update"];

test("frame vectors: valid frames are never found to have a wrong size or form", () => {
  for (const kind of NORMAL) {
    for (const [name, { wire, frame }] of readVectors<Vector>(`frame/${kind}`)) {
      const bytes = fromHex(wire);
      const [parsed] = parse(bytes);
      assertEquals([parsed!.flags, parsed!.id], [frame!.flags, frame!.stream_identifier], `${kind}/${name}`);
      for (const step of [1, bytes.length]) {
        const bench = new Bench("server");
        for (let id = 1; id <= 11; id += 2) bench.send(bench.headers(id, REQUEST));
        bench.sent();
        for (let at = 0; at < bytes.length; at += step) bench.send(bytes.subarray(at, at + step));
        const wrongSize = bench.connection.closed && bench.sink.error!.code === ErrorCode.FRAME_SIZE_ERROR;
        assert(!wrongSize, `${kind}/${name}: ${bench.outcome}`);
      }
    }
  }
}, { skip });

test("frame vectors: the GOAWAY we read is the GOAWAY they wrote", () => {
  const [[, { wire }]] = readVectors<Vector>("frame/goaway") as [[string, Vector]];
  assertEquals(fromHex(wire), goAway(30, 9, "hpack is broken"));
  const bench = new Bench("client").send(fromHex(wire));
  assertEquals(bench.sink.take()[0], "goaway 30 connection COMPRESSION_ERROR remote");
}, { skip });
