// The thread that looks names up.

import { lookUp, lookUpTexts } from "./dns.ts";
import { BEAT, DONE, LENGTH, type LookupAnswer, type LookupOrder, TEXT_AT } from "./lookup_thread.ts";
import { BEAT_MS } from "./pulse.ts";
import { endThread, onOwnerMessage, startData } from "./thread.ts";

function answer({ host, type, memory }: LookupOrder): void {
  const words = new Int32Array(memory, 0, 3);
  const beats = setInterval(() => Atomics.add(words, BEAT, 1), BEAT_MS);
  const finish = (error: Error | null, all: readonly string[]): void => {
    clearInterval(beats);
    write(memory, error, all);
  };
  if (type === "texts") {
    return lookUpTexts(host, (error, records) => {
      finish(error, (records ?? []).map((strings) => strings.join("")));
    });
  }
  lookUp(host, (error, found) => finish(error, (found ?? []).map(({ address }) => address)));
}

/** More of an error is not said: a message may have all of a long name. */
const MOST_MESSAGE = 500;

/** Writes what was found, the beginning of it where it is too much. */
function write(memory: SharedArrayBuffer, thrown: Error | null, all: readonly string[]): void {
  const { name, message, code } = (thrown ?? {}) as Partial<NonNullable<LookupAnswer["error"]>>;
  const error = name === undefined
    ? undefined
    : { name, message: (message ?? "").slice(0, MOST_MESSAGE), ...code ? { code } : {} };
  const room = memory.byteLength - TEXT_AT;
  for (let count = all.length;; count >>= 1) {
    const answer: LookupAnswer = { found: all.slice(0, count), error };
    const text = new TextEncoder().encode(JSON.stringify(answer));
    if (text.length > room) continue;
    new Uint8Array(memory, TEXT_AT).set(text);
    const words = new Int32Array(memory, 0, 2);
    words[LENGTH] = text.length;
    Atomics.store(words, DONE, 1);
    return;
  }
}

// Importing this by mistake starts nothing.
if (startData() !== undefined) {
  onOwnerMessage((message) => {
    if (message === "end") endThread();
    else answer(message as LookupOrder);
  });
}
