// What the connections of one channel are made with.

import {
  defaultReporter,
  type EventEngine,
  formatAddress,
  type ReportOptions,
  type SocketAddress,
} from "../../pollers/mod.ts";
import {
  type ConnectOptions,
  ErrorCode,
  type Http2Error,
  type KeepaliveOptions,
  type RequestTemplate,
} from "../../transport/mod.ts";
import type { ConnectionLeft } from "../channelz/subchannel_calls.ts";
import type { Link } from "./link.ts";

/** Why there may be no connection to one of `addresses`, as a sentence; undefined where there may. */
export type AddressRefusal = (addresses: readonly SocketAddress[]) => string | undefined;

/** Connections that channels share. */
export interface SharedConnections {
  /** Has `link` use a connection to `address`, one that is there or a new one. Throws what the poller throws. */
  connect(engine: EventEngine, link: Link, address: SocketAddress, options: ConnectOptions): void;
}

/**
 * The connections of one channel and of those that are like it: they report to the same, and where they are secure, that is
 * by the same `credentials` and for the same `host`. `credentials` are undefined in plaintext.
 */
export type ShareConnections = (
  reporting: ReportOptions,
  credentials: object | undefined,
  host: string,
) => SharedConnections;

/** What connections are made with. */
export interface SubchannelOptions extends ConnectOptions {
  /** Asked before each connection. */
  readonly refusal?: AddressRefusal;
  /** Those of other channels that it may use; undefined: its connections are its own. */
  readonly shared?: SharedConnections | undefined;
  /** What calls of `path` begin with that the library makes itself. */
  readonly template?: (path: string) => RequestTemplate;
  /** Undefined where nobody shows its calls. */
  readonly connectionLeft?: ConnectionLeft | undefined;
}

/** Options of connections, which a server may change for those to come. */
export class ConnectSettings {
  /** Connections that one address may have at a time, where calls use up the streams of each (gRFC A105). */
  maxConnections = 1;

  /** `channel`: whose streams its connections have. */
  constructor(private current: SubchannelOptions, readonly channel: object = {}) {}

  /** Those of the next connection. */
  get options(): SubchannelOptions {
    return this.current;
  }

  /**
   * The server at `address` said GOAWAY on a connection with `made`. If it forbids that, new connections send half as many
   * PINGs as this one (gRFC A8): of all servers that are sent too many at a time each says so.
   */
  onGoAway(address: SocketAddress, { code, reason }: Http2Error, made: KeepaliveOptions | undefined): void {
    if (code !== ErrorCode.ENHANCE_YOUR_CALM || !reason.includes('"too_many_pings"')) return;
    const { keepalive, reporter = defaultReporter } = this.current;
    const timeMs = Math.max(keepalive?.timeMs ?? Infinity, 2 * (made?.timeMs ?? Infinity));
    const next = timeMs === Infinity ? "" : `; the next connection waits ${timeMs} ms before a PING`;
    reporter.log("warn", `${formatAddress(address)} was sent too many PINGs (keepalive.timeMs)${next}`);
    this.current = { ...this.current, keepalive: { ...keepalive, timeMs } };
  }
}
