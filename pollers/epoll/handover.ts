// What the engine's thread and its poller thread share, and how polling goes from one to the other.
//
// Exactly one of them polls at any time: the one that TOKEN names. The poller thread blocks in epoll_wait; when
// somebody is to be told, it leaves the list in DUE, gives the token to the engine's thread, wakes it by SIGNAL and
// sleeps. The engine's thread dispatches, goes on polling by itself while events keep coming, and gives the token
// back when it has nothing to do. So a busy engine costs no wake-up at all, and an idle one no CPU.

import type { PollsetDescriptors } from "./pollset.ts";
import { MAX_EVENTS } from "./pollset.ts";

/** What the poller thread runs. */
export const POLLER_MODULE: URL = new URL("./poller_worker.ts", import.meta.url);

/** Word indexes of {@linkcode Handover.control}. */
export const SIGNAL = 0;
/** Whose turn it is to poll. */
export const TOKEN = 1;
/** Valid numbers in {@linkcode Handover.due}. */
export const COUNT = 2;
/** 1: the poller thread is to end, whoever has the token. */
export const QUIT = 3;
/** 1: the poller thread runs. */
export const ONLINE = 4;

/** The engine's thread polls. */
export const ENGINE = 0;
/** The poller thread polls. */
export const POLLER = 1;

/** Given to the poller thread when it starts. */
export interface Handover {
  readonly control: Int32Array;
  /** See `ReadyMarker.due`. */
  readonly due: Int32Array;
  /** See `FdTable.words`. */
  readonly words: Int32Array;
  readonly descriptors: PollsetDescriptors;
}

/** Fresh shared memory for an engine. */
export function createHandover(words: Int32Array, descriptors: PollsetDescriptors): Handover {
  return {
    control: new Int32Array(new SharedArrayBuffer(64)),
    due: new Int32Array(new SharedArrayBuffer(MAX_EVENTS * 4 * 4)),
    words,
    descriptors,
  };
}
