// Which service config a channel uses: the resolver's, or the default of its options, or the last good one (gRFC A21).

import type { JsonServiceConfig } from "./json.ts";
import type { ServiceConfig } from "./service_config.ts";
import { ServiceConfigError } from "./service_config_error.ts";

/** What a resolver finds: an object or its JSON, or why what it found is none. */
export type ResolvedConfig = JsonServiceConfig | string | Error;

/** Reads a service config; throws {@linkcode ServiceConfigError} where it cannot be used. */
export type ReadConfig = (source: JsonServiceConfig | string) => ServiceConfig;

/** See the head of this file. */
export class ConfigInUse {
  /** Undefined where nothing is said, or is not known yet. */
  current: ServiceConfig | undefined = undefined;
  /** Why the last one found cannot be used; "" where it can. */
  problem = "";
  /** A resolver has said something usable, if only that there is none. */
  private isKnown = false;
  /** What `current` was read from: the same again is not read again. */
  private source: string | undefined = undefined;

  /** `fallback` is used where a resolver finds none. */
  constructor(private readonly fallback: ServiceConfig | undefined, private readonly read: ReadConfig) {}

  /** Takes what a resolver found: false where the channel has no usable config now, and no calls may be made. */
  take(found: ResolvedConfig | undefined): boolean {
    this.problem = "";
    if (found === undefined) return this.use(this.fallback, undefined);
    try {
      if (found instanceof Error) throw found;
      const source = typeof found === "string" ? found : JSON.stringify(found);
      return source === this.source || this.use(this.read(found), source);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      this.problem = error instanceof ServiceConfigError
        ? error.message
        : `Cannot read the service config: ${error.message}`;
      return this.isKnown;
    }
  }

  private use(config: ServiceConfig | undefined, source: string | undefined): true {
    this.current = config;
    this.source = source;
    return this.isKnown = true;
  }
}
