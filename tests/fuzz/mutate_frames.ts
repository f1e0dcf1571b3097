// Changes inputs of HTTP/2 frame by frame, so that what comes of it is still read to its end.
import type { SeededRandom } from "../../pollers/simulated/mod.ts";
import { concat } from "../bytes.ts";
import {
  ascii,
  data,
  frame,
  goAway,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "../transport/http2/wire.ts";

const HEADER_BYTES = 9;
const MOST_FRAMES = 60;

/** A request (":method GET", ":scheme http", ":path /"), a response (":status 200"), trailers, an entry for the table. */
const BLOCKS = [
  Uint8Array.of(0x83, 0x86, 0x84),
  Uint8Array.of(0x88),
  Uint8Array.from([0x40, 1, 0x61, 1, 0x62]),
  Uint8Array.from([0x20, 0x83, 0x86, 0x84, 0x40, 1, 0x61, 1, 0x63]),
  Uint8Array.from([0x3f, 0xe1, 0x1f, 0x83, 0x86, 0x84, 0xbe]),
  Uint8Array.from([0x83, 0x86, 0x84, 0x0f, 13, 2, ...ascii("30")]), // content-length
  Uint8Array.from([0x08, 3, ...ascii("100")]), // an interim response
];
const EDGES = [0, 1, 2, 100, 4_096, 16_383, 16_384, 65_535, 65_536, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** One change, more often than not to frames as a whole. */
export function changeFrames(random: SeededRandom, bytes: Uint8Array): Uint8Array {
  const { start, frames, rest } = cut(bytes);
  const at = random.below(frames.length + 1);
  const there = frames[Math.min(at, frames.length - 1)];
  switch (random.below(there === undefined ? 3 : 10)) {
    case 0: // what the application does: see targets/connection.ts
      return concat(start, ...frames, Uint8Array.from([0, 0, 0], () => random.below(256)));
    case 1:
    case 2:
      frames.splice(at, 0, made(random));
      break;
    case 3:
      frames.splice(at, 1);
      break;
    case 4:
      frames.splice(random.below(frames.length + 1), 0, there!);
      break;
    case 5: // another stream
      there!.set([0, 0, 0, random.below(random.chance(0.3) ? 256 : 12)], 5);
      break;
    case 6: // a flag
      there![4]! ^= 1 << random.below(6);
      break;
    case 7: // another type
      there![3] = random.below(11);
      break;
    case 8: // content that is longer or shorter, under a length that says so
      frames.splice(frames.indexOf(there!), 1, withContent(random, there!));
      break;
    default: // two in the other order
      frames.splice(at, 0, ...frames.splice(random.below(frames.length), 1));
  }
  return concat(start, ...frames.slice(0, MOST_FRAMES), rest);
}

/** The preface where there is one, whole frames, and what is none. The frames are copies. */
function cut(bytes: Uint8Array): { start: Uint8Array; frames: Uint8Array[]; rest: Uint8Array } {
  const begin = bytes[0] === PREFACE[0] && bytes[1] === PREFACE[1]
    ? Math.min(bytes.length, PREFACE.length)
    : 0;
  const frames: Uint8Array[] = [];
  let at = begin;
  while (at + HEADER_BYTES <= bytes.length) {
    const end = at + HEADER_BYTES + ((bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!);
    if (end > bytes.length) break;
    frames.push(bytes.slice(at, end));
    at = end;
  }
  return { start: bytes.subarray(0, begin), frames, rest: bytes.subarray(at) };
}

function withContent(random: SeededRandom, old: Uint8Array): Uint8Array {
  const content = old.subarray(HEADER_BYTES);
  const at = random.below(content.length + 1);
  const more = Uint8Array.from({ length: random.below(5) }, () => random.below(256));
  const changed = concat(content.subarray(0, at), more, content.subarray(at + random.below(4)));
  const id = (old[7]! << 8) | old[8]!;
  return frame(old[3]!, old[4]!, id, changed);
}

/** A frame that means something, on one of the first streams. */
function made(random: SeededRandom): Uint8Array {
  const id = 1 + 2 * random.below(8);
  switch (random.below(11)) {
    case 0:
      return setting([random.between(1, 6), random.pick(EDGES)]);
    case 1:
      return setting([4, random.pick([0, 1_000, 100_000, 1_000_000])]);
    case 2:
      return SETTINGS_ACK;
    case 3:
      return windowUpdate(random.chance(0.5) ? 0 : id, random.pick(EDGES));
    case 4:
      return rst(id, random.pick([0, 1, 7, 8]));
    case 5:
      return data(id, random.pick([0, 1, 30, 300, 900]), random.below(2));
    case 6: // padded
      return data(id, Uint8Array.from([random.below(8), 1, 2, 3, 4, 5, 6, 7]), 8 | random.below(2));
    case 7:
      return frame("PING", random.below(2), 0, random.pick([ascii("\0\0\0\0drai"), ascii("\0\0\0\0bdpi")]));
    case 8:
      return random.chance(0.2)
        ? goAway(id, random.below(3))
        : frame("CONTINUATION", 4, id, new Uint8Array(0));
    default:
      return frame("HEADERS", random.pick([0, 1, 4, 4, 4, 5, 5, 5]), id, random.pick(BLOCKS));
  }
}
