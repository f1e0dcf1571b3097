// The honest client beside an attack: one connection, up to four unary calls at a time, 400 a second where the server
// lets it, and how each ended. A process of its own, so that an attacker's work is not its own: it says on its channel
// what the calls since the last question were.
import { Buffer } from "node:buffer";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { data, END_STREAM, frame, headers, message, request, Type, uint32 } from "./frames.mjs";
import { Peer } from "./peer.mjs";

const IN_FLIGHT = 4;
/** From the beginning of one call to the next. */
const PACE_MS = 10;
/** A call that takes longer has failed. */
const LIMIT_MS = 5_000;
const WINDOW_STEP = 16_384;

const { host, port, path } = JSON.parse(process.argv[2]);
const block = request(path);
const content = message(Buffer.from([0x0a, 2, 111, 107]));

let latencies = [];
let failures = [];

/** Calls of one connection, until it ends. */
async function connection() {
  const peer = new Peer({ host, port });
  const calls = new Map();
  let unclaimed = 0;
  peer.onFrame = (type, flags, id, payload) => {
    if (type === Type.DATA && (unclaimed += payload.length) > WINDOW_STEP) {
      peer.socket.write(frame(Type.WINDOW_UPDATE, 0, 0, uint32(unclaimed)));
      unclaimed = 0;
    }
    if (type === Type.RST_STREAM && !calls.get(id)?.done) {
      calls.get(id)?.end(`RST_STREAM ${payload.readUInt32BE(0)}`);
    } else if ((type === Type.HEADERS || type === Type.DATA) && flags & END_STREAM) calls.get(id)?.end();
  };
  void peer.ended.then(() => {
    for (const call of calls.values()) call.end(`connection ended: ${peer.end}`);
  });
  const timer = setInterval(() => {
    for (const call of calls.values()) {
      if (performance.now() - call.at > LIMIT_MS) call.end(`no answer in ${LIMIT_MS} ms`);
    }
  }, 100);
  const one = () =>
    new Promise((resolve) => {
      const id = peer.take();
      const at = performance.now();
      const end = (failure) => {
        if (!calls.delete(id)) return;
        if (failure === undefined) latencies.push(performance.now() - at);
        else failures.push(failure);
        resolve();
      };
      calls.set(id, { at, end });
      peer.socket.write(Buffer.concat([headers(id, block), data(id, content, true)]));
    });
  await Promise.race([peer.connected, peer.ended]);
  const loop = async () => {
    while (peer.open) await Promise.all([one(), sleep(PACE_MS)]);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
  clearInterval(timer);
  peer.close();
}

process.on("message", () => {
  const sorted = latencies.sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  process.send({ calls: sorted.length, failures, p50: at(0.5), p99: at(0.99) });
  latencies = [];
  failures = [];
});
process.on("disconnect", () => process.exit(0));
process.send("ready");
for (;;) {
  await connection();
  await sleep(50);
}
