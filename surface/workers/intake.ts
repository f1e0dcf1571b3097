// How descriptors of connections travel from the boss to a worker: as 32-bit numbers over a socket pair, so that a
// worker is woken by them as by any other bytes.

import { type Endpoint, SliceBuffer } from "../../pollers/mod.ts";
import { ADOPTED, OPEN, TAKEN } from "./protocol.ts";

const DESCRIPTOR_BYTES = 4;

/** Hands every descriptor that comes over `intake` to `take`; `onEnd` comes once, after the last. */
export function readDescriptors(
  intake: Endpoint,
  take: (descriptor: number) => void,
  onEnd: () => void,
): void {
  const into = new SliceBuffer();
  const took = (): void => {
    const bytes = into.join();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (; at + DESCRIPTOR_BYTES <= bytes.length; at += DESCRIPTOR_BYTES) take(view.getInt32(at, true));
    into.clear();
    into.append(bytes.subarray(at));
  };
  const readOn = (): void => {
    while (intake.read(into, done)) took();
  };
  const done = (error?: unknown): void => {
    if (error !== undefined) return onEnd();
    took();
    readOn();
  };
  readOn();
}

/** Sends descriptors, in order, as fast as the other side reads them, and remembers those that it has not taken. */
export class DescriptorSender {
  private readonly waiting: number[] = [];
  private readonly untaken: number[] = [];
  private taken = 0;
  private writing = false;
  private ending = false;
  private readonly data = new SliceBuffer();
  private readonly written = (): void => {
    this.writing = false;
    this.flush();
  };

  /** `intake` is the sender's from here on; `state` is that of the other side, see `Intake`. */
  constructor(private readonly intake: Endpoint, private readonly state: Int32Array) {}

  /** It sends nothing more. */
  get ended(): boolean {
    return this.ending;
  }

  /** The other side has begun to take what is sent: its service module is loaded. */
  get isTaken(): boolean {
    return Atomics.load(this.state, ADOPTED) === 1;
  }

  /** What the other side has open, and what is on its way there. */
  get connections(): number {
    this.forgetTaken();
    return this.untaken.length + Atomics.load(this.state, OPEN);
  }

  /** Sends one. */
  send(descriptor: number): void {
    this.forgetTaken(); // or the list would grow until `connections` is read
    this.untaken.push(descriptor);
    this.waiting.push(descriptor);
    this.flush();
  }

  /** Ends the stream once everything is sent. */
  end(): void {
    this.ending = true;
    this.flush();
  }

  /** Ends it now, since the other side is gone, and returns the descriptors that it had not taken. */
  abandon(): number[] {
    this.waiting.length = 0;
    this.intake.close();
    this.forgetTaken();
    return this.untaken.splice(0);
  }

  private forgetTaken(): void {
    const taken = Atomics.load(this.state, TAKEN);
    this.untaken.splice(0, (taken - this.taken) | 0);
    this.taken = taken;
  }

  private flush(): void {
    while (!this.writing && this.waiting.length > 0) {
      const bytes = new Uint8Array(Int32Array.from(this.waiting.splice(0)).buffer);
      this.data.append(bytes);
      this.writing = !this.intake.write(this.data, this.written);
    }
    if (this.ending && !this.writing) this.intake.close();
  }
}
