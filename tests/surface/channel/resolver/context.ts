// What a resolver gets of its channel, without one.

import { defaultReporter, type EventEngine } from "../../../../pollers/mod.ts";
import { Backoff } from "../../../../surface/channel/backoff.ts";
import { type Destination, targetUri } from "../../../../surface/channel/destination.ts";
import type { ResolverContext } from "../../../../surface/channel/resolver/resolver.ts";

/** The context of a resolver of `target`: waits have no jitter, and a question may take 5 s. */
export function resolverContext(
  engine: EventEngine,
  target: Destination,
  lookUpServiceConfig = false,
): ResolverContext {
  return {
    target: targetUri(target),
    defaultPort: 80,
    isSecure: false,
    engine,
    reporter: defaultReporter,
    timeoutMs: 5_000,
    lookUpServiceConfig,
    makeBackoff: () => new Backoff(() => 0.5),
  };
}
