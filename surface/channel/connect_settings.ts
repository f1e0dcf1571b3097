// What the connections of one channel are made with.

import { defaultReporter, formatAddress, type SocketAddress } from "../../pollers/mod.ts";
import {
  type ConnectOptions,
  ErrorCode,
  type Http2Error,
  type RequestTemplate,
} from "../../transport/mod.ts";

/** What of the options makes connections different, beside what `sharedBy` says. */
const PARTS: Readonly<
  Record<
    Exclude<
      keyof ConnectOptions,
      "reporter" | "security" | "connectInProcess" | "compressedStreams" | "noteFrames"
    >,
    true
  >
> = {
  endpoint: true,
  handshakeTimeoutMs: true,
  keepalive: true,
  maxReceiveMessageBytes: true,
  maxSendMessageBytes: true,
  settings: true,
  tunnel: true,
  encodings: true,
};

/** Why there may be no connection to one of `addresses`, as a sentence; undefined where there may. */
export type AddressRefusal = (addresses: readonly SocketAddress[]) => string | undefined;

/** What connections are made with. */
export interface SubchannelOptions extends ConnectOptions {
  /** Asked before each connection. */
  readonly refusal?: AddressRefusal;
  /** What else of a channel makes its connections different; undefined: they are its own. */
  readonly sharedBy?: string;
  /** What calls of `path` begin with that the library makes itself. */
  readonly template?: (path: string) => RequestTemplate;
}

/** Options of connections, which a server may change for those to come. */
export class ConnectSettings {
  /** Connections that one address may have at a time, where calls use up the streams of each (gRFC A105). */
  maxConnections = 1;

  private key: string | undefined = undefined;

  /** `channel`: whose streams its connections have. */
  constructor(private current: SubchannelOptions, readonly channel: object = {}) {}

  /** Connections to an address with equal keys are shared; undefined: they are not. */
  keyOf(address: SocketAddress): string | undefined {
    if (this.current.sharedBy === undefined) return undefined;
    this.key ??= connectionKey(this.current.sharedBy, this.current);
    return `${formatAddress(address)} ${this.key}`;
  }

  /** Those of the next connection. */
  get options(): SubchannelOptions {
    return this.current;
  }

  /** The server at `address` said GOAWAY. If it forbids our keepalive, new connections send half as many PINGs (gRFC A8). */
  onGoAway(address: SocketAddress, { code, reason }: Http2Error): void {
    if (code !== ErrorCode.ENHANCE_YOUR_CALM || !reason.includes('"too_many_pings"')) return;
    const { keepalive, reporter = defaultReporter } = this.current;
    const { timeMs = Infinity } = keepalive ?? {};
    const next = timeMs === Infinity ? "" : `; the next connection waits ${2 * timeMs} ms before a PING`;
    reporter.log("warn", `${formatAddress(address)} was sent too many PINGs (keepalive.timeMs)${next}`);
    this.current = { ...this.current, keepalive: { ...keepalive, timeMs: 2 * timeMs } };
    this.key = undefined;
  }
}

function connectionKey(sharedBy: string, options: ConnectOptions): string {
  const parts = (Object.keys(PARTS) as (keyof typeof PARTS)[]).map((name) => options[name]);
  return `${sharedBy} ${
    JSON.stringify(parts, (_name, value: unknown) => value === Infinity ? "Infinity" : value)
  }`;
}
