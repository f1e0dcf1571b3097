// The resolver of a run's channels: they get the list again whenever the run says that its servers have changed.

import type { Resolver, ResolverSink } from "../../surface/channel/resolver/resolver.ts";

export class RunResolver {
  private readonly sinks = new Set<ResolverSink>();

  /** `tell` gives a channel the servers that there are. */
  constructor(private readonly tell: (sink: ResolverSink) => void) {}

  /** The resolver of one channel. */
  make(sink: ResolverSink): Resolver {
    this.sinks.add(sink);
    return {
      start: () => this.tell(sink),
      requestReresolution: () => {},
      resetBackoff: () => {},
      describeWait: () => "the servers of the run",
      close: () => void this.sinks.delete(sink),
    };
  }

  /** The servers have changed. */
  announce(): void {
    for (const sink of this.sinks) this.tell(sink);
  }
}
