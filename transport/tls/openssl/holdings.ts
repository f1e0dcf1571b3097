// What a thread has of the library's memory, where another thread reads it: the library knows nothing of a worker's end,
// and what the worker had is freed by its owner then.

import { pointerTo } from "../../../pollers/ffi/library.ts";
import { openOpenSsl, type OpenSsl } from "./library.ts";

/** What is freed by a function of its own. */
export const Held = { SESSION: 1, CONNECTION: 2, CONTEXT: 3 } as const;

/** By {@linkcode Held}. The library counts who uses what, so the order does not matter. */
const FREES = [undefined, "SSL_SESSION_free", "SSL_free", "SSL_CTX_free"] as const;

/** Things at a time, of which only those that there are become memory; what is beyond is not freed. */
const MOST = 1 << 18;

/** The first word: how many of the others were ever used. */
const USED = 0;

/** The address of each thing, a multiple of 8, plus what it is; 0 where there is none. */
let words: Float64Array | undefined = undefined;
const free: number[] = [];

/** Has what this thread makes from here on written into shared memory, which it returns. */
export function shareHoldings(): Float64Array {
  return words ??= new Float64Array(new SharedArrayBuffer(8 * MOST));
}

/** This thread has made something; gives its place, for {@linkcode letGo}. */
export function hold(what: number, address: number): number {
  if (words === undefined) return USED;
  let place = free.pop();
  if (place === undefined) {
    place = words[USED]! + 1;
    if (place === MOST) return USED;
    words[USED] = place;
  }
  words[place] = address + what;
  return place;
}

/** It is about to be freed: first this, or what a thread that is ended between the two has freed would be freed again. */
export function letGo(place: number): void {
  if (place === USED) return;
  words![place] = 0;
  free.push(place);
}

/** Frees what a thread has left, of which nothing may run any more: the memory that its `shareHoldings` returned. */
export function freeHoldings(left: Float64Array): void {
  let openssl: OpenSsl | undefined = undefined;
  for (let place = left[USED]!; place > USED; place--) {
    const word = left[place]!;
    if (word === 0) continue;
    left[place] = 0;
    openssl ??= opened();
    if (openssl === undefined) return;
    const what = word % 8;
    openssl[FREES[what]!](pointerTo(word - what));
  }
}

function opened(): OpenSsl | undefined {
  const library = openOpenSsl();
  return library.ok ? library.openssl : undefined;
}
