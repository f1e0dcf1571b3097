// The handles an engine has open, in memory that outlives its thread, so that another engine can close them.

/** Handles at most: 1 MiB of addresses, of which only those that are used become memory. */
const MOST_HANDLES = 1 << 18;

/** Words of the memory: whether the port is open, packets that are awaited, places in use so far, and the places. */
const OPEN = 0;
const PENDING = 1;
const USED = 2;
const FIRST_PLACE = 3;

/** How a handle is closed: by `closesocket` or by `CloseHandle`. Kept in its two low bits, which the system ignores. */
export type HandleKind = typeof SOCKET | typeof FILE;
/** See {@linkcode HandleKind}. */
export const SOCKET = 1;
/** See {@linkcode HandleKind}. */
export const FILE = 2;
const KIND_BITS = 3;

/** The handles of one engine; used by its thread, and by another one only once that is gone. */
export class HandleRegistry {
  private readonly places = new Map<number, number>();
  private readonly free: number[] = [];

  /** `words` are another engine's, whose thread is gone. */
  constructor(
    readonly words: Int32Array = new Int32Array(new SharedArrayBuffer((FIRST_PLACE + MOST_HANDLES) * 4)),
  ) {}

  /** Operations whose packets are awaited. */
  get pending(): number {
    return this.words[PENDING]!;
  }
  set pending(count: number) {
    this.words[PENDING] = count;
  }

  /** Whether `handle` is held. */
  has(handle: number): boolean {
    return this.places.has(handle);
  }

  /** Holds one more; false where there are too many. */
  add(handle: number, kind: HandleKind): boolean {
    const { words } = this;
    const place = this.free.pop() ?? FIRST_PLACE + words[USED]!;
    if (place >= words.length) return false;
    words[USED] = Math.max(words[USED]!, place - FIRST_PLACE + 1);
    this.places.set(handle, place);
    words[place] = handle | kind;
    return true;
  }

  /**
   * Holds it no longer. Comes before it is closed: its number may be another's afterwards. False: this thread was taken for
   * gone, and it is closed already; or it is not held, as where somebody else closed it, and its number came again.
   */
  remove(handle: number): boolean {
    const place = this.places.get(handle);
    if (place === undefined) return false;
    this.places.delete(handle);
    this.free.push(place);
    return Atomics.exchange(this.words, place, 0) !== 0;
  }

  /** The port was opened. */
  openPort(): void {
    Atomics.store(this.words, OPEN, 1);
  }

  /** True once: the port was open, and the caller must close it. */
  takePort(): boolean {
    return Atomics.exchange(this.words, OPEN, 0) === 1;
  }

  /** Gives all handles up. */
  takeHandles(): Array<{ readonly handle: number; readonly kind: number }> {
    const held: number[] = [];
    for (let place = FIRST_PLACE; place < FIRST_PLACE + this.words[USED]!; place++) {
      const word = Atomics.exchange(this.words, place, 0);
      if (word !== 0) held.push(word);
    }
    return held.map((word) => ({ handle: (word & ~KIND_BITS) >>> 0, kind: word & KIND_BITS }));
  }
}
