// What an engine has open: it must be closed before the engine may go, and meanwhile the process stays.

import type { IoError, IoSyscall } from "./io_error.ts";

/** Something an engine must have closed before it may go. */
export interface Closable {
  /** What it is about, for an error that ends it. */
  readonly syscall: IoSyscall;
  /** What it is, for the error that names it. */
  describe(): string;
  /** Releases it; what is pending fails with `reason`. */
  close(reason?: IoError): void;
}

/** Everything of one engine that is open now. */
export class OpenSet {
  private readonly open = new Set<Closable>();

  /** `onHolding` hears when the first thing opens (true) and when the last one has closed (false). */
  constructor(private readonly onHolding: (holding: boolean) => void = () => {}) {}

  /** Things open. */
  get size(): number {
    return this.open.size;
  }

  /** Whether `closable` is open. */
  has(closable: Closable): boolean {
    return this.open.has(closable);
  }

  /** Counts `closable` as open. */
  add(closable: Closable): void {
    this.open.add(closable);
    if (this.open.size === 1) this.onHolding(true);
  }

  /** True: it was open and no longer counts. */
  delete(closable: Closable): boolean {
    const deleted = this.open.delete(closable);
    if (deleted && this.open.size === 0) this.onHolding(false);
    return deleted;
  }

  /** Everything that is open now, in the order in which it was opened. */
  all(): Closable[] {
    return [...this.open];
  }
}
