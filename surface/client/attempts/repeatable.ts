// What the end of an attempt means for those after it (gRFC A6).

import type { CallStatus } from "../../call/call_status.ts";
import { Status, type StatusCode } from "../../call/status.ts";
import { NO_RETRY, pushbackOf } from "./attempt_headers.ts";
import type { RetryThrottle } from "./retry_throttle.ts";

/** Whether a policy has calls made again that end with `status`, one of its `codes`. The channel's throttle counts it. */
export function isRepeatable(
  status: CallStatus,
  codes: ReadonlySet<StatusCode>,
  throttle: RetryThrottle | undefined,
): boolean {
  const { code } = status;
  if (code === Status.OK) {
    if (throttle !== undefined) throttle.succeeded();
    return false;
  }
  const repeatable = codes.has(code);
  if (throttle !== undefined && (repeatable || pushbackOf(status.metadata) === NO_RETRY)) throttle.failed();
  return repeatable;
}

/** Whether the server, which may have said it beside `status`, and the channel's throttle let another attempt follow. */
export function mayFollow(status: CallStatus, throttle: RetryThrottle | undefined): boolean {
  return throttle?.allows !== false && pushbackOf(status.metadata) !== NO_RETRY;
}
