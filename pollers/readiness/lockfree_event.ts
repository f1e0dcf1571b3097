// One direction of one descriptor, as gRPC's LockfreeEvent: who waits for it, and whether it became ready before.
//
// The whole state is one word, shared by the thread that uses the descriptor and the one that polls:
//
//               notifyOn                      setReady
//   NOT_READY ------------> WAITING   WAITING ----------> NOT_READY, and the waiter must be called
//   READY     ------------> NOT_READY, continue at once
//                                     NOT_READY --------> READY, for the next notifyOn
//   SHUTDOWN  is final
//
// Above the two bits of state stands the generation of the slot, so that an event of a descriptor that is closed
// meanwhile changes nothing for the one that has its slot now.

/** Nothing is known to have happened. */
const NOT_READY = 0;
/** It became ready, and no owner has asked since. */
const READY = 1;
/** The owner waits. */
const WAITING = 2;
/** The descriptor is being closed; no owner waits any more. */
const SHUTDOWN = 3;

/** Generations fit above the state's two bits. */
export const MAX_GENERATION = 0x1fff_ffff;

/** Begins the word's life for `generation`. */
export function resetEvent(words: Int32Array, at: number, generation: number): void {
  Atomics.store(words, at, (generation << 2) | NOT_READY);
}

/** Whether the owner of a word that was read waits. */
export function isWaiting(word: number): boolean {
  return (word & 3) === WAITING;
}

/** The generation that a word which was read is of. */
export function generationOf(word: number): number {
  return word >>> 2;
}

/** True: wait, `setReady` will return true once. False: it is ready (or shut down) now, continue. */
export function notifyOn(words: Int32Array, at: number): boolean {
  for (;;) {
    const word = Atomics.load(words, at);
    const state = word & 3;
    if (state === SHUTDOWN) return false;
    if (state === WAITING) throw new TypeError("Cannot wait for a descriptor: another wait is pending");
    const next = (word & ~3) | (state === READY ? NOT_READY : WAITING);
    if (Atomics.compareExchange(words, at, word, next) === word) return state !== READY;
  }
}

/** It became ready. True: the owner waits, and the caller must call it. */
export function setReady(words: Int32Array, at: number, generation: number): boolean {
  for (;;) {
    const word = Atomics.load(words, at);
    const state = word & 3;
    if (generationOf(word) !== generation || state === READY || state === SHUTDOWN) return false;
    const next = (word & ~3) | (state === WAITING ? NOT_READY : READY);
    if (Atomics.compareExchange(words, at, word, next) === word) return state === WAITING;
  }
}

/** Restores WAITING, though it may have become ready; only while no other thread uses the word. */
export function waitAgain(words: Int32Array, at: number): void {
  Atomics.store(words, at, (Atomics.load(words, at) & ~3) | WAITING);
}

/** Ends all waiting; true where the owner waited. */
export function setShutdown(words: Int32Array, at: number): boolean {
  return (Atomics.or(words, at, SHUTDOWN) & 3) === WAITING;
}
