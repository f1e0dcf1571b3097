// The ring of ring_hash (gRFC A42): each server stands at many places of it, as many as its share of the weights, and a
// call goes to the server at the first place at or after the call's own hash. A server that comes or goes moves the
// calls of its own places, and few others.

import { Xxh64 } from "./xxh64.ts";

/** A server on the ring. */
export interface RingMember {
  /** What its places are hashed of. */
  readonly key: string;
  /** Its share of the places; above 0. */
  readonly weight: number;
}

/** Places with hashes, in their order. */
export class HashRing {
  /** Upper and lower halves of the hashes. */
  private readonly highs: Uint32Array;
  private readonly lows: Uint32Array;
  /** Which member stands there, by its index. */
  private readonly members: Uint32Array;
  /** By the first bits of a hash, the first place that has them or greater ones: hashes are even, so the place is near. */
  private readonly firsts: Uint32Array;
  /** What a hash's upper half is shifted by for them. */
  private readonly shift: number;

  /** `minSize` places or more, so that the least weight is worth a whole one; `maxSize` at most: of more members some have none. */
  constructor(members: readonly RingMember[], minSize: number, maxSize: number) {
    const total = members.reduce((sum, { weight }) => sum + weight, 0);
    const least = members.reduce((min, { weight }) => Math.min(min, weight), Infinity) / total;
    const scale = Math.min(Math.max(1, Math.ceil(least * minSize)) / least, maxSize); // `least` may be rounded to 0
    const places = placesOf(members, total, scale);
    places.sort((a, b) => a.high - b.high || a.low - b.low);
    this.highs = Uint32Array.from(places, ({ high }) => high);
    this.lows = Uint32Array.from(places, ({ low }) => low);
    this.members = Uint32Array.from(places, ({ member }) => member);
    const bits = Math.max(1, 32 - Math.clz32(places.length - 1));
    this.shift = 32 - bits;
    this.firsts = new Uint32Array(2 ** bits);
    let place = 0;
    for (let i = 0; i < this.firsts.length; i++) {
      while (place < places.length && places[place]!.high >>> this.shift < i) place++;
      this.firsts[i] = place;
    }
  }

  /** How many places there are. */
  get size(): number {
    return this.members.length;
  }

  /** The place at or after a hash; the first follows the last. */
  placeOf(high: number, low: number): number {
    const { highs, lows } = this;
    const { length } = highs;
    let place = this.firsts[high >>> this.shift]!;
    while (place < length) {
      const there = highs[place]!;
      if (there > high || (there === high && lows[place]! >= low)) return place;
      place++;
    }
    return 0;
  }

  /** Which member stands at `place`. */
  memberAt(place: number): number {
    return this.members[place]!;
  }
}

interface Place {
  readonly high: number;
  readonly low: number;
  readonly member: number;
}

/** `scale`: places for the sum of all weights; one for a weight of 1 may be no number. What one member does not fill of its last place goes to the next. */
function placesOf(members: readonly RingMember[], total: number, scale: number): Place[] {
  const places: Place[] = [];
  const hash = new Xxh64();
  const encoder = new TextEncoder();
  let end = 0;
  members.forEach(({ key, weight }, member) => {
    end += weight / total * scale;
    for (let i = 0; places.length < end; i++) {
      hash.hash(encoder.encode(`${key}_${i}`));
      places.push({ high: hash.high, low: hash.low, member });
    }
  });
  return places;
}
