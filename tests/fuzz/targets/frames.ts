// HTTP/2 frames: what fuzzers of connections begin with, and the frame reader fed arbitrary bytes split anywhere.
import { FrameReader, type FrameVisitor } from "../../../transport/http2/frame_reader.ts";
import { concat } from "../../bytes.ts";
import {
  data,
  frame,
  goAway,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "../../transport/http2/wire.ts";
import { readCorpus, vectorsMissing } from "../../vectors.ts";
import { type FuzzTarget, invariant } from "../target.ts";

/** ":method GET, :scheme http, :path /" and a te header, as indexes and a literal without indexing. */
const BLOCK = Uint8Array.of(0x83, 0x86, 0x84, 0, 2, 116, 101, 8, ...new TextEncoder().encode("trailers"));
const RESPONSE = Uint8Array.of(0x88);

/** Frames of a calm connection, the preface left out, for mutants to differ from. */
export function frames(fromClient: boolean): Uint8Array[] {
  const block = fromClient ? BLOCK : RESPONSE;
  const all = [
    setting([4, 100_000]),
    concat(setting([4, 100_000]), SETTINGS_ACK, frame("HEADERS", 4, 1, block), data(1, 30, 1)),
    concat(
      setting(),
      frame("HEADERS", 4, 1, block),
      data(1, 300),
      frame("HEADERS", 5, 1, Uint8Array.of(0x88)),
    ),
    concat(
      setting(),
      frame("HEADERS", 0, 1, block),
      frame("CONTINUATION", 4, 1, new Uint8Array(0)),
      rst(1, 8),
    ),
    concat(
      setting([1, 0], [5, 20_000]),
      frame("PING", 0, 0, new Uint8Array(8)),
      windowUpdate(0, 10),
      goAway(1, 0),
    ),
    concat(
      setting(),
      frame("HEADERS", 4 | 8 | 32, 1, Uint8Array.of(1, 0, 0, 0, 0, 9, ...block, 0)),
      windowUpdate(1, 5),
    ),
  ];
  const corpus = vectorsMissing("fuzz/corpus") === undefined ? readCorpus("fuzz/corpus") : [];
  return [...all, ...corpus.map((one) => one.subarray(PREFACE.length))];
}

/** Gives `input` in pieces, whose sizes follow from the input itself. */
export function inPieces(input: Uint8Array, give: (piece: Uint8Array) => void): void {
  for (let at = 0, i = 0; at < input.length; i++) {
    const size = [1, 3, 9, 64, 500, 16_384][(input[i % input.length]! + i) % 6]!;
    give(input.slice(at, at + size));
    at += size;
  }
}

/** The frame reader, against itself: pieces must not matter. */
export const frameReceiver: FuzzTarget = {
  name: "frames",
  about: "the frame reader never throws, and gives the same frames however the bytes are split",
  mostBytes: 4_000,
  framed: true,
  seeds: () => frames(false),
  run(input) {
    const whole = framesOf((reader) => reader.receive(input.slice()));
    const split = framesOf((reader) => inPieces(input, (piece) => reader.receive(piece)));
    invariant(whole === split, `frames differ:\n${whole}\n${split}`);
  },
};

function framesOf(feed: (reader: FrameReader) => void): string {
  const seen: string[] = [];
  let content: number[] = [];
  const handler: FrameVisitor & { closed: boolean } = {
    closed: false,
    beginData: (id, bytes, contentBytes, end) => {
      content = [];
      seen.push(`data ${id} ${bytes} ${contentBytes} ${end}`);
    },
    data: (bytes, start, end, last) => {
      for (const byte of bytes.subarray(start, end)) content.push(byte);
      if (last) seen.push(`content ${content.join()}`);
    },
    frame: (type, flags, id, bytes, start, end) => {
      seen.push(`frame ${type} ${flags} ${id} ${bytes.subarray(start, end).join()}`);
    },
    abort: (error) => {
      handler.closed = true;
      seen.push(`abort ${error.code}`);
    },
  };
  feed(new FrameReader(handler, 16_384));
  return seen.join("\n");
}
