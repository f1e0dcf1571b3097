// The thread that looks names up.

import { lookUp } from "./dns.ts";
import { DONE, LENGTH, type LookupAnswer, type LookupOrder, TEXT_AT } from "./lookup_thread.ts";
import { endThread, onOwnerMessage, startData } from "./thread.ts";

function answer({ host, memory }: LookupOrder): void {
  lookUp(host, (error, found) => {
    const { name, message, code } = (error ?? {}) as Partial<NonNullable<LookupAnswer["error"]>>;
    const failed = name === undefined ? undefined : { name, message: message ?? "", ...code ? { code } : {} };
    const room = memory.byteLength - TEXT_AT;
    const write = (addresses: LookupAnswer["addresses"]): boolean => {
      const given: LookupAnswer = { addresses, error: failed };
      const text = new TextEncoder().encode(JSON.stringify(given));
      if (text.length > room) return false;
      new Uint8Array(memory, TEXT_AT).set(text);
      const words = new Int32Array(memory, 0, 2);
      words[LENGTH] = text.length;
      Atomics.store(words, DONE, 1);
      return true;
    };
    const all = (found ?? []).map(({ address }) => ({ address }));
    if (!write(all)) write(all.slice(0, 100));
  });
}

// Importing this by mistake starts nothing.
if (startData() !== undefined) {
  onOwnerMessage((message) => {
    if (message === "end") endThread();
    else answer(message as LookupOrder);
  });
}
