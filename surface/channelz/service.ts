// grpc.channelz.v1.Channelz: its file, without what no program of this library says, and its types.

import type { Timestamp } from "../proto/mod.ts";
import type { ServiceDescriptor, ServiceOf, Unary } from "../proto/service.ts";
import { Channelz } from "../protos/grpc/channelz/v1/channelz.ts";
import type { ConnectivityState } from "../channel/connectivity.ts";
import type { ChannelzAddress } from "./messages.ts";

/** Of a channel. */
export interface ChannelzChannelRef {
  /** Its number. */
  readonly channelId?: bigint | number;
  /** Its target. */
  readonly name?: string;
}

/** Of a subchannel. */
export interface ChannelzSubchannelRef {
  /** Its number. */
  readonly subchannelId?: bigint | number;
  /** Its address. */
  readonly name?: string;
}

/** Of a connection. */
export interface ChannelzSocketRef {
  /** Its number. */
  readonly socketId?: bigint | number;
  /** Both its addresses. */
  readonly name?: string;
}

/** Of a server. */
export interface ChannelzServerRef {
  /** Its number. */
  readonly serverId?: bigint | number;
  /** Where it listens. */
  readonly name?: string;
}

/** Calls since channelz was asked for; of a subchannel, the calls of its connections. */
export interface ChannelzCalls {
  /** Those that have begun. */
  readonly callsStarted?: bigint | number;
  /** Those that ended with OK. */
  readonly callsSucceeded?: bigint | number;
  /** Those that ended with another status. */
  readonly callsFailed?: bigint | number;
  /** When the last one began. */
  readonly lastCallStartedTimestamp?: Timestamp | undefined;
}

/** What a channel or subchannel does. */
export interface ChannelzData extends ChannelzCalls {
  /** Its connectivity state. */
  readonly state?: { readonly state?: ConnectivityState };
  /** Its target or address. */
  readonly target?: string;
  /** Its last states. */
  readonly trace?: {
    readonly numEventsLogged?: bigint | number;
    readonly creationTimestamp?: Timestamp;
    readonly events?: ReadonlyArray<
      { readonly description?: string; readonly severity?: string; readonly timestamp?: Timestamp }
    >;
  };
}

/** A channel. */
export interface ChannelzChannel {
  /** Which one. */
  readonly ref?: ChannelzChannelRef;
  /** What it does. */
  readonly data?: ChannelzData;
  /** Its connections to single addresses. */
  readonly subchannelRef?: readonly ChannelzSubchannelRef[];
}

/** One address of a channel. */
export interface ChannelzSubchannel {
  /** Which one. */
  readonly ref?: ChannelzSubchannelRef;
  /** What it does. */
  readonly data?: ChannelzData;
  /** Its connections. */
  readonly socketRef?: readonly ChannelzSocketRef[];
}

/** A server. */
export interface ChannelzServer {
  /** Which one. */
  readonly ref?: ChannelzServerRef;
  /** Its calls. */
  readonly data?: ChannelzCalls;
  /** Its sockets that listen. */
  readonly listenSocket?: readonly ChannelzSocketRef[];
}

/** Of a connection over TLS. */
export interface ChannelzTls {
  /** The cipher suite, by its name of IANA. */
  readonly standardName?: string;
  /** By OpenSSL's, where that is another one (TLS 1.2). */
  readonly otherName?: string;
  /** The peer's certificate (X.509, DER), where it sent one. */
  readonly remoteCertificate?: Uint8Array | undefined;
}

/** A connection, or a socket that listens, which has its address alone. */
export interface ChannelzSocket {
  /** Which one. */
  readonly ref?: ChannelzSocketRef;
  /** Its streams by how they ended, its messages, its keepalive PINGs, and the windows of the connection. */
  readonly data?: {
    readonly streamsStarted?: bigint | number;
    readonly streamsSucceeded?: bigint | number;
    readonly streamsFailed?: bigint | number;
    readonly messagesSent?: bigint | number;
    readonly messagesReceived?: bigint | number;
    readonly keepAlivesSent?: bigint | number;
    readonly localFlowControlWindow?: { readonly value?: bigint | number } | undefined;
    readonly remoteFlowControlWindow?: { readonly value?: bigint | number } | undefined;
  };
  /** This side. */
  readonly local?: ChannelzAddress;
  /** The other one. */
  readonly remote?: ChannelzAddress;
  /** TLS; undefined in plaintext. */
  readonly security?: { readonly tls?: ChannelzTls } | undefined;
}

/** The methods of `grpc.channelz.v1.Channelz`. */
export interface ChannelzMethods {
  /** The channels from a number on. */
  readonly getTopChannels: Unary<
    { startChannelId?: bigint | number; maxResults?: bigint | number },
    { channel?: readonly ChannelzChannel[]; end?: boolean }
  >;
  /** The servers from a number on. */
  readonly getServers: Unary<
    { startServerId?: bigint | number; maxResults?: bigint | number },
    { server?: readonly ChannelzServer[]; end?: boolean }
  >;
  /** One of them; NOT_FOUND where there is none with the number. */
  readonly getServer: Unary<{ serverId?: bigint | number }, { server?: ChannelzServer }>;
  /** The connections of a server from a number on. */
  readonly getServerSockets: Unary<
    { serverId?: bigint | number; startSocketId?: bigint | number; maxResults?: bigint | number },
    { socketRef?: readonly ChannelzSocketRef[]; end?: boolean }
  >;
  /** One channel. */
  readonly getChannel: Unary<{ channelId?: bigint | number }, { channel?: ChannelzChannel }>;
  /** One subchannel. */
  readonly getSubchannel: Unary<{ subchannelId?: bigint | number }, { subchannel?: ChannelzSubchannel }>;
  /** One connection. */
  readonly getSocket: Unary<{ socketId?: bigint | number; summary?: boolean }, { socket?: ChannelzSocket }>;
}

/** `grpc.channelz.v1.Channelz`, for clients: `createClient(channelzService(), channel)`. */
export function channelzService(): ServiceOf<ChannelzMethods> {
  return Channelz as ServiceDescriptor<unknown> as ServiceOf<ChannelzMethods>;
}
