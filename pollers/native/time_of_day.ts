// The time of day, for what others say by it: when a token expires. What we measure ourselves is by an engine's clock.

/** Milliseconds since 1970; it jumps where the clock is set. */
export function timeOfDay(): number {
  return Date.now();
}
