// The send queue: DATA that waits for a window, on one stream and on many, in large pieces and in small ones.
import type { Bench } from "tinybench";
import { addBatch, expect, expectBytes, pattern } from "./batch.ts";
import { Wire } from "./wire.ts";

const WINDOW_BYTES = 16_384;
/** Windows that do not grow, however fast the path is. */
const NARROW = { initialWindowSize: WINDOW_BYTES, maxWindowSize: WINDOW_BYTES };

/** Adds the measurements. */
export function add(bench: Bench): void {
  addTransfer(bench, "256 KiB in one piece, a window of 16 KiB", 1, 1, 262_144);
  addTransfer(bench, "1,000 pieces of 100 B, a window of 16 KiB", 1, 1_000, 100);
  addTransfer(bench, "10 streams of 64 KiB, windows of 16 KiB", 10, 1, 65_536);
}

function addTransfer(bench: Bench, name: string, streams: number, pieces: number, bytes: number): void {
  const wire = new Wire(pattern(23), NARROW);
  const piece = pattern(bytes);
  let queued = 0;
  const run = () => {
    wire.received = 0;
    wire.answered = 0;
    for (let i = 0; i < streams; i++) {
      const stream = wire.open();
      for (let sent = 1; sent <= pieces; sent++) wire.client.sendData(stream, piece, sent === pieces);
      queued += stream.queuedBytes;
    }
    wire.carry();
    return wire.received + wire.answered;
  };
  const taken: Uint8Array[] = [];
  wire.onRequestBytes = (part) => void taken.push(part);
  for (let time = 0; time < 2; time++) {
    taken.length = 0;
    queued = 0;
    run();
    const all = taken.flatMap((part) => [...part]);
    expect(`${name}, calls`, wire.answered, streams);
    expect(`${name}, bytes`, all.length, streams * pieces * bytes);
    expect(`${name}, queued`, queued >= all.length - streams * WINDOW_BYTES, true);
    if (streams > 1) continue; // whose bytes come in turns
    for (let i = 0; i < pieces; i++) {
      expectBytes(name, Uint8Array.from(all.slice(i * bytes, (i + 1) * bytes)), piece);
    }
  }
  wire.onRequestBytes = undefined;
  addBatch(bench, `queue: ${name}`, 1, run);
}
