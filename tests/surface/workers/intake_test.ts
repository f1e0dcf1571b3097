// How descriptors travel from a boss to a worker: in order and whole, whatever the stream's parts are.
import { assertEquals } from "@std/assert";
import type { Endpoint, SliceBuffer } from "../../../pollers/mod.ts";
import { DescriptorSender, readDescriptors } from "../../../surface/workers/intake.ts";
import { OPEN, STATE_BYTES, TAKEN } from "../../../surface/workers/protocol.ts";
import { test } from "../../harness.ts";

/** A worker's end: it gives what is sent in parts of these lengths, every other one as it is asked. */
class Parts {
  private at = 0;
  private asked = 0;
  private give: () => void = () => {};

  constructor(private readonly bytes: Uint8Array, private readonly lengths: number[]) {}

  read(into: SliceBuffer, done: (error?: unknown) => void): boolean {
    const length = this.lengths.shift();
    const put = (): void => into.append(this.bytes.slice(this.at, this.at += length!));
    this.give = () => {
      if (length === undefined) return done("over");
      put();
      done();
    };
    if (length === undefined || this.asked++ % 2 === 0) return false;
    put();
    return true;
  }

  /** What is waited for comes. */
  come(): void {
    this.give();
  }
}

test("descriptors are read whole, in whatever parts they come", () => {
  const sent = [3, 0x0102_0304, 7, 2 ** 31 - 1, 8];
  for (const lengths of [[20], [1, 1, 1, 17], [3, 5, 3, 6, 3], [4, 2, 14], [19, 1]]) {
    const parts = new Parts(new Uint8Array(Int32Array.from(sent).buffer), [...lengths]);
    const got: number[] = [];
    let ends = 0;
    readDescriptors(parts as unknown as Endpoint, (one) => got.push(one), () => ends++);
    while (ends === 0) parts.come();
    assertEquals([got, ends], [sent, 1], `in parts of ${lengths}`);
  }
});

/** A boss's end, whose writes are over when it is told. */
class Slow {
  readonly written: number[][] = [];
  closed = 0;
  private readonly pending: Array<() => void> = [];

  write(data: SliceBuffer, done: () => void): boolean {
    this.written.push([...new Int32Array(data.join().slice().buffer)]);
    this.pending.push(() => {
      data.clear();
      done();
    });
    return false;
  }

  close(): void {
    this.closed++;
  }

  /** A write is over; how many were not. */
  finish(): number {
    const { length } = this.pending;
    this.pending.shift()?.();
    return length;
  }
}

test("descriptors that are sent while the worker does not read follow in order, and then the end", () => {
  const intake = new Slow();
  const state = new Int32Array(new SharedArrayBuffer(STATE_BYTES));
  const sender = new DescriptorSender(intake as unknown as Endpoint, state);
  for (const one of [5, 6, 7]) sender.send(one);
  assertEquals(intake.written, [[5]]);
  assertEquals([intake.finish(), intake.written], [1, [[5], [6, 7]]]);
  sender.send(8);
  sender.end();
  assertEquals([intake.finish(), intake.written, intake.closed], [1, [[5], [6, 7], [8]], 0]);
  assertEquals([intake.finish(), intake.closed, sender.ended], [1, 1, true]);
  Atomics.store(state, TAKEN, 3);
  Atomics.store(state, OPEN, 2);
  assertEquals([sender.connections, sender.abandon()], [3, [8]]);
});
