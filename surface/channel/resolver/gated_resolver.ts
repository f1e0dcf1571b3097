// The resolver of a channel, of whatever make: nothing comes of it after its end, and what it gives is checked.
//
// A channel that can make nothing of a list asks for another one, and asks again where that is no better: without a time in
// between the two would do nothing else, where the resolver answers at once.

import { callApplication, type TaskHandle } from "../../../pollers/mod.ts";
import { describe } from "../../options.ts";
import type { ResolvedConfig } from "../service_config/config_in_use.ts";
import { type EndpointAddresses, isWeight } from "./endpoint.ts";
import type { Resolver, ResolverContext, ResolverFactory, ResolverSink } from "./resolver.ts";

/** Between two questions. Resolvers may take more; that of DNS does. */
const INTERVAL_MS = 1_000;

/** A resolver, and the sink that it gets. */
export class GatedResolver implements Resolver, ResolverSink {
  private readonly inner: Resolver;
  private closed = false;
  /** Asks it again. */
  private timer: TaskHandle | undefined = undefined;
  private nextAt = 0;

  /** `sink` gets what comes, and `onThrew` what a method throws, or rejects with where it is async. */
  constructor(
    factory: ResolverFactory,
    private readonly context: ResolverContext,
    private readonly sink: ResolverSink,
    private readonly onThrew: (error: unknown) => void,
  ) {
    let made: unknown;
    try {
      made = factory.make(context, this);
    } finally { // also where it throws: it may have kept the sink
      this.closed = typeof Object(made).start !== "function";
    }
    this.inner = made as Resolver;
    if (!this.closed) return;
    this.watch(() => this.inner); // a promise, where make() is async, may reject
    throw new TypeError(`make() of its resolver returned ${describe(this.inner)}; give a resolver`);
  }

  // From the channel.

  start(): void {
    this.watch(() => this.inner.start());
  }
  requestReresolution(): void {
    const { engine } = this.context;
    this.timer ??= engine.runAt(this.nextAt, () => {
      this.timer = undefined;
      this.nextAt = engine.now() + INTERVAL_MS;
      this.watch(() => this.inner.requestReresolution());
    });
  }
  resetBackoff(): void {
    this.watch(() => this.inner.resetBackoff());
  }
  describeWait(): string {
    let said: unknown;
    callApplication(() => said = this.inner.describeWait(), () => {}); // it is a part of a message about something else
    return typeof said === "string" ? said : `the addresses of ${this.context.target.text}`;
  }
  close(): void {
    this.closed = true;
    if (this.timer !== undefined) this.context.engine.cancel(this.timer);
    this.watch(() => this.inner.close());
  }

  private watch(call: () => unknown): void {
    callApplication(call, (error) => this.threw(error));
  }

  private threw(error: unknown): void {
    if (!this.closed) return this.onThrew(error);
    const { reporter, target: { text: peer } } = this.context;
    reporter.report(error, { where: "connection", level: "error", peer });
  }

  // From the resolver.

  onResolved(endpoints: readonly EndpointAddresses[], config?: ResolvedConfig): void {
    const cannot = `Cannot use what the resolver of ${this.context.target.text} found`;
    if (!Array.isArray(endpoints)) {
      throw new TypeError(`${cannot}: ${describe(endpoints)}; give a list of endpoints`);
    }
    for (const endpoint of endpoints) checkEndpoint(cannot, endpoint);
    if (!this.closed) this.sink.onResolved(endpoints, config);
  }
  onResolveFailed(reason: string): void {
    if (!this.closed) this.sink.onResolveFailed(reason);
  }
}

function checkEndpoint(cannot: string, endpoint: unknown): void {
  const { addresses, weight = 1 } = Object(endpoint) as { addresses: unknown; weight?: unknown };
  if (!Array.isArray(addresses) || addresses.length === 0) {
    const found = Array.isArray(addresses) ? "an empty list" : describe(addresses);
    throw new TypeError(`${cannot}: addresses of an endpoint is ${found}; give a list of one or more`);
  }
  for (const address of addresses) {
    if (typeof Object(address).family === "string") continue;
    throw new TypeError(`${cannot}: an address is ${describe(address)}; give one that parseAddress made`);
  }
  if (isWeight(weight)) return;
  const most = "4,294,967,295 at most";
  throw new TypeError(
    `${cannot}: weight of an endpoint is ${describe(weight)}; give a number above 0, ${most}`,
  );
}
