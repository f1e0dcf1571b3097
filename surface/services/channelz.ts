// The channelz service (gRFC A14): what the channels and servers of this thread do, for whoever looks into a running program.

import { formatAddress, type SocketAddress } from "../../pollers/mod.ts";
import type { ClientTransport, ConnectionSecurity, ServerTransport } from "../../transport/mod.ts";
import { RpcError } from "../call/rpc_error.ts";
import type { Subchannel } from "../channel/subchannel.ts";
import { addressOf, timestampOf } from "../channelz/messages.ts";
import { CallCounts } from "../channelz/call_counts.ts";
import { numberOf } from "../channelz/identity.ts";
import type { KnownChannel } from "../channelz/known_channels.ts";
import { knownChannels, watchChannels, watchedOf } from "../channelz/registry.ts";
import { callsOf } from "../channelz/subchannel_calls.ts";
import { type ChannelzMethods, channelzService, type ChannelzTls } from "../channelz/service.ts";
import type { MessageInit } from "../proto/mod.ts";
import { type Server, styledServer } from "../server/server.ts";
import type { MethodHandlers } from "../server/service.ts";

/** Results of a page whose size the client leaves to us; gRPC's core has as many. */
const PAGE = 100;

/** A server that has the service, as it sees itself. */
interface KnownServer {
  readonly counts: CallCounts;
  readonly transports: ReadonlySet<ServerTransport>;
  listening(): Array<readonly SocketAddress[]>;
}

/** Servers of this thread that have the service, until they are shut down. */
const servers = new Map<number, KnownServer>();

/** A connection, as `GetSocket` shows it. */
type Connected = ClientTransport | ServerTransport;

/**
 * Adds the channelz service to a server. From then on the calls of all channels of this thread, and of servers that have the
 * service, are counted, as long as one of these runs; before and after that nothing is.
 *
 * @example
 * ```ts
 * import { Channelz, Server } from "pollwire";
 * const server = new Server();
 * new Channelz(server); // grpcdebug and its like may ask it
 * ```
 */
export class Channelz {
  /**
   * Whoever may call `server` sees the addresses of its clients and of the servers that this program calls.
   *
   * @throws {TypeError} for what is no server, and for one that has the service
   */
  constructor(server: Server) {
    const { styles, transports, listening } = styledServer("show what it does", server);
    server.addService(channelzService(), handlers);
    const unwatch = watchChannels();
    const known: KnownServer = { counts: new CallCounts(), transports, listening };
    server.observe(known.counts);
    servers.set(numberOf(known), known);
    styles.add({
      onStart() {},
      onShutdown() {},
      onOver: () => {
        servers.delete(numberOf(known));
        unwatch();
      },
      describePending: () => [],
    });
  }
}

const handlers: MethodHandlers<ChannelzMethods> = {
  getTopChannels({ startChannelId, maxResults }) {
    const [page, end] = pageOf(knownChannels(), startChannelId, maxResults);
    return { channel: page.map(channelOf), end };
  },
  getServers({ startServerId, maxResults }) {
    const [page, end] = pageOf([...servers.values()], startServerId, maxResults);
    return { server: page.map(serverOf), end };
  },
  getServer: ({ serverId }) => ({ server: serverOf(found("server", [...servers.values()], serverId)) }),
  getServerSockets({ serverId, startSocketId, maxResults }) {
    const { transports } = found("server", [...servers.values()], serverId);
    const [page, end] = pageOf([...transports], startSocketId, maxResults);
    return { socketRef: page.map(socketRef), end };
  },
  getChannel: ({ channelId }) => ({ channel: channelOf(found("channel", knownChannels(), channelId)) }),
  getSubchannel({ subchannelId }) {
    const all = knownChannels().flatMap(({ subchannels }) => subchannels);
    return { subchannel: subchannelOf(found("subchannel", all, subchannelId)) };
  },
  getSocket({ socketId }) {
    const served = [...servers.values()].flatMap(({ transports }) => [...transports]);
    const made = knownChannels().flatMap(({ subchannels }) => subchannels).flatMap(({ transports }) =>
      transports
    );
    const listening = [...servers.values()].flatMap((server) => server.listening().flat());
    const one = found<Connected | SocketAddress>("socket", [...served, ...made, ...listening], socketId);
    return { socket: "family" in one ? { ref: listenerRef(one), local: addressOf(one) } : socketOf(one) };
  },
};

