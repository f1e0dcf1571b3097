// The descriptors an engine has open, in memory that outlives its thread, so that another engine can close them.

/** Descriptors at most: 4 MiB of addresses, of which only those that are used become memory. */
const MOST = 1 << 20;

/** Words of the memory: one more than the highest descriptor so far, and then one for each that is 1 while it is held. */
const USED = 0;
const FIRST = 1;

/** The descriptors of one engine; used by its thread, and by another one only once that is gone. */
export class Descriptors {
  /** `words` are another engine's, whose thread is gone. */
  constructor(readonly words: Int32Array = new Int32Array(new SharedArrayBuffer((FIRST + MOST) * 4))) {}

  /** Whether `fd` is held; of any number. */
  has(fd: number): boolean {
    return fd >= 0 && fd < MOST && Atomics.load(this.words, FIRST + fd) === 1;
  }

  /** Holds one more; false where its number is too high. */
  add(fd: number): boolean {
    if (fd >= MOST) return false;
    if (fd >= this.words[USED]!) this.words[USED] = fd + 1;
    Atomics.store(this.words, FIRST + fd, 1);
    return true;
  }

  /** Holds it no longer, before it is closed. False: this thread was taken for gone, and it is closed already. */
  remove(fd: number): boolean {
    return Atomics.exchange(this.words, FIRST + fd, 0) === 1;
  }

  /** Gives all of them up. */
  takeAll(): number[] {
    const taken: number[] = [];
    for (let fd = 0; fd < this.words[USED]!; fd++) if (this.remove(fd)) taken.push(fd);
    return taken;
  }
}
