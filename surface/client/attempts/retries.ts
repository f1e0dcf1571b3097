// What a channel needs to make calls again by the policies of a service config: given to it as a feature.

import type { EventEngine, Reporter } from "../../../pollers/mod.ts";
import type { ClientStream, HeaderList, RequestTemplate } from "../../../transport/mod.ts";
import type { CallStatus } from "../../call/call_status.ts";
import type { StatusCode } from "../../call/status.ts";
import type { RetryThrottling } from "../../channel/service_config/retry_throttling.ts";
import type { CallRoute } from "../call_route.ts";
import type { KeptRequests } from "../kept_requests.ts";
import type { Replay } from "../replay.ts";
import type { AttemptedCall } from "./attempt.ts";
import type { RetryThrottle } from "./retry_throttle.ts";

/** What attempts need of their channel. */
export interface AttemptContext {
  readonly engine: EventEngine;
  readonly route: CallRoute;
  readonly reporter: Reporter;
  readonly keptRequests: KeptRequests | undefined;
}

/** The stream of a call that is made of attempts. */
export interface AttemptedStream extends ClientStream {
  /** Makes the first attempt. */
  begin(): void;
  /** The call's first attempt ended with `status`, after which another one may be made. */
  follow(status: CallStatus): void;
  /** What the call waits for, while no server has answered it: the end of a sentence. */
  describeWait(): string;
}

/** See the head of this file. */
export interface Retries {
  /** Whether a policy has calls made again that end with `status`, one of its `codes`. `throttle` counts it. */
  isRepeatable(
    status: CallStatus,
    codes: ReadonlySet<StatusCode>,
    throttle: RetryThrottle | undefined,
  ): boolean;
  /** Whether the server, which may have said it beside `status`, and `throttle` let another attempt follow. */
  mayFollow(status: CallStatus, throttle: RetryThrottle | undefined): boolean;
  /** What keeps the requests of the calls of one channel, up to `mostBytes`. */
  keep(mostBytes: number): KeptRequests;
  /** The throttle of a new service config, which goes on from the one `before`. */
  throttleOf(
    throttling: RetryThrottling | undefined,
    before: RetryThrottle | undefined,
  ): RetryThrottle | undefined;
  /** The stream of `call` from now on; `replay` is what there is to send, `made` the attempts before, see `Attempts`. */
  attemptsOf(
    context: AttemptContext,
    call: AttemptedCall,
    template: RequestTemplate,
    headers: HeaderList | undefined,
    replay: Replay,
    made: number,
    refused: boolean,
  ): AttemptedStream;
}
