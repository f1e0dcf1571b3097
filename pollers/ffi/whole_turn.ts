// A turn of the runtime's loop in which it looks at everything that it waits for.
//
// Deno's loop looks at sockets and at what other threads have done for it when it has nothing else to run, and
// otherwise after every 61st iteration (the event_interval of tokio, its scheduler). A thread that always has its next
// iteration ahead, and blocks in each of them, would leave the application's own connections waiting for 61 blocks. A
// native call on another thread is something to wait for, 40 us long. Bun looks at all in every iteration.

import { runtime } from "../native/detect.ts";
import { isGranted } from "../native/permission.ts";

interface DenoFfi {
  dlopen(path: string, symbols: object): { symbols: Record<string, () => Promise<unknown>>; close(): void };
}

/** Whole turns of the loop. */
export interface WholeTurn {
  /** Runs `closure` after the next one. */
  after(closure: () => void): void;
  /** There will be no more. */
  close(): void;
}

/**
 * Undefined where every iteration is a whole turn. `names` are those of a library, of which the first that is found is
 * taken, and `symbol` a function in it that takes nothing and does nothing.
 */
export function openWholeTurn(names: readonly string[], symbol: string): WholeTurn | undefined {
  if (runtime !== "deno") return undefined;
  const { dlopen } = (globalThis as unknown as { Deno: DenoFfi }).Deno;
  for (const name of names) {
    if (!isGranted({ name: "ffi", path: name })) continue;
    try {
      const library = dlopen(name, { [symbol]: { parameters: [], result: "i32", nonblocking: true } });
      const call = library.symbols[symbol]!;
      return { after: (closure) => void call().then(closure), close: () => library.close() };
    } catch {
      // the next name
    }
  }
  return undefined;
}
