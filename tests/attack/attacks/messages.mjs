// Messages that are small on the wire and large, or slow, or deep, behind it.
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { data, frame, headers, message, repeated, request, Type, uint32, varint } from "../frames.mjs";

const MIB = 1024 * 1024;

/**
 * Beside messages that take up to 100 ms, each of four peers that send nothing else, an honest client has one turn between
 * two of them: no share is asked, only that its calls are answered in time.
 */
const DECODED_AT_ONCE = 0;

/** Calls of one request message, as long as the windows let them in. */
function requests(content) {
  return (attack) => {
    const block = request(attack.path("Unary"));
    const framed = message(content());
    return attack.crowd(4, async (peer) => {
      while (peer.open && !attack.over) {
        await attack.upload(peer, headers(peer.nextId, block), peer.take(), framed);
      }
    });
  };
}

function nested(depth) {
  let sizes = [];
  let total = 0;
  for (let i = 0; i < depth; i++) {
    sizes = [total, ...sizes];
    total += 1 + varint(total).length;
  }
  return Buffer.concat(sizes.map((size) => Buffer.concat([Buffer.of(0x1a), varint(size)])));
}

/** A compressed message with `size` zeros in the field with `tag`: a payload's body, or one that nobody knows. */
function zipped(size, tag = 0x0a) {
  const content = gzipSync(Buffer.concat([Buffer.of(tag), varint(size), Buffer.alloc(size)]));
  return Buffer.concat([Buffer.of(1), uint32(content.length), content]);
}

const ZIPPED = ["grpc-encoding", "gzip"];

