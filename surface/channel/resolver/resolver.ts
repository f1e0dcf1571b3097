// Where the addresses of a target come from.

import type { EventEngine, Reporter } from "../../../pollers/mod.ts";
import type { TargetUri } from "../destination.ts";
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
  /**
   * What the channel has may be out of date: a hint, once a second at most, which the resolver follows as soon as its rules
   * allow it.
   */
  requestReresolution(): void;
  /** The wait after a failure is over now. */
  resetBackoff(): void;
  /** What a call waits for that no address is known for: "the addresses of example.com:80". */
  describeWait(): string;
  /** Ends; the sink is not called any more. */
  close(): void;
}

/** What a resolver is made with. */
export interface ResolverContext {
  /** What the channel was made for. */
  readonly target: TargetUri;
  /** The port of an address that says none: 443 with TLS, else 80. */
  readonly defaultPort: number;
  /** Connections to what it finds are TLS. */
  readonly isSecure: boolean;
  /** Has the time, timers and randomness; what it opens and runs does not keep the process alive, but for `hold`. */
  readonly engine: EventEngine;
  /** Gets errors of applications, and lines of a log. */
  readonly reporter: Reporter;
  /** How long one question may take, in milliseconds. */
  readonly timeoutMs: number;
  /** The channel wants the service config that the name has beside its addresses, where asking for it costs something. */
  readonly lookUpServiceConfig: boolean;
  /** Makes waits between attempts that fail, as the channel's options say. */
  makeBackoff(): ResolverBackoff;
}

/** Waits between attempts, each longer than the one before (gRPC's connection backoff). */
export interface ResolverBackoff {
  /** Milliseconds from now until the next attempt. */
  next(): number;
  /** An attempt succeeded. */
  reset(): void;
}

/** Makes the resolvers of one scheme. */
export interface ResolverFactory {
  /** What `:authority` says where the channel's options do not; also the name that TLS checks. Default: the target's path. */
  authorityOf?(target: TargetUri, defaultPort: number): string;
  /**
   * Makes the resolver of a channel; one is made each time that the channel leaves IDLE. What it throws is the error of the
   * calls that wait.
   */
  make(context: ResolverContext, sink: ResolverSink): Resolver;
}
