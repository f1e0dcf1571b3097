// Socket addresses as the kernel has them: struct sockaddr of the four families that we know.

import type { SocketAddress } from "../contract/address.ts";
import { formatIpv6, parseIpv6 } from "../contract/ipv6.ts";
import { UNNAMED } from "../core/unix_path.ts";
import { SOCKADDR_IN, SOCKADDR_IN6, SOCKADDR_UN } from "./linux_layouts.ts"; // Windows has the same
import type { NativeMemory } from "./memory.ts";

/** The kernel's numbers of address families: the only thing that differs between systems. */
export interface FamilyNumbers {
  readonly AF_UNIX: number;
  readonly AF_INET: number;
  readonly AF_INET6: number;
}

/** Room for the largest of them. */
export const SOCKADDR_BYTES = 128;

/** The kernel's number for an address's family. */
export function familyNumber(address: SocketAddress, C: FamilyNumbers): number {
  switch (address.family) {
    case "ipv4":
      return C.AF_INET;
    case "ipv6":
      return C.AF_INET6;
    default:
      return C.AF_UNIX;
  }
}

/** The zone of an address, if it has one: the name or the number of an interface. */
export function zoneOf(address: SocketAddress): string | undefined {
  return address.family === "ipv6" ? address.host.split("%")[1] : undefined;
}

/** The number that a zone is; undefined where it is a name. */
export function zoneNumber(zone: string): number | undefined {
  return /^[0-9]+$/.test(zone) && Number(zone) <= 0xffff_ffff ? Number(zone) : undefined;
}

/** Writes `address` into `memory` and gives its length. `zoneIndex` turns a zone's name into the interface's number. */
export function writeSockaddr(
  address: SocketAddress,
  { bytes, view }: NativeMemory,
  C: FamilyNumbers,
  zoneIndex: (zone: string) => number,
): number {
  bytes.fill(0);
  view.setUint16(0, familyNumber(address, C), true);
  switch (address.family) {
    case "ipv4":
      view.setUint16(SOCKADDR_IN.port, address.port, false);
      bytes.set(address.host.split(".").map(Number), SOCKADDR_IN.address);
      return SOCKADDR_IN.size;
    case "ipv6": {
      const { bytes: host, zone } = parseIpv6(address.host);
      view.setUint16(SOCKADDR_IN6.port, address.port, false);
      bytes.set(host, SOCKADDR_IN6.address);
      if (zone !== undefined) view.setUint32(SOCKADDR_IN6.scope, zoneIndex(zone), true);
      return SOCKADDR_IN6.size;
    }
    case "unix": // the NUL after the path counts
      return SOCKADDR_UN.path + putText(address.path, bytes, SOCKADDR_UN.path) + 1;
    case "npipe":
    case "inprocess":
      throw new TypeError(`Cannot write an address of ${address.family} as a socket address`);
    case "unix-abstract": // a NUL before the name, none after it: every byte of the name counts
      return SOCKADDR_UN.path + 1 + putText(address.name, bytes, SOCKADDR_UN.path + 1);
  }
}

function putText(text: string, bytes: Uint8Array, at: number): number {
  return new TextEncoder().encodeInto(text, bytes.subarray(at)).written;
}

/** The address in `memory`, of which the kernel filled in `length` bytes. */
export function readSockaddr({ bytes, view }: NativeMemory, length: number, C: FamilyNumbers): SocketAddress {
  switch (length < 2 ? -1 : view.getUint16(0, true)) {
    case C.AF_INET: {
      const host = bytes.subarray(SOCKADDR_IN.address, SOCKADDR_IN.address + 4).join(".");
      return { family: "ipv4", host, port: view.getUint16(SOCKADDR_IN.port, false) };
    }
    case C.AF_INET6: {
      const scope = view.getUint32(SOCKADDR_IN6.scope, true);
      const host = formatIpv6(bytes.subarray(SOCKADDR_IN6.address, SOCKADDR_IN6.address + 16));
      return {
        family: "ipv6",
        host: scope === 0 ? host : `${host}%${scope}`,
        port: view.getUint16(SOCKADDR_IN6.port, false),
      };
    }
    default:
      return readUnix(bytes.subarray(SOCKADDR_UN.path, Math.max(SOCKADDR_UN.path, length)));
  }
}

function readUnix(path: Uint8Array): SocketAddress {
  if (path.length === 0) return UNNAMED;
  if (path[0] === 0) return { family: "unix-abstract", name: new TextDecoder().decode(path.subarray(1)) };
  const end = path.indexOf(0);
  return { family: "unix", path: new TextDecoder().decode(end < 0 ? path : path.subarray(0, end)) };
}
