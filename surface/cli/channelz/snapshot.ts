// What channelz says of a whole program at one moment: servers, channels and their connections, as plain data.

import { formatIpv6 } from "../../../pollers/mod.ts";
import { RpcError } from "../../call/rpc_error.ts";
import { Status } from "../../call/status.ts";
import type {
  ChannelzAddress,
  ChannelzChannelData,
  ChannelzMethods,
  ChannelzServerData,
  ChannelzSocket,
  ChannelzSocketRef,
} from "../../channelz/service.ts";
import type { CallOptions } from "../../client/call_options.ts";
import type { Client } from "../../promise/client.ts";
import type { ServiceOf } from "../../proto/mod.ts";

/** A client of the channelz service. */
export type ChannelzClient = Client<ServiceOf<ChannelzMethods>>;

/** Calls by how they ended. */
export interface Calls {
  readonly started: number;
  readonly succeeded: number;
  readonly failed: number;
  /** ISO 8601; undefined where there was none. */
  readonly lastStarted?: string;
}

/** A connection. */
export interface Connection {
  readonly id: number;
  readonly local: string;
  readonly remote: string;
  /** The cipher suite; undefined in plaintext. */
  readonly tls?: string;
  readonly streams: Calls;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  readonly keepAlivesSent: number;
  readonly localWindow?: number;
  readonly remoteWindow?: number;
}

/** A server and its connections. */
export interface ServerState {
  readonly id: number;
  /** Where it listens. */
  readonly listens: readonly string[];
  readonly calls: Calls;
  readonly connections: readonly Connection[];
}

/** One address of a channel. */
export interface SubchannelState {
  readonly id: number;
  readonly target: string;
  readonly state: string;
  readonly calls: Calls;
  readonly connections: readonly Connection[];
}

/** A channel and its addresses. */
export interface ChannelState {
  readonly id: number;
  readonly target: string;
  readonly state: string;
  readonly calls: Calls;
  readonly subchannels: readonly SubchannelState[];
}

/** All of it. */
export interface Snapshot {
  /** ISO 8601. */
  readonly time: string;
  readonly servers: readonly ServerState[];
  readonly channels: readonly ChannelState[];
}

/** Asks for everything; what is gone by the time it is asked for is left out. */
export async function takeSnapshot(
  client: ChannelzClient,
  options: CallOptions,
  time: Date,
): Promise<Snapshot> {
  const reader = new SnapshotReader(client, options);
  const [servers, channels] = await Promise.all([reader.servers(), reader.channels()]);
  return { time: time.toISOString(), servers, channels };
}

class SnapshotReader {
  constructor(private readonly client: ChannelzClient, private readonly options: CallOptions) {}

  async servers(): Promise<ServerState[]> {
    const found = await pages(async (startServerId) => {
      const { server, end } = await this.client.getServers({ startServerId }, this.options);
      return { page: server, end, last: server.at(-1)?.ref?.serverId };
    });
    return Promise.all(found.map(async ({ ref, data, listenSocket }) => {
      const serverId = ref?.serverId ?? 0n;
      const sockets = await pages(async (startSocketId) => {
        const asked = this.client.getServerSockets({ serverId, startSocketId }, this.options);
        const { socketRef = [], end = true } = await orGone(asked) ?? {};
        return { page: socketRef, end, last: socketRef.at(-1)?.socketId };
      });
      return {
        id: Number(serverId),
        listens: listenSocket.map(({ name }) => name),
        calls: callsOf(data),
        connections: await this.connections(sockets),
      };
    }));
  }

  async channels(): Promise<ChannelState[]> {
    const found = await pages(async (startChannelId) => {
      const { channel, end } = await this.client.getTopChannels({ startChannelId }, this.options);
      return { page: channel, end, last: channel.at(-1)?.ref?.channelId };
    });
    return Promise.all(found.map(async ({ ref, data, subchannelRef }) => ({
      id: Number(ref?.channelId ?? 0),
      ...named(ref?.name, data),
      subchannels: present(
        await Promise.all(subchannelRef.map(({ subchannelId }) => this.subchannel(subchannelId))),
      ),
    })));
  }

