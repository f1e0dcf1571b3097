// grpc.channelz.v1.Channelz: its file, without what no program of this library says, and its types.

import { parseProto, type Timestamp, type Unary } from "../proto/mod.ts";
import type { ServiceOf } from "../proto/service.ts";
import type { ConnectivityState } from "../channel/connectivity.ts";
import type { ChannelzAddress } from "./messages.ts";

/** grpc/channelz/v1/channelz.proto, trimmed. */
const CHANNELZ_PROTO = `
  syntax = "proto3";
  package grpc.channelz.v1;
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  message Channel { ChannelRef ref = 1; ChannelData data = 2; repeated SubchannelRef subchannel_ref = 4; }
  message Subchannel { SubchannelRef ref = 1; ChannelData data = 2; repeated SocketRef socket_ref = 5; }
  message ChannelConnectivityState {
    enum State { UNKNOWN = 0; IDLE = 1; CONNECTING = 2; READY = 3; TRANSIENT_FAILURE = 4; SHUTDOWN = 5; }
    State state = 1;
  }
  message ChannelData {
    ChannelConnectivityState state = 1;
    string target = 2;
    ChannelTrace trace = 3;
    int64 calls_started = 4;
    int64 calls_succeeded = 5;
    int64 calls_failed = 6;
    google.protobuf.Timestamp last_call_started_timestamp = 7;
  }
  message ChannelTraceEvent {
    enum Severity { CT_UNKNOWN = 0; CT_INFO = 1; CT_WARNING = 2; CT_ERROR = 3; }
    string description = 1;
    Severity severity = 2;
    google.protobuf.Timestamp timestamp = 3;
  }
  message ChannelTrace {
    int64 num_events_logged = 1;
    google.protobuf.Timestamp creation_timestamp = 2;
    repeated ChannelTraceEvent events = 3;
  }
  message ChannelRef { int64 channel_id = 1; string name = 2; }
  message SubchannelRef { int64 subchannel_id = 7; string name = 8; }
  message SocketRef { int64 socket_id = 3; string name = 4; }
  message ServerRef { int64 server_id = 5; string name = 6; }
  message Server { ServerRef ref = 1; ServerData data = 2; repeated SocketRef listen_socket = 3; }
  message ServerData {
    int64 calls_started = 2;
    int64 calls_succeeded = 3;
    int64 calls_failed = 4;
    google.protobuf.Timestamp last_call_started_timestamp = 5;
  }
  message Socket {
    SocketRef ref = 1;
    SocketData data = 2;
    Address local = 3;
    Address remote = 4;
    Security security = 5;
  }
  message SocketData {
    int64 streams_started = 1;
    int64 streams_succeeded = 2;
    int64 streams_failed = 3;
    int64 messages_sent = 4;
    int64 messages_received = 5;
    int64 keep_alives_sent = 6;
    google.protobuf.Int64Value local_flow_control_window = 11;
    google.protobuf.Int64Value remote_flow_control_window = 12;
  }
  message Address {
    message TcpIpAddress { bytes ip_address = 1; int32 port = 2; }
    message UdsAddress { string filename = 1; }
    message OtherAddress { string name = 1; }
    oneof address {
      TcpIpAddress tcpip_address = 1;
      UdsAddress uds_address = 2;
      OtherAddress other_address = 3;
    }
  }
  message Security {
    message Tls {
      oneof cipher_suite { string standard_name = 1; string other_name = 2; }
      bytes remote_certificate = 4;
    }
    oneof model { Tls tls = 1; }
  }
  message GetTopChannelsRequest { int64 start_channel_id = 1; int64 max_results = 2; }
  message GetTopChannelsResponse { repeated Channel channel = 1; bool end = 2; }
  message GetServersRequest { int64 start_server_id = 1; int64 max_results = 2; }
  message GetServersResponse { repeated Server server = 1; bool end = 2; }
  message GetServerRequest { int64 server_id = 1; }
  message GetServerResponse { Server server = 1; }
  message GetServerSocketsRequest { int64 server_id = 1; int64 start_socket_id = 2; int64 max_results = 3; }
  message GetServerSocketsResponse { repeated SocketRef socket_ref = 1; bool end = 2; }
  message GetChannelRequest { int64 channel_id = 1; }
  message GetChannelResponse { Channel channel = 1; }
  message GetSubchannelRequest { int64 subchannel_id = 1; }
  message GetSubchannelResponse { Subchannel subchannel = 1; }
  message GetSocketRequest { int64 socket_id = 1; bool summary = 2; }
  message GetSocketResponse { Socket socket = 1; }
  service Channelz {
    rpc GetTopChannels(GetTopChannelsRequest) returns (GetTopChannelsResponse);
    rpc GetServers(GetServersRequest) returns (GetServersResponse);
    rpc GetServer(GetServerRequest) returns (GetServerResponse);
    rpc GetServerSockets(GetServerSocketsRequest) returns (GetServerSocketsResponse);
    rpc GetChannel(GetChannelRequest) returns (GetChannelResponse);
    rpc GetSubchannel(GetSubchannelRequest) returns (GetSubchannelResponse);
    rpc GetSocket(GetSocketRequest) returns (GetSocketResponse);
  }
`;

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
  return loaded ??=
    parseProto<{ Channelz: ServiceOf<ChannelzMethods> }>(CHANNELZ_PROTO, "grpc/channelz/v1/channelz.proto")
      .Channelz;
}

/** Made at first use. */
let loaded: ServiceOf<ChannelzMethods> | undefined = undefined;
