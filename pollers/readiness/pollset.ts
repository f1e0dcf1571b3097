// What waits for descriptors to become ready, as gRPC's pollset: an epoll set, or the arguments of poll(2).

/** Gets the events that a set reports, during a wait. */
export interface EventSink {
  /**
   * One descriptor's event: `slot` and `generation` are those which it was added with; `hangup` says that the peer has
   * ended or is gone, and comes with `readable`.
   */
  onEvent(slot: number, generation: number, readable: boolean, writable: boolean, hangup: boolean): void;
}

/**
 * Descriptors whose readiness is reported. One thread waits at a time, any thread may kick; the rest is called by the
 * engine's thread. Each thread has an object of its own over the same set.
 */
export interface Pollset {
  /** Descriptors that the set itself has open. */
  readonly own: readonly number[];
  /** What another thread makes its object of. */
  readonly shared: unknown;
  /** Adds a descriptor for both directions; 0, or the negative error number. */
  add(fd: number, slot: number, generation: number): number;
  /** An owner of an added descriptor waits for a direction that it did not wait for before. */
  wanted(): void;
  /** Reports a descriptor again if it is ready now, though it was reported before. */
  report(fd: number, slot: number, generation: number): void;
  /** Takes a descriptor out, before it is closed. */
  remove(fd: number): void;
  /**
   * Waits at most `timeoutMs` (Infinity: without limit; fractions count where the system takes them) and calls `sink` for
   * each event. Returns the number of events without kicks, 0 after a signal too; throws an Error where the set is closed.
   */
  wait(timeoutMs: number, sink: EventSink): number;
  /** Ends the wait that is running, or the next one. */
  kick(): void;
  /** Closes the set's own descriptors; nothing more can be added, since their numbers may be in use elsewhere now. */
  close(): void;
}
