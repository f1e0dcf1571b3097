// Times and addresses as channelz has them.

import { formatAddress, type SocketAddress } from "../../pollers/mod.ts";
import { parseIpv6 } from "../../pollers/contract/ipv6.ts";
import { type MessageInit, type Timestamp, timestampFromDate } from "../proto/mod.ts";
import type { ChannelzAddress } from "./service.ts";

/** `address` in channelz' words. */
export function addressOf(address: SocketAddress): MessageInit<ChannelzAddress> {
  switch (address.family) {
    case "ipv4":
      return {
        tcpipAddress: { ipAddress: Uint8Array.from(address.host.split("."), Number), port: address.port },
      };
    case "ipv6":
      return { tcpipAddress: { ipAddress: parseIpv6(address.host).bytes, port: address.port } };
    case "unix":
      return { udsAddress: { filename: address.path } };
    default:
      return { otherAddress: { name: formatAddress(address) } };
  }
}

/** `ms` since 1970. */
export function timestampOf(ms: number): Timestamp {
  return timestampFromDate(new Date(ms));
}
