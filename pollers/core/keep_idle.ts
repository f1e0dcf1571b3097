// How long a connection is idle before TCP asks whether its peer is there (TCP_KEEPIDLE).

/** The most that Linux takes. It refuses more, and a socket of Bun that is given more than 2^31 ms throws, uncaught. */
const MOST_SECONDS = 32_767;

/** `ms` in whole seconds, rounded up: 0 would mean the system's own time. */
export function keepIdleSeconds(ms: number): number {
  return Math.min(MOST_SECONDS, Math.max(1, Math.ceil(ms / 1000)));
}
