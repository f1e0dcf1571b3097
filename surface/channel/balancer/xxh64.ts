// XXH64, the hash of ring_hash (https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md).
//
// 64-bit numbers are two halves of 32 bits, in integer arithmetic: BigInts would be a dozen allocations a call, and numbers
// beyond 32 bits cost twice as much.

/** A number of 64 bits, changed in place. Its halves may be negative: `>>> 0` is their value. */
class Word {
  high = 0;
  low = 0;

  set(high: number, low: number): this {
    this.high = high | 0;
    this.low = low | 0;
    return this;
  }

  copy(other: Word): this {
    this.high = other.high;
    this.low = other.low;
    return this;
  }

  add(high: number, low: number): this {
    const sum = (this.low + low) | 0;
    this.low = sum;
    this.high = (this.high + high + ((sum >>> 0) < (low >>> 0) ? 1 : 0)) | 0;
    return this;
  }

  multiply(high: number, low: number): this {
    const mine = this.low;
    this.high = (upperHalf(mine, low) + Math.imul(this.high, low) + Math.imul(mine, high)) | 0;
    this.low = Math.imul(mine, low);
    return this;
  }

  xor(high: number, low: number): this {
    this.high ^= high;
    this.low ^= low;
    return this;
  }

  /** To the left, by 1 to 31 bits. */
  rotate(bits: number): this {
    const { high, low } = this;
    this.high = (high << bits) | (low >>> (32 - bits));
    this.low = (low << bits) | (high >>> (32 - bits));
    return this;
  }

  /** The exclusive or with itself, shifted to the right by 1 to 63 bits. */
  fold(bits: number): this {
    if (bits >= 32) return this.xor(0, this.high >>> (bits - 32));
    const { high, low } = this;
    return this.xor(high >>> bits, (low >>> bits) | (high << (32 - bits)));
  }
}

/** The upper 32 bits of a product of two numbers of 32 bits. */
function upperHalf(a: number, b: number): number {
  const aLow = a & 0xffff;
  const aHigh = a >>> 16;
  const bLow = b & 0xffff;
  const bHigh = b >>> 16;
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0;
  const other = (Math.imul(aLow, bHigh) + (middle & 0xffff)) | 0;
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}

// The primes of the specification, in halves.
const PRIME_1_HIGH = 0x9e3779b1;
const PRIME_1_LOW = 0x85ebca87;
const PRIME_2_HIGH = 0xc2b2ae3d;
const PRIME_2_LOW = 0x27d4eb4f;
const PRIME_3_HIGH = 0x165667b1;
const PRIME_3_LOW = 0x9e3779f9;
const PRIME_4_HIGH = 0x85ebca77;
const PRIME_4_LOW = 0xc2b2ae63;
const PRIME_5_HIGH = 0x27d4eb2f;
const PRIME_5_LOW = 0x165667c5;

/** Octets that are read at once where there are as many. */
const STRIPE = 32;

/** Computes hashes, one after another. */
export class Xxh64 {
  private readonly result = new Word();
  private readonly lane = new Word();
  private readonly mixed = new Word();
  private readonly sums = [new Word(), new Word(), new Word(), new Word()] as const;
  /** Octets of a text. */
  private octets = new Uint8Array(256);

  /** The upper 32 bits of the last hash. */
  get high(): number {
    return this.result.high >>> 0;
  }

  /** Its lower 32 bits. */
  get low(): number {
    return this.result.low >>> 0;
  }

  /** Hashes a text of octets, one UTF-16 unit each, as metadata has them. */
  hashText(text: string): void {
    const { length } = text;
    if (length > this.octets.length) this.octets = new Uint8Array(2 * length);
    const { octets } = this;
    for (let i = 0; i < length; i++) octets[i] = text.charCodeAt(i);
    this.hash(octets, length);
  }

