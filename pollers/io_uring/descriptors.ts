// The descriptors an engine has open, in memory that outlives its thread, so that another engine can close them.

/** Their numbers are below this: 4 MiB of addresses, of which only those that are used become memory. */
const MOST = 1 << 25;

/** Words of the memory: how many of those behind it are in use, and then a bit for each descriptor, set while it is held. */
const USED = 0;
const FIRST = 1;

function wordOf(fd: number): number {
  return FIRST + (fd >>> 5);
}

function bitOf(fd: number): number {
  return 1 << (fd & 31);
}

/** The descriptors of one engine; used by its thread, and by another one only once that is gone. */
export class Descriptors {
  /** Held as well, and closed by nobody where the thread is gone: numbers that the memory has no room for. */
  private readonly beyond = new Set<number>();

  /** `words` are another engine's, whose thread is gone. */
  constructor(readonly words: Int32Array = new Int32Array(new SharedArrayBuffer((FIRST + MOST / 32) * 4))) {}

  /** Whether `fd` is held; of any number. */
  has(fd: number): boolean {
    if (!this.hasRoom(fd)) return this.beyond.has(fd);
    return (Atomics.load(this.words, wordOf(fd)) & bitOf(fd)) !== 0;
  }

  /** Holds one more. */
  add(fd: number): void {
    if (!this.hasRoom(fd)) return void this.beyond.add(fd);
    const word = wordOf(fd);
    if (word >= this.words[USED]! + FIRST) this.words[USED] = word - FIRST + 1;
    Atomics.or(this.words, word, bitOf(fd));
  }

  /** Holds it no longer, before it is closed. False: this thread was taken for gone, and it is closed already. */
  remove(fd: number): boolean {
    if (!this.hasRoom(fd)) return this.beyond.delete(fd);
    return (Atomics.and(this.words, wordOf(fd), ~bitOf(fd)) & bitOf(fd)) !== 0;
  }

  /** Gives all of them up. */
  takeAll(): number[] {
    const taken: number[] = [];
    for (let fd = 0; fd < this.words[USED]! * 32; fd++) if (this.has(fd) && this.remove(fd)) taken.push(fd);
    return taken;
  }

  private hasRoom(fd: number): boolean {
    return fd >= 0 && wordOf(fd) < this.words.length;
  }
}
