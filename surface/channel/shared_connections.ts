// Which channels share their connections: those whose settings are equal.

import {
  type EventEngine,
  formatAddress,
  type ReportOptions,
  type SocketAddress,
} from "../../pollers/mod.ts";
import type { ConnectOptions } from "../../transport/mod.ts";
import type { ShareConnections, SharedConnections } from "./connect_settings.ts";
import { connectionPool } from "./connection_pool.ts";
import type { Link } from "./link.ts";
import { identityOf } from "./object_identity.ts";

/** What of the options makes connections different, beside what {@linkcode shareConnections} is told. */
const PARTS: Readonly<
  Record<
    Exclude<
      keyof ConnectOptions,
      | "reporter"
      | "security"
      | "connectInProcess"
      | "compressedStreams"
      | "explainRefusal"
      | "headerMemory"
      | "keepalives"
      | "noteFrames"
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

/** The connections of channels that have `by` in common, as one of them sees them. */
class Shared implements SharedConnections {
  /** What `key` was made of: a server may change it. */
  private options: ConnectOptions | undefined = undefined;
  private key = "";

  constructor(private readonly by: string) {}

  connect(engine: EventEngine, link: Link, address: SocketAddress, options: ConnectOptions): void {
    if (this.options !== options) this.key = connectionKey(this.by, this.options = options);
    connectionPool(engine).connect(link, address, options, `${formatAddress(address)} ${this.key}`);
  }
}

/** See {@linkcode ShareConnections}. */
export const shareConnections: ShareConnections = (
  { onError, logger }: ReportOptions,
  credentials: object | undefined,
  host: string,
) => {
  const secured = credentials === undefined ? "plaintext" : `${identityOf(credentials)} ${host}`;
  return new Shared(`${secured} ${identityOf(onError)} ${identityOf(logger)}`);
};

function connectionKey(by: string, options: ConnectOptions): string {
  const parts = (Object.keys(PARTS) as (keyof typeof PARTS)[]).map((name) => options[name]);
  return `${by} ${JSON.stringify(parts, (_name, value: unknown) => value === Infinity ? "Infinity" : value)}`;
}
