// Endpoints over descriptors that an engine over the C library did not connect or accept: pairs, and what it is given.

import type { SocketAddress } from "../contract/address.ts";
import type { Endpoint } from "../contract/engine.ts";
import { UNNAMED } from "../core/unix_path.ts";
import type { SocketContext } from "./context.ts";
import { adoptionError, errnoError } from "./sockets.ts";

/** An engine that takes any descriptor. */
export interface AdoptingContext extends SocketContext {
  /** An endpoint over one descriptor or two. The negative error number, and they stay as they are, where it takes no more. */
  endpointOver(
    readFd: number,
    writeFd: number,
    local: SocketAddress,
    peer: SocketAddress,
    isSocket: boolean,
  ): Endpoint | number;
}

/**
 * A socket pair of `engine`; rejects with an Error where the system, or the engine, has no descriptors left, and where the
 * engine was shut down.
 */
export function pairOf(engine: SocketContext): Promise<[Endpoint, Endpoint]> {
  if (engine.isOver) return Promise.reject(new Error("Cannot make a pair: the engine was shut down"));
  const fds = engine.sockets.pair();
  if (typeof fds === "number") return Promise.reject(new Error(errnoError(fds, "socketpair").message));
  const one = engine.adoptSocket(fds[0], UNNAMED, UNNAMED);
  const other = engine.adoptSocket(fds[1], UNNAMED, UNNAMED);
  if (typeof one !== "number" && typeof other !== "number") return Promise.resolve([one, other]);
  for (const end of [one, other]) if (typeof end !== "number") end.close();
  return Promise.reject(new Error(errnoError(Number(one) || Number(other), "socketpair").message));
}

/**
 * An endpoint over descriptors of others, which are the engine's from here on. `whyNot` says why one of them cannot be, as a
 * negative error number.
 *
 * @throws {Error} where one cannot be adopted
 * @throws {TypeError} where one is no number of a descriptor: Bun's FFI would take it for 0, the standard input
 */
export function adoptDescriptors(
  engine: AdoptingContext,
  readFd: number,
  writeFd: number,
  whyNot: (fd: number) => number = () => 0,
): Endpoint {
  const { sockets } = engine;
  if (engine.isOver) throw new Error(`Cannot adopt descriptor ${readFd}: the engine was shut down`);
  for (const fd of readFd === writeFd ? [readFd] : [readFd, writeFd]) {
    if ((fd | 0) !== fd) throw new TypeError(`Cannot adopt ${String(fd)}: a descriptor is a whole number`);
    const result = whyNot(fd) || sockets.setNonBlocking(fd);
    if (result < 0) throw new Error(`Cannot adopt descriptor ${fd}: ${adoptionError(-result)}`);
  }
  const socket = readFd === writeFd ? sockets.localAddress(readFd) : undefined;
  const endpoint = socket !== undefined
    ? engine.endpointOver(readFd, readFd, socket, sockets.peerAddress(readFd) ?? UNNAMED, true)
    : engine.endpointOver(readFd, writeFd, UNNAMED, UNNAMED, false);
  if (typeof endpoint !== "number") return endpoint;
  const which = readFd === writeFd ? `descriptor ${readFd}` : `descriptors ${readFd} and ${writeFd}`;
  throw new Error(`Cannot adopt ${which}: ${adoptionError(-endpoint)}`);
}
