// Waiting that a signal ends.

/** The longest that a timer waits; a longer one is due at once. */
const MOST_MS = 2 ** 31 - 1;

/** Resolves after `ms`, or once `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, MOST_MS));
    signal.addEventListener("abort", end);
  });
}

/** Pauses of many at once, with one listener of the signal for all: of more than ten Node warns. */
export class Pauses {
  readonly #ends = new Set<() => void>();

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener("abort", () => {
      for (const end of this.#ends) end();
    }, { once: true });
  }

  /** Resolves after `ms`, or once the signal is aborted. */
  pause(ms: number): Promise<void> {
    if (this.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#ends.delete(end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(ms, MOST_MS));
      this.#ends.add(end);
    });
  }
}
