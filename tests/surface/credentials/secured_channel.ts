// Channels that take their connection for secure, so that what calls show can be tested in a simulated network and by raw
// peers.
import type { Channel } from "pollwire";
import { callContext } from "../../../surface/channel/channel.ts";

/** Has `channel` take its plaintext for TLS. */
export function takenForSecure(channel: Channel): Channel {
  Object.assign(callContext("test a channel", channel), { isSecure: true });
  return channel;
}
