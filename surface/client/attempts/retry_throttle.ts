// Retry throttling (gRFC A6): where too many calls of a channel fail, none is made again, so that retries do not add to
// the load of servers that have too much of it. It delays nothing, and first attempts are always made.

import type { RetryThrottling } from "../../channel/service_config/retry_throttling.ts";

/** Tokens are counted in thousandths: as finely as `tokenRatio` is read. */
const THOUSANDTHS = 1_000;

/** What the calls of one channel have left of their tokens. */
export class RetryThrottle {
  private readonly most: number;
  private readonly ratio: number;
  private tokens: number;

  /** It begins with all tokens. */
  constructor(readonly throttling: RetryThrottling) {
    this.most = throttling.maxTokens * THOUSANDTHS;
    this.ratio = Math.round(throttling.tokenRatio * THOUSANDTHS);
    this.tokens = this.most;
  }

  /** Whether an attempt that is not the first may be made now. */
  get allows(): boolean {
    return this.tokens > this.most / 2;
  }

  /** An attempt failed that its policy would make again, or whose server does not want it made again. */
  failed(): void {
    this.tokens = Math.max(0, this.tokens - THOUSANDTHS);
  }

  /** An attempt succeeded. */
  succeeded(): void {
    this.tokens = Math.min(this.most, this.tokens + this.ratio);
  }
}

/** That of a new service config: `before`, with what it has counted, where the values are the same. */
export function throttleOf(
  throttling: RetryThrottling | undefined,
  before: RetryThrottle | undefined,
): RetryThrottle | undefined {
  if (throttling === undefined) return undefined;
  const { maxTokens, tokenRatio } = throttling;
  if (before?.throttling.maxTokens === maxTokens && before.throttling.tokenRatio === tokenRatio) {
    return before;
  }
  return new RetryThrottle(throttling);
}
