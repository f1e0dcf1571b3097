// What a header section of ours may have, by what its peer takes (RFC 9113, sections 6.5.2 and 10.5.1).
//
// A list above SETTINGS_MAX_HEADER_LIST_SIZE costs at best its call, at worst the connection with every call on it:
// nghttp2, Go and this library close it for header blocks far above their limits. So none is sent:
//
//  - a status message is cut to what is left beside the other fields (`percent.ts`);
//  - metadata is never cut, for what it means is the application's: the call ends with RESOURCE_EXHAUSTED, which names
//    the fields and their sizes. A client ends it before anything was sent, and does not try it again, for the next
//    connection would refuse it too; a server says what the call's own status was.
//
// gRPC's core and grpc-go, which send or refuse by the same setting, use RESOURCE_EXHAUSTED and INTERNAL.

import { ENTRY_OVERHEAD } from "../hpack/field_name.ts";
import type { HeaderList } from "../hpack/header_list.ts";
import { UNANNOUNCED_STATUS_MESSAGE_BYTES } from "../http2/limits.ts";
import type { PeerSettings } from "../http2/settings.ts";
import { type StatusCode, statusName } from "./status_mapping.ts";

/** Fields that a refusal names, the largest first. */
const NAMED_FIELDS = 8;
/** Characters of each of their names. */
const NAME_CHARACTERS = 64;

/** grpc-status with two digits. */
export const BARE_STATUS_OCTETS: number = "grpc-status".length + 2 + ENTRY_OVERHEAD;
/** grpc-message without its value. */
const BARE_MESSAGE_OCTETS = "grpc-message".length + ENTRY_OVERHEAD;

/**
 * Why `metadata`, called `what`, cannot be sent to `peer` beside `own` octets of the protocol's fields; undefined
 * where it can.
 */
export function excessOf(
  what: string,
  metadata: HeaderList | undefined,
  own: number,
  peer: PeerSettings,
): string | undefined {
  const octets = own + (metadata?.octets ?? 0);
  const limit = peer.headerListLimit;
  if (octets <= limit) return undefined;
  const bound = peer.maxHeaderListSize === Infinity
    ? `${limit}, the most that is sent to a peer without SETTINGS_MAX_HEADER_LIST_SIZE`
    : `the peer's SETTINGS_MAX_HEADER_LIST_SIZE of ${limit}`;
  return `${what} of ${octets} bytes is above ${bound}: ${namesAndSizes(metadata)}the protocol's own ${own}`;
}

/** What is said for `excess`, in place of the status that was to be sent. */
export function insteadOf(code: StatusCode, message: string, excess: string): string {
  return `${excess}; the status was ${statusName(code)}${message === "" ? "" : `: ${message}`}`;
}

/** Octets that a status message may have in trailers for `peer`, beside `metadata` and `own` octets of other fields. */
export function messageRoom(metadata: HeaderList | undefined, own: number, peer: PeerSettings): number {
  const others = own + BARE_STATUS_OCTETS + BARE_MESSAGE_OCTETS + (metadata?.octets ?? 0);
  const room = peer.headerListLimit - others;
  return peer.maxHeaderListSize === Infinity ? Math.min(room, UNANNOUNCED_STATUS_MESSAGE_BYTES) : room;
}

/** "x-token 9032, x-trace 120, ": each name once, with all its fields. */
function namesAndSizes(metadata: HeaderList | undefined): string {
  const sizes = new Map<string, number>();
  for (const { name, size } of metadata?.entries ?? []) {
    sizes.set(name.text, (sizes.get(name.text) ?? 0) + size);
  }
  const largest = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, NAMED_FIELDS);
  const more = sizes.size - largest.length;
  const named = largest.map(([name, size]) => `${name.slice(0, NAME_CHARACTERS)} ${size}, `).join("");
  return more > 0 ? `${named}${more} other names, ` : named;
}
