// Channels that the library opens for itself, as to find the servers of another one: resolvers make them, which a channel
// is made of, so they cannot import it.

import type { EventEngine, ReportOptions } from "../../pollers/mod.ts";
import type { KeepaliveOptions } from "../../transport/mod.ts";
import type { CallContext } from "../client/call_context.ts";
import type { ChannelCredentials } from "../credentials/channel_credentials.ts";
import type { Insecure } from "../credentials/insecure.ts";
import type { Feature } from "../features/feature.ts";

/** Some of `ChannelOptions`. */
export interface InnerChannelOptions extends ReportOptions {
  readonly poller: EventEngine;
  readonly features?: readonly Feature[];
  readonly credentials?: ChannelCredentials | Insecure;
  readonly handshakeTimeoutMs?: number;
  readonly keepalive?: KeepaliveOptions;
  readonly holdsProcess?: boolean;
}

/** A channel, as those see it who make calls by its context. */
export interface InnerChannel {
  readonly context: CallContext;
  /** As `Channel.close`. */
  close(): void;
}

/** Makes a channel to `target`; throws as `new Channel` does. */
export type OpenChannel = (target: string, options: InnerChannelOptions) => InnerChannel;

/** Set by the module of `Channel`. */
let open: OpenChannel | undefined = undefined;

/** Has channels be made by `opener`; once. */
export function openChannelsBy(opener: OpenChannel): void {
  open = opener;
}

/** A channel to `target`. */
export const openChannel: OpenChannel = (target, options) => open!(target, options);
