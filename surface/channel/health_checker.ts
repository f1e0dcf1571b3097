// What a channel needs to ask its servers for their health (gRFC A17): given to it as a feature.

import type { EventEngine, Reporter } from "../../pollers/mod.ts";
import type { CallContext } from "../client/call_context.ts";
import type { Backoff } from "./backoff.ts";
import type { Health } from "./picker.ts";
import type { Subchannel, SubchannelWatcher } from "./subchannel.ts";

/** Knows the health of one subchannel, whose watcher it is. */
export interface HealthWatcher extends SubchannelWatcher {
  /** What is known of `subchannel`, which is READY. From now on it is watched. */
  of(subchannel: Subchannel): Health;
  /** The channel asks for another service's health, or for none. */
  restart(): void;
}

/** Asks on behalf of one channel. */
export interface HealthChecker {
  /** Asks for the health of `service` from now on, undefined is none; false where it did already. */
  ask(service: string | undefined): boolean;
  /** Stands between a subchannel and its `watcher`. */
  watch(watcher: SubchannelWatcher): HealthWatcher;
}

/** What a channel has for its watches. */
export interface HealthOptions {
  readonly reporter?: Reporter;
  /** What its calls need; where this is missing no health is asked for. */
  readonly callContext?: () => CallContext;
}

/** See the head of this file. */
export type MakeHealthChecker = (
  engine: EventEngine,
  makeBackoff: () => Backoff,
  options: HealthOptions,
) => HealthChecker;
