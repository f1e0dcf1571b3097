// Whether a channel asks servers for their health, and what its watches have in common.

import { defaultReporter, type EventEngine } from "../../pollers/mod.ts";
import type { CallContext } from "../client/call_context.ts";
import type { Backoff } from "./backoff.ts";
import type { HealthChecker, HealthOptions, HealthWatcher } from "./health_checker.ts";
import { type HealthSettings, HealthWatch } from "./health_watch.ts";
import type { SubchannelWatcher } from "./subchannel.ts";

/** See the head of this file. */
export class HealthChecks implements HealthChecker, HealthSettings {
  /** The service whose health is asked for; undefined: none is. */
  service: string | undefined = undefined;
  private warned = false;

  constructor(
    readonly engine: EventEngine,
    readonly makeBackoff: () => Backoff,
    private readonly options: HealthOptions,
  ) {}

  get context(): CallContext {
    return this.options.callContext!();
  }

  /** Asks for the health of `service` from now on; false where it did already. */
  ask(service: string | undefined): boolean {
    if (this.options.callContext === undefined || service === this.service) return false;
    this.service = service;
    return true;
  }

  watch(watcher: SubchannelWatcher): HealthWatcher {
    return new HealthWatch(this, watcher);
  }

  /** Once a channel: where servers are equal it would be one line for each. */
  onUnimplemented(address: string): void {
    if (this.warned) return;
    this.warned = true;
    const { reporter = defaultReporter } = this.options;
    reporter.log(
      "warn",
      `${address} has no health service, which the service config asks for (healthCheckConfig): it is taken for healthy`,
    );
  }
}
