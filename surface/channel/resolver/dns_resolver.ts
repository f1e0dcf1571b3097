// The addresses of a DNS name (https://github.com/grpc/grpc/blob/master/doc/naming.md).
//
// A lookup that fails is repeated by the connection backoff. One that succeeded is repeated when the channel asks for it,
// and at least MIN_INTERVAL_MS after the one before, so that a lost connection does not become a load on the DNS server.
// Where the channel wants the host's service config, and can read one, that is asked for with each lookup, and both are
// given together.

import {
  describeThrown,
  type DnsTarget,
  type EventEngine,
  formatAddress,
  type IoResult,
  parseTarget,
  type SocketAddress,
  type TaskHandle,
} from "../../../pollers/mod.ts";
import type { ResolvedConfig } from "../service_config/config_in_use.ts";
import type { ConfigLookup, ConfigLookups } from "./config_lookup.ts";
import type { Resolver, ResolverBackoff, ResolverContext, ResolverSink } from "./resolver.ts";

/** Between two lookups of one channel, where the first of them succeeded: as grpc-go and gRPC's core have it. */
export const MIN_INTERVAL_MS = 30_000;

/** Looks up A and AAAA by the engine's resolver, in the order the system prefers (RFC 6724); each address is a server. */
export class DnsResolver implements Resolver {
  private closed = false;
  /** Runs while a lookup may still come in time. */
  private timeout: TaskHandle | undefined = undefined;
  /** Begins the next lookup. */
  private timer: TaskHandle | undefined = undefined;
  private nextAt = 0;
  private lookups = 0;
  private failed = false;

  private readonly engine: EventEngine;
  private readonly target: DnsTarget;
  private readonly backoff: ResolverBackoff;
  /** Undefined where no service config is asked for. */
  private readonly configs: ConfigLookups | undefined;
  /** The service config that is being asked for. */
  private config: ConfigLookup | undefined = undefined;

  /** Of the name that the context's target says. `makeLookups` is for a channel that can read service configs. */
  constructor(
    private readonly context: ResolverContext,
    private readonly sink: ResolverSink,
    makeLookups?: (engine: EventEngine) => ConfigLookups,
  ) {
    this.engine = context.engine;
    this.target = parseTarget(context.target.text, context.defaultPort) as DnsTarget;
    this.backoff = context.makeBackoff();
    this.configs = context.lookUpServiceConfig && !isLocal(this.target.host)
      ? makeLookups?.(this.engine)
      : undefined;
  }

  start(): void {
    this.lookUp();
  }

  requestReresolution(): void {
    if (this.closed || this.config !== undefined) return;
    if (this.timeout === undefined && this.timer === undefined) this.lookUpInTime();
  }

  resetBackoff(): void {
    this.backoff.reset();
    if (!this.failed || this.timer === undefined) return;
    this.engine.cancel(this.timer);
    this.timer = undefined;
    this.lookUp();
  }

  describeWait(): string {
    const name = formatAddress(this.target);
    if (this.timer === undefined) return `the addresses of ${name}`;
    const inMs = Math.max(0, Math.ceil(this.nextAt - this.engine.now()));
    return `the addresses of ${name}: the next attempt is due in ${inMs} ms`;
  }

  close(): void {
    this.closed = true;
    this.endConfig();
    if (this.timeout !== undefined) this.engine.cancel(this.timeout);
    if (this.timer !== undefined) this.engine.cancel(this.timer);
    this.timeout = this.timer = undefined;
  }

  private lookUpInTime(): void {
    this.timer = this.engine.runAt(this.nextAt, () => {
      this.timer = undefined;
      this.lookUp();
    });
  }

  private lookUp(): void {
    const { engine, target, context: { timeoutMs } } = this;
    const startedAt = engine.now();
    this.timeout = engine.runAt(startedAt + timeoutMs, () => {
      this.timeout = undefined;
      this.fail(startedAt, `no answer within ${timeoutMs} ms`);
    });
    const lookup = ++this.lookups;
    this.config = this.configs?.begin(target.host, timeoutMs);
    try {
      engine.resolver().lookup(target.host, target.port, (result) => {
        // Of a lookup that was given up, a late answer will do while the next one still waits for its own.
        if (this.endTimeout(result.ok ? undefined : lookup)) this.finish(startedAt, result);
      });
    } catch (error) { // a poller of the application's
      this.context.reporter.report(error, {
        where: "connection",
        level: "error",
        peer: formatAddress(target),
      });
      if (this.endTimeout(lookup)) this.fail(startedAt, describeThrown(error));
    }
  }

  /** Whether a lookup is under way, `lookup` where it matters which; it is not any more. */
  private endTimeout(lookup: number | undefined): boolean {
    if (this.timeout === undefined || (lookup ?? this.lookups) !== this.lookups) return false;
    this.engine.cancel(this.timeout);
    this.timeout = undefined;
    return true;
  }

  private finish(startedAt: number, result: IoResult<SocketAddress[]>): void {
    if (!result.ok) return this.fail(startedAt, result.error.message);
    if (this.config === undefined) return this.give(result.value, undefined);
    this.config.whenAnswered((config) => this.give(result.value, config));
  }

  private give(addresses: readonly SocketAddress[], config: ResolvedConfig | undefined): void {
    this.config = undefined;
    this.failed = false;
    this.backoff.reset();
    this.nextAt = this.engine.now() + MIN_INTERVAL_MS;
    const endpoints = addresses.map((address) => ({ addresses: [address] }));
    if (config === undefined) this.sink.onResolved(endpoints);
    else this.sink.onResolved(endpoints, config);
  }

  private endConfig(): void {
    this.config?.close();
    this.config = undefined;
  }

  private fail(startedAt: number, why: string): void {
    this.failed = true;
    this.endConfig();
    this.nextAt = Math.max(this.engine.now(), startedAt + this.backoff.next());
    this.lookUpInTime();
    this.sink.onResolveFailed(`cannot resolve ${formatAddress(this.target)}: ${why}`);
  }
}

/** RFC 6761, section 6.3: names of this machine are not asked for in DNS. */
function isLocal(host: string): boolean {
  return /^(?:.*\.)?localhost\.?$/i.test(host);
}
