// grpc.channelz.v1.Channelz as clients and servers know it. Its messages are called Channel, Server and the like: what is
// public of them says whose they are.

import type { ServiceOf } from "../proto/service.ts";
import { Channelz } from "../protos/grpc/channelz/v1/channelz.ts";

export type {
  Address as ChannelzAddress,
  Address_OtherAddress as ChannelzOtherAddress,
  Address_TcpIpAddress as ChannelzTcpIpAddress,
  Address_UdsAddress as ChannelzUdsAddress,
  Channel as ChannelzChannel,
  ChannelConnectivityState as ChannelzConnectivityState,
  ChannelConnectivityState_State as ChannelzState,
  ChannelData as ChannelzChannelData,
  ChannelRef as ChannelzChannelRef,
  ChannelTrace as ChannelzTrace,
  ChannelTraceEvent as ChannelzTraceEvent,
  ChannelTraceEvent_Severity as ChannelzSeverity,
  Channelz as ChannelzMethods,
  GetChannelRequest as ChannelzGetChannelRequest,
  GetChannelResponse as ChannelzGetChannelResponse,
  GetServerRequest as ChannelzGetServerRequest,
  GetServerResponse as ChannelzGetServerResponse,
  GetServerSocketsRequest as ChannelzGetServerSocketsRequest,
  GetServerSocketsResponse as ChannelzGetServerSocketsResponse,
  GetServersRequest as ChannelzGetServersRequest,
  GetServersResponse as ChannelzGetServersResponse,
  GetSocketRequest as ChannelzGetSocketRequest,
  GetSocketResponse as ChannelzGetSocketResponse,
  GetSubchannelRequest as ChannelzGetSubchannelRequest,
  GetSubchannelResponse as ChannelzGetSubchannelResponse,
  GetTopChannelsRequest as ChannelzGetTopChannelsRequest,
  GetTopChannelsResponse as ChannelzGetTopChannelsResponse,
  Security as ChannelzSecurity,
  Security_Tls as ChannelzTls,
  Server as ChannelzServer,
  ServerData as ChannelzServerData,
  ServerRef as ChannelzServerRef,
  Socket as ChannelzSocket,
  SocketData as ChannelzSocketData,
  SocketRef as ChannelzSocketRef,
  Subchannel as ChannelzSubchannel,
  SubchannelRef as ChannelzSubchannelRef,
} from "../protos/grpc/channelz/v1/channelz.ts";

/** `grpc.channelz.v1.Channelz`, for clients: `createClient(channelzService(), channel)`. */
export function channelzService(): ServiceOf<Channelz> {
  return Channelz;
}
