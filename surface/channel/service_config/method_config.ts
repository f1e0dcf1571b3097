// What a service config says of the calls of one method (gRPC's service_config.proto, MethodConfig).

import type { MessageSizes } from "../../../transport/mod.ts";
import type { StatusCode } from "../../call/status.ts";

/** More attempts mean as many, where the client does not say otherwise (gRFC A6). */
export const MAX_CALL_ATTEMPTS = 5;

/** Calls that failed are made again, one attempt after the other (gRFC A6). */
export interface RetryPolicy {
  /** Attempts in all, the first one too: 2 to 5. */
  readonly maxAttempts: number;
  /** Milliseconds before the second attempt. */
  readonly initialBackoffMs: number;
  /** Milliseconds that no wait goes beyond. */
  readonly maxBackoffMs: number;
  /** What each wait is longer by than the one before. */
  readonly backoffMultiplier: number;
  /** Statuses that are worth another attempt. */
  readonly retryableStatusCodes: ReadonlySet<StatusCode>;
}

/** Attempts are made beside each other, and the first answer counts (gRFC A6). */
export interface HedgingPolicy {
  /** Attempts in all: 2 to 5. */
  readonly maxAttempts: number;
  /** Milliseconds between their beginnings; 0: all at once. */
  readonly hedgingDelayMs: number;
  /** Statuses that do not end the call while there are other attempts. */
  readonly nonFatalStatusCodes: ReadonlySet<StatusCode>;
}

/** See the head of this file. What is undefined is not said. */
export interface MethodConfig {
  /** Milliseconds that a call may take in all; one that gives less keeps its own. */
  readonly timeoutMs: number | undefined;
  /** Whether calls wait through failures to connect that do not say it themselves. */
  readonly waitForReady: boolean | undefined;
  /** The largest request and the largest response, in octets without compression; undefined where neither is said. */
  readonly messageSizes: MessageSizes | undefined;
  /** A call has this or `hedging`, not both. */
  readonly retry: RetryPolicy | undefined;
  readonly hedging: HedgingPolicy | undefined;
}

/** Of methods that the config does not name. */
export const NO_METHOD_CONFIG: MethodConfig = {
  timeoutMs: undefined,
  waitForReady: undefined,
  messageSizes: undefined,
  retry: undefined,
  hedging: undefined,
};
