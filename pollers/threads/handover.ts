// What an engine's thread and its poller thread share, and how polling goes from one to the other.
//
// Exactly one of them polls at any time: the one that TOKEN names. The poller thread blocks in the system's wait; when
// there are events to dispatch, it writes them to DUE, passes the token to the engine's thread, wakes it by SIGNAL and
// sleeps. The engine's thread dispatches, polls by itself while events keep coming, and returns the token when it has
// nothing to do. So a busy engine costs no wake-up at all, and an idle one no CPU.
//
// The engine's thread can also take the token back: it sets RECLAIM, kicks the poller thread and blocks on TOKEN, whose
// change is therefore the last thing that the poller thread stores.

import type { EventSource } from "./waiting.ts";

/** Word indexes of {@linkcode Handover.control}. */
export const SIGNAL = 0;
/** Whose turn it is to poll. */
export const TOKEN = 1;
/** Numbers in {@linkcode Handover.due} that are to be dispatched. */
export const COUNT = 2;
/** 1: the poller thread must end, whichever thread has the token. */
export const QUIT = 3;
/** 0: the poller thread has not begun; else {@linkcode RUNS} or {@linkcode ENDED}. */
export const ONLINE = 4;
/** 1: the engine's thread blocks until it has the token, whether there are events or not. */
export const RECLAIM = 5;

/** The poller thread uses the source of events. */
export const RUNS = 1;
/** It does not any more. */
export const ENDED = 2;

/** The engine's thread polls. */
export const ENGINE = 0;
/** The poller thread polls. */
export const POLLER = 1;

/** Given to the poller thread when it starts. */
export interface Handover<T> {
  /** The words whose indexes are above. */
  readonly control: Int32Array;
  /** The events to dispatch; see `EventSource.wait`. */
  readonly due: Int32Array;
  /** What the thread needs to reach the engine's source of events. */
  readonly source: T;
}

/** Fresh shared memory, with room for `dueNumbers` numbers; the engine's thread has the token. */
export function createHandover<T>(dueNumbers: number, source: T): Handover<T> {
  return {
    control: new Int32Array(new SharedArrayBuffer(64)),
    due: new Int32Array(new SharedArrayBuffer(dueNumbers * 4)),
    source,
  };
}

/** Tells the poller thread to end, wherever it sleeps; who waits in the source has to be kicked after that. From any thread. */
export function endPoller(control: Int32Array): void {
  Atomics.store(control, QUIT, 1);
  Atomics.store(control, TOKEN, POLLER);
  Atomics.notify(control, TOKEN);
}

/** The poller thread's life. */
export function pollUntilQuit({ control, due }: Handover<unknown>, source: EventSource): void {
  let hasWaited = false;
  Atomics.store(control, ONLINE, RUNS);
  for (;;) {
    for (;;) {
      // QUIT first: the thread that set it may have returned the token just before.
      if (Atomics.load(control, QUIT) === 1) {
        // A kick that this thread has taken, of several that wait since one was given up, may have been another's. A thread that
        // has not waited has taken none, and the source may be closed.
        if (hasWaited) source.kick();
        Atomics.store(control, ONLINE, ENDED);
        return;
      }
      if (Atomics.load(control, TOKEN) === POLLER) break;
      Atomics.wait(control, TOKEN, ENGINE);
    }
    let count = 0;
    hasWaited = true;
    try {
      count = source.wait(Infinity, due);
    } catch (error) { // this thread ends, and its end is reported; a thread that blocks for the token goes on
      Atomics.store(control, ONLINE, ENDED);
      Atomics.store(control, COUNT, 0);
      Atomics.store(control, TOKEN, ENGINE);
      Atomics.notify(control, TOKEN);
      throw error;
    }
    // Events without an owner that waits for them, unless the token itself is waited for.
    if (count === 0 && Atomics.load(control, RECLAIM) === 0) continue;
    Atomics.store(control, COUNT, count);
    Atomics.store(control, SIGNAL, 1);
    Atomics.store(control, TOKEN, ENGINE);
    Atomics.notify(control, SIGNAL);
    Atomics.notify(control, TOKEN);
  }
}
