// Where the addresses of a target come from.

import type { ResolvedConfig } from "../service_config/config_in_use.ts";
import type { EndpointAddresses } from "./endpoint.ts";

/** Receives what a resolver finds; from no caller's stack but that of `start`. */
export interface ResolverSink {
  /**
   * The servers that there are now: the whole list, which replaces the one before. It may be empty. `config`: what the
   * owner of the service says of its calls, the object or its JSON, or why that could not be found; undefined where the
   * resolver has nothing of the kind.
   */
  onResolved(endpoints: readonly EndpointAddresses[], config?: ResolvedConfig): void;
  /** They could not be found: a sentence that names the target. The resolver tries again by itself. */
  onResolveFailed(reason: string): void;
}

/** Watches the addresses of one target. */
export interface Resolver {
  /** Begins; once. */
  start(): void;
  /** What the channel has may be out of date: a hint, which the resolver follows as soon as its rules allow it. */
  requestReresolution(): void;
  /** The wait after a failure is over now. */
  resetBackoff(): void;
  /** What a call waits for that no address is known for: "the addresses of example.com:80". */
  describeWait(): string;
  /** Ends; the sink is not called any more. */
  close(): void;
}
