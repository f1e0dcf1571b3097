// The streams of one connection, found by number: a ring indexed by half the number, with a map for collisions.

import { REMEMBERED_RESETS } from "./limits.ts";
import type { Stream } from "./stream.ts";

/** Streams a fresh ring has room for; an idle connection keeps no more. */
const INITIAL_RING = 8;
/** The ring does not grow above this; more concurrent streams than that live in the map as well. */
const MAX_RING = 4_096;

/**
 * Numbers of one connection grow by two, and streams that live at the same time lie close together; so the number
 * modulo a power of two nearly always finds its stream at the first look (2x cheaper than a Map, measured).
 */
export class Streams {
  private ring: Array<Stream | undefined> = new Array(INITIAL_RING).fill(undefined);
  private readonly overflow = new Map<number, Stream>();
  private readonly resets = new Set<number>();
  /** Every closed stream up to here may have been ended by us: the set has forgotten some of them. */
  private forgottenResets = 0;
  /** Streams that are open now. */
  size = 0;

  /** The open stream numbered `id`, or undefined. */
  get(id: number): Stream | undefined {
    const found = this.ring[(id >> 1) & (this.ring.length - 1)];
    if (found !== undefined && found.id === id) return found;
    return this.overflow.size === 0 ? undefined : this.overflow.get(id);
  }

  /** Adds a stream whose number is not there. */
  add(stream: Stream): void {
    this.size++;
    if (this.size > this.ring.length && this.ring.length < MAX_RING) this.grow();
    this.place(stream);
  }

  /** Removes a stream that is there. */
  remove(stream: Stream): void {
    this.size--;
    const slot = (stream.id >> 1) & (this.ring.length - 1);
    if (this.ring[slot] === stream) this.ring[slot] = undefined;
    else this.overflow.delete(stream.id);
  }

  /** The open streams, as a list that stays as it is while they close. */
  all(): Stream[] {
    const streams = [...this.overflow.values()];
    for (const stream of this.ring) if (stream !== undefined) streams.push(stream);
    return streams.sort((a, b) => a.id - b.id);
  }

  /** Server: remembers that we ended `id` before the client did, so frames for it may still be on their way. */
  rememberReset(id: number): void {
    this.resets.add(id);
    if (this.resets.size <= REMEMBERED_RESETS) return;
    const [oldest] = this.resets;
    this.resets.delete(oldest!);
    this.forgottenResets = Math.max(this.forgottenResets, oldest!);
  }

  /** Server: whether a frame for the closed stream `id` may be one that crossed our RST_STREAM. */
  mayHaveBeenReset(id: number): boolean {
    return id <= this.forgottenResets || this.resets.has(id);
  }

  private place(stream: Stream): void {
    const slot = (stream.id >> 1) & (this.ring.length - 1);
    const there = this.ring[slot];
    if (there === undefined) this.ring[slot] = stream;
    else this.overflow.set(stream.id, stream);
  }

  private grow(): void {
    const streams = this.all();
    this.ring = new Array(this.ring.length * 4).fill(undefined);
    this.overflow.clear();
    for (const stream of streams) this.place(stream);
  }
}
