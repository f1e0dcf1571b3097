// Options of this process's sockets as the kernel has them, whoever made the sockets: by their ports, on Linux.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { SocketAddress } from "../../pollers/mod.ts";
import { C } from "../../pollers/ffi/linux_layouts.ts";
import { Arena } from "../../pollers/ffi/memory.ts";
import { libc, noLibc } from "./ffi/setup.ts";

/** Why options cannot be read here; undefined where they can. */
export const noOptions: string | undefined = noLibc;

/** What an application may ask of a socket. */
export interface SocketOptions {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  /** Seconds before the first probe. */
  readonly keepIdle: number;
  /** Milliseconds that sent bytes may stay unacknowledged; 0: as long as the system lets them. */
  readonly userTimeout: number;
}

/** The options of the TCP socket from `local` to `peer`. */
export function socketOptions(local: SocketAddress, peer: SocketAddress): SocketOptions {
  const fd = descriptorOf(local, peer);
  return {
    noDelay: option(fd, C.IPPROTO_TCP, C.TCP_NODELAY) !== 0,
    keepAlive: option(fd, C.SOL_SOCKET, C.SO_KEEPALIVE) !== 0,
    keepIdle: option(fd, C.IPPROTO_TCP, C.TCP_KEEPIDLE),
    userTimeout: option(fd, C.IPPROTO_TCP, C.TCP_USER_TIMEOUT),
  };
}

/** The descriptor in this process of the socket from `local` to `peer`. */
function descriptorOf(local: SocketAddress, peer: SocketAddress): number {
  const inode = ["tcp", "tcp6"].flatMap((table) => readFileSync(`/proc/net/${table}`, "utf8").split("\n"))
    .map((line) => line.trim().split(/\s+/))
    .find((words) => portIn(words[1]) === portOf(local) && portIn(words[2]) === portOf(peer))?.[9];
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (readlinkSync(`/proc/self/fd/${fd}`) === `socket:[${inode}]`) return Number(fd);
    } catch { /* that of the folder itself */ }
  }
  throw new Error(`No descriptor of this process is the socket with inode ${inode}`);
}

function portIn(word: string | undefined): number {
  return parseInt(word?.split(":")[1] ?? "", 16);
}

function portOf(address: SocketAddress): number {
  if (!("port" in address)) throw new TypeError(`No port: ${address.family}`);
  return address.port;
}

function option(fd: number, level: number, name: number): number {
  const arena = new Arena(32);
  const [value, length] = [arena.allocate(4), arena.allocate(4)];
  length.view.setUint32(0, 4, true);
  if (libc().getsockopt(fd, level, name, value.bytes, length.bytes) < 0) {
    throw new Error(`getsockopt(${level}, ${name}) failed: errno ${libc().errno()}`);
  }
  return value.view.getInt32(0, true);
}