/** The numbers of a page, in their order, and whether it is the last one. */
function pageOf<T extends object>(
  all: readonly T[],
  start: bigint | number = 0,
  most: bigint | number = 0,
): [page: T[], end: boolean] {
  if (most < 0) throw new RpcError("INVALID_ARGUMENT", `maxResults is ${most}; give 0 or more`);
  const size = most > 0 ? Number(most) : PAGE;
  const rest = all.filter((one) => numberOf(one) >= start).sort((a, b) => numberOf(a) - numberOf(b));
  return [rest.slice(0, size), rest.length <= size];
}

function found<T extends object>(what: string, all: readonly T[], number: bigint | number = 0): T {
  const one = all.find((one) => BigInt(numberOf(one)) === BigInt(number));
  if (one === undefined) throw new RpcError("NOT_FOUND", `there is no ${what} ${number}`);
  return one;
}

function countsOf({ started, succeeded, failed, lastStarted }: CallCounts) {
  return {
    callsStarted: BigInt(started),
    callsSucceeded: BigInt(succeeded),
    callsFailed: BigInt(failed),
    lastCallStartedTimestamp: lastStarted === 0 ? undefined : timestampOf(lastStarted),
  };
}

function channelOf(channel: KnownChannel) {
  const { target, state, subchannels } = channel;
  const { counts, trace } = watchedOf(channel);
  return {
    ref: { channelId: BigInt(numberOf(channel)), name: target },
    data: {
      state: { state },
      target,
      trace: {
        numEventsLogged: BigInt(trace.logged),
        creationTimestamp: timestampOf(trace.createdAt),
        events: trace.states.map(({ state, at }) => ({
          description: `the channel is ${state}`,
          severity: state === "TRANSIENT_FAILURE" ? "CT_WARNING" as const : "CT_INFO" as const,
          timestamp: timestampOf(at),
        })),
      },
      ...countsOf(counts),
    },
    subchannelRef: subchannels.map(subchannelRef),
  };
}

function subchannelRef(subchannel: Subchannel) {
  return { subchannelId: BigInt(numberOf(subchannel)), name: formatAddress(subchannel.address) };
}

function subchannelOf(subchannel: Subchannel) {
  const { state, address, transports } = subchannel;
  const { started, succeeded, failed } = callsOf(subchannel);
  return {
    ref: subchannelRef(subchannel),
    data: {
      state: { state },
      target: formatAddress(address),
      callsStarted: BigInt(started),
      callsSucceeded: BigInt(succeeded),
      callsFailed: BigInt(failed),
    },
    socketRef: transports.map(socketRef),
  };
}

function serverOf(server: KnownServer) {
  return {
    ref: {
      serverId: BigInt(numberOf(server)),
      name: server.listening().map(([first]) => formatAddress(first!)).join(", "),
    },
    data: countsOf(server.counts),
    listenSocket: server.listening().flat().map(listenerRef),
  };
}

/** A socket that listens is known by its address. */
function listenerRef(address: SocketAddress) {
  return { socketId: BigInt(numberOf(address)), name: formatAddress(address) };
}

function socketRef(transport: Connected) {
  const name = `${formatAddress(transport.local)} -> ${formatAddress(transport.peer)}`;
  return { socketId: BigInt(numberOf(transport)), name };
}

function socketOf(transport: Connected) {
  const { local, peer, security } = transport;
  const counters = transport.counters();
  const { sendWindow, receiveWindow } = counters;
  return {
    ref: socketRef(transport),
    data: {
      streamsStarted: BigInt(counters.streamsStarted),
      streamsSucceeded: BigInt(counters.streamsSucceeded),
      streamsFailed: BigInt(counters.streamsFailed),
      messagesSent: BigInt(counters.messagesSent),
      messagesReceived: BigInt(counters.messagesReceived),
      keepAlivesSent: BigInt(counters.keepalivesSent),
      localFlowControlWindow: sendWindow === undefined ? undefined : { value: BigInt(sendWindow) },
      remoteFlowControlWindow: receiveWindow === undefined ? undefined : { value: BigInt(receiveWindow) },
    },
    local: addressOf(local),
    remote: addressOf(peer),
    security: security === undefined ? undefined : { tls: tlsOf(security) },
  };
}

function tlsOf({ cipher, peerCertificate }: ConnectionSecurity): MessageInit<ChannelzTls> {
  const name = cipher.startsWith("TLS_") ? { standardName: cipher } : { otherName: cipher };
  return { ...name, remoteCertificate: peerCertificate?.der };
}