  /** Hashes `octets` up to `end`. */
  hash(octets: Uint8Array, end: number = octets.length, seedHigh: number = 0, seedLow: number = 0): void {
    const { result } = this;
    let at = 0;
    if (end >= STRIPE) at = this.hashStripes(octets, end, seedHigh, seedLow);
    else result.set(seedHigh, seedLow).add(PRIME_5_HIGH, PRIME_5_LOW);
    result.add(0, end);
    for (; at + 8 <= end; at += 8) {
      const lane = this.round(this.lane.set(0, 0), wordAt(octets, at + 4), wordAt(octets, at));
      result.xor(lane.high, lane.low).rotate(27);
      result.multiply(PRIME_1_HIGH, PRIME_1_LOW).add(PRIME_4_HIGH, PRIME_4_LOW);
    }
    if (at + 4 <= end) {
      const lane = this.lane.set(0, wordAt(octets, at)).multiply(PRIME_1_HIGH, PRIME_1_LOW);
      result.xor(lane.high, lane.low).rotate(23);
      result.multiply(PRIME_2_HIGH, PRIME_2_LOW).add(PRIME_3_HIGH, PRIME_3_LOW);
      at += 4;
    }
    for (; at < end; at++) {
      const lane = this.lane.set(0, octets[at]!).multiply(PRIME_5_HIGH, PRIME_5_LOW);
      result.xor(lane.high, lane.low).rotate(11).multiply(PRIME_1_HIGH, PRIME_1_LOW);
    }
    result.fold(33).multiply(PRIME_2_HIGH, PRIME_2_LOW);
    result.fold(29).multiply(PRIME_3_HIGH, PRIME_3_LOW).fold(32);
  }

  /** Where the octets begin that fill no stripe. */
  private hashStripes(octets: Uint8Array, end: number, seedHigh: number, seedLow: number): number {
    const { result, lane, sums: [first, second, third, fourth] } = this;
    first.set(seedHigh, seedLow).add(PRIME_1_HIGH, PRIME_1_LOW).add(PRIME_2_HIGH, PRIME_2_LOW);
    second.set(seedHigh, seedLow).add(PRIME_2_HIGH, PRIME_2_LOW);
    third.set(seedHigh, seedLow);
    fourth.set(seedHigh, seedLow).add(~PRIME_1_HIGH, ~PRIME_1_LOW).add(0, 1); // minus the first prime
    let at = 0;
    for (; at + STRIPE <= end; at += STRIPE) {
      this.round(first, wordAt(octets, at + 4), wordAt(octets, at));
      this.round(second, wordAt(octets, at + 12), wordAt(octets, at + 8));
      this.round(third, wordAt(octets, at + 20), wordAt(octets, at + 16));
      this.round(fourth, wordAt(octets, at + 28), wordAt(octets, at + 24));
    }
    result.copy(first).rotate(1);
    addRotated(result, lane.copy(second), 7);
    addRotated(result, lane.copy(third), 12);
    addRotated(result, lane.copy(fourth), 18);
    for (const sum of this.sums) {
      const { high, low } = this.round(lane.set(0, 0), sum.high, sum.low);
      result.xor(high, low).multiply(PRIME_1_HIGH, PRIME_1_LOW).add(PRIME_4_HIGH, PRIME_4_LOW);
    }
    return at;
  }

  /** Takes 8 octets into `sum`. */
  private round(sum: Word, high: number, low: number): Word {
    const mixed = this.mixed.set(high, low).multiply(PRIME_2_HIGH, PRIME_2_LOW);
    return sum.add(mixed.high, mixed.low).rotate(31).multiply(PRIME_1_HIGH, PRIME_1_LOW);
  }
}

function addRotated(result: Word, word: Word, bits: number): void {
  const { high, low } = word.rotate(bits);
  result.add(high, low);
}

/** 4 octets, the least significant first. */
function wordAt(octets: Uint8Array, at: number): number {
  return octets[at]! | (octets[at + 1]! << 8) | (octets[at + 2]! << 16) | (octets[at + 3]! << 24);
}