  private async subchannel(subchannelId: bigint): Promise<SubchannelState | undefined> {
    const { subchannel } = await orGone(this.client.getSubchannel({ subchannelId }, this.options)) ?? {};
    if (subchannel === undefined) return undefined;
    const { ref, data, socketRef } = subchannel;
    return {
      id: Number(subchannelId),
      ...named(ref?.name, data),
      connections: await this.connections(socketRef),
    };
  }

  private async connections(refs: readonly ChannelzSocketRef[]): Promise<Connection[]> {
    const asked = refs.map(({ socketId }) => orGone(this.client.getSocket({ socketId }, this.options)));
    return present(await Promise.all(asked)).flatMap(({ socket }) =>
      socket === undefined ? [] : connectionOf(socket)
    );
  }
}

interface Page<T> {
  readonly page: readonly T[];
  readonly end: boolean;
  readonly last: bigint | undefined;
}

/** All pages, from number 0 on. */
async function pages<T>(ask: (start: bigint) => Promise<Page<T>>): Promise<T[]> {
  const all: T[] = [];
  for (let start = 0n;;) {
    const { page, end, last } = await ask(start);
    if (last !== undefined && last < start) return all; // a server that has one page, whatever it is asked for
    all.push(...page);
    if (end || last === undefined) return all;
    start = last + 1n;
  }
}

/** Undefined for NOT_FOUND: it was there when it was listed. */
async function orGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof RpcError && error.code === Status.NOT_FOUND) return undefined;
    throw error;
  }
}

function present<T>(values: readonly (T | undefined)[]): T[] {
  return values.filter((value): value is T & NonNullable<unknown> => value !== undefined);
}

function named(name: string | undefined, data: ChannelzChannelData | undefined) {
  return {
    target: data?.target || name || "",
    state: String(data?.state?.state ?? "UNKNOWN"),
    calls: callsOf(data),
  };
}

function callsOf(data: ChannelzChannelData | ChannelzServerData | undefined): Calls {
  const { callsStarted = 0, callsSucceeded = 0, callsFailed = 0, lastCallStartedTimestamp: last } = data ??
    {};
  return {
    started: Number(callsStarted),
    succeeded: Number(callsSucceeded),
    failed: Number(callsFailed),
    ...(last === undefined || last.seconds === 0n
      ? {}
      : { lastStarted: new Date(Number(last.seconds) * 1000 + last.nanos / 1e6).toISOString() }),
  };
}

function connectionOf({ ref, data, local, remote, security }: ChannelzSocket): Connection {
  const { localFlowControlWindow, remoteFlowControlWindow } = data ?? {};
  const tls = security?.tls;
  return {
    id: Number(ref?.socketId ?? 0),
    local: addressText(local),
    remote: addressText(remote),
    ...(tls === undefined ? {} : { tls: tls.standardName || tls.otherName || "TLS" }),
    streams: {
      started: Number(data?.streamsStarted ?? 0),
      succeeded: Number(data?.streamsSucceeded ?? 0),
      failed: Number(data?.streamsFailed ?? 0),
    },
    messagesSent: Number(data?.messagesSent ?? 0),
    messagesReceived: Number(data?.messagesReceived ?? 0),
    keepAlivesSent: Number(data?.keepAlivesSent ?? 0),
    ...(localFlowControlWindow ? { localWindow: Number(localFlowControlWindow.value) } : {}),
    ...(remoteFlowControlWindow ? { remoteWindow: Number(remoteFlowControlWindow.value) } : {}),
  };
}

/** "10.0.0.1:80", "[::1]:80", "unix:/path". */
export function addressText(address: ChannelzAddress | undefined): string {
  const { tcpipAddress, udsAddress, otherAddress } = address ?? {};
  if (udsAddress !== undefined) return `unix:${udsAddress.filename}`;
  if (tcpipAddress === undefined) return otherAddress?.name ?? "";
  const { ipAddress, port } = tcpipAddress;
  if (ipAddress.length === 4) return `${ipAddress.join(".")}:${port}`;
  return ipAddress.length === 16 ? `[${formatIpv6(ipAddress)}]:${port}` : `:${port}`;
}