/** See `../list.mjs`. */
export default [
  {
    name: "empty-messages",
    says: "streams of empty messages that no handler reads",
    run: (attack) => {
      const block = request(attack.path("Upload"));
      const empties = repeated([0, 0, 0, 0, 0], MIB);
      return attack.crowd(1, (peer) =>
        Promise.all(Array.from({ length: 50 }, async () => {
          const id = peer.take();
          await attack.upload(peer, headers(id, block), id, empties);
        })));
    },
  },
  {
    name: "decode-children",
    says: "4 MB of empty submessages",
    run: requests(() => repeated([0x2a, 0], 4 * MIB - 100)),
    bounds: { memoryMb: 450, share: DECODED_AT_ONCE },
  },
  {
    name: "decode-map",
    says: "4 MB of map entries",
    run: requests(() => repeated([0x32, 0], 4 * MIB - 100)),
    bounds: { share: DECODED_AT_ONCE },
  },
  {
    name: "decode-merge",
    says: "unknown fields in a message of a million parts",
    run: requests(() =>
      Buffer.concat([
        Buffer.of(0x1a),
        varint(2 * MIB + 5),
        Buffer.of(0x7a),
        varint(2 * MIB),
        Buffer.alloc(2 * MIB),
        repeated([0x1a, 2, 0x78, 1], 2 * MIB - 1_000),
      ])
    ),
    bounds: { memoryMb: 256, share: DECODED_AT_ONCE },
  },
  {
    name: "gzip-requests",
    says: "requests of 4 KB that inflate to 4 MB",
    run: (attack) => {
      const block = request(attack.path("Download"), ZIPPED);
      const content = zipped(4 * MIB - 100, 0x7a);
      return attack.crowd(4, async (peer) => {
        while (peer.open && !attack.over) {
          const id = peer.take();
          await peer.write(headers(id, block), data(id, content, true));
          await attack.sleep(1);
        }
      });
    },
    bounds: { memoryMb: 450, share: DECODED_AT_ONCE },
  },
  {
    name: "gzip-bomb",
    says: "requests of 100 KB that would inflate to 100 MB",
    run: (attack) => {
      const block = request(attack.path("Unary"), ZIPPED);
      const content = zipped(100 * MIB);
      return attack.crowd(4, async (peer) => {
        while (peer.open && !attack.over) {
          const id = peer.take();
          await attack.upload(peer, headers(id, block), id, content);
        }
      });
    },
    bounds: { memoryMb: 450, share: DECODED_AT_ONCE }, // what is inflated before the limit waits for a collection
  },
  {
    name: "gzip-unended",
    says:
      "requests of 4 KB that would inflate to 4 MB and never end, 1,000 streams on each of 10 connections",
    run: (attack) => {
      const block = request(attack.path("Unary"), ZIPPED);
      const content = zipped(4 * MIB - 100);
      return attack.crowd(10, async (peer) => {
        for (let i = 0; i < 1_000 && peer.open; i++) {
          const id = peer.take();
          await peer.write(headers(id, block), data(id, content));
        }
      });
    },
    bounds: { memoryMb: 256 },
  },
  {
    name: "gzip-unread",
    says: "50 streams that no handler reads, full of messages of 80 octets that inflate to 60 KB",
    run: (attack) => {
      const block = request(attack.path("Upload"), ZIPPED);
      const one = zipped(60_000);
      const content = Buffer.concat(new Array(Math.floor(MIB / one.length)).fill(one));
      return attack.crowd(1, (peer) =>
        Promise.all(Array.from({ length: 50 }, async () => {
          const id = peer.take();
          await attack.upload(peer, headers(id, block), id, content);
        })));
    },
    bounds: { memoryMb: 256 },
  },
  { name: "nesting", says: "messages that are nested 10,000 deep", run: requests(() => nested(10_000)) },
  {
    name: "message-length",
    says: "messages that say they are 4 MB and never come, 1,000 streams on each of 10 connections",
    run: (attack) => {
      const block = request(attack.path("Unary"));
      const head = Buffer.concat([Buffer.of(0), uint32(4 * MIB - 100), Buffer.of(0)]);
      return attack.crowd(10, async (peer) => {
        for (let i = 0; i < 1_000 && peer.open; i++) {
          const id = peer.take();
          await peer.write(headers(id, block), data(id, head));
        }
      });
    },
    bounds: { memoryMb: 256 },
  },
  {
    name: "unread-responses",
    says: "1,000 peers that make 100 calls each and read nothing",
    run: (attack) => {
      const block = request(attack.path("Unary"));
      const content = message(Buffer.concat([Buffer.of(0x0a), varint(1_000), Buffer.alloc(1_000)]));
      return attack.crowd(1_000, async (peer) => {
        for (let i = 0; i < 2 && peer.open; i++) {
          const calls = [];
          for (let j = 0; j < 50; j++) {
            const id = peer.take();
            calls.push(headers(id, block), data(id, content, true));
          }
          await Promise.race([peer.write(...calls), attack.sleep(2_000)]);
        }
      }, { deaf: true, batch: 100 });
    },
    seconds: 8,
    bounds: { memoryMb: 256 },
  },
  {
    name: "unread-download",
    says: "100 peers that ask for 100 streams of 64 KB messages each, and read nothing",
    run: (attack) => {
      const block = request(attack.path("Download"));
      const order = message(Buffer.concat([Buffer.of(0x08), varint(1_000), Buffer.of(0x10), varint(65_000)]));
      return attack.crowd(100, async (peer) => {
        const calls = [];
        for (let i = 0; i < 100; i++) {
          const id = peer.take();
          calls.push(headers(id, block), data(id, order, true));
        }
        await peer.write(frame(Type.WINDOW_UPDATE, 0, 0, uint32(0x7000_0000)), ...calls);
      }, { deaf: true });
    },
    seconds: 5,
    // Each stream may have one message queued: 650 MB in all.
    bounds: { memoryMb: 768 },
  },
  {
    name: "flood",
    says: "calls, as many as the connection takes",
    run: (attack) => {
      const block = request(attack.path("Unary"));
      const content = message(Buffer.of(0x0a, 2, 111, 107));
      return attack.flood((peer) => {
        const calls = [];
        for (let i = 0; i < 200; i++) {
          const id = peer.take();
          calls.push(headers(id, block), data(id, content, true));
        }
        return Buffer.concat(calls);
      });
    },
    bounds: { memoryMb: 256 },
  },
];
