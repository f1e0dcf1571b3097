// What an engine has open, and what must be closed before the engine is shut down.

import type { IoError, IoSyscall } from "../contract/io_error.ts";

/** Something that must be closed before its engine is shut down. */
export interface Closable {
  /** What it is about, for an error that ends it. */
  readonly syscall: IoSyscall;
  /** What it is, for the error that names it. */
  describe(): string;
  /** Releases it; what is pending fails with `reason`. */
  close(reason?: IoError): void;
}

/** Everything of one engine that is open now. */
export class OpenSet<T = Closable> {
  private readonly open = new Set<T>();
  private onceEmptyClosures: Array<() => void> = [];

  /** `onChange` is called when the first thing opens (true) and when the last one has closed (false). */
  constructor(private readonly onChange: (open: boolean) => void = () => {}) {}

  /** Things open. */
  get size(): number {
    return this.open.size;
  }

  /** Whether `closable` is open. */
  has(closable: T): boolean {
    return this.open.has(closable);
  }

  /** Counts `closable` as open. */
  add(closable: T): void {
    this.open.add(closable);
    if (this.open.size === 1) this.onChange(true);
  }

  /** True: it was open and no longer counts. */
  delete(closable: T): boolean {
    const deleted = this.open.delete(closable);
    if (deleted && this.open.size === 0) this.emptied();
    return deleted;
  }

  /** Runs `closure` once nothing is open: now, or when the last thing has closed. */
  onceEmpty(closure: () => void): void {
    if (this.open.size === 0) closure();
    else this.onceEmptyClosures.push(closure);
  }

  /** What is open, in the order in which it was opened; use `all` where closing changes the set. */
  [Symbol.iterator](): Iterator<T> {
    return this.open[Symbol.iterator]();
  }

  /** Everything that is open now, in the order in which it was opened. */
  all(): T[] {
    return [...this.open];
  }

  /** The last thing has closed. */
  private emptied(): void {
    this.onChange(false);
    for (const closure of this.onceEmptyClosures.splice(0)) closure();
  }
}
