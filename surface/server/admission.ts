// Which clients may connect: a limit on the connections of one address, and what the application says.

import { callApplication, type Reporter, type SocketAddress } from "../../pollers/mod.ts";
import { checkNumber } from "../options.ts";

/** Options of a server that say who may connect. */
export interface AdmissionOptions {
  /**
   * Called for each connection that is accepted, with the client's address and how many other connections that address
   * has open; false closes it before anything is read. Default: all may connect. What it throws refuses the connection and
   * goes to `onError`.
   *
   * @example
   * ```ts ignore
   * const server = new Server({ acceptConnection: (peer) => "host" in peer && !blocked.has(peer.host) });
   * ```
   */
  readonly acceptConnection?: (peer: SocketAddress, open: number) => boolean;
  /**
   * Connections that one address may have open; further ones are closed at once. Default: no limit, for all clients behind
   * a proxy have one address. Clients on a unix socket count as one, and so does each IPv6 address.
   */
  readonly maxConnectionsPerAddress?: number;
}

/** Counts the connections of a server by their clients' addresses. */
export class Admission {
  private readonly open = new Map<string, number>();
  private readonly limit: number;

  /** @throws {RangeError} where the limit is no number of connections */
  constructor(private readonly options: AdmissionOptions, private readonly reporter: Reporter) {
    const { maxConnectionsPerAddress = Infinity } = options;
    checkNumber("make a server", "maxConnectionsPerAddress", maxConnectionsPerAddress, 0, "a number");
    this.limit = maxConnectionsPerAddress;
  }

  /** Whether a connection of `peer` may go on, which then counts until {@linkcode closed}. */
  admits(peer: SocketAddress): boolean {
    const key = keyOf(peer);
    const open = this.open.get(key) ?? 0;
    if (open >= this.limit || !this.asked(peer, open)) return false;
    this.open.set(key, open + 1);
    return true;
  }

  /** A connection that was admitted is gone. */
  closed(peer: SocketAddress): void {
    const key = keyOf(peer);
    const left = this.open.get(key)! - 1;
    if (left === 0) this.open.delete(key);
    else this.open.set(key, left);
  }

  private asked(peer: SocketAddress, open: number): boolean {
    const { acceptConnection } = this.options;
    if (acceptConnection === undefined) return true;
    const report = (error: unknown): void =>
      this.reporter.report(error, { where: "acceptConnection", level: "error" });
    try {
      const answer: unknown = acceptConnection(peer, open);
      if (typeof answer === "boolean") return answer;
      callApplication(() => answer, report); // a promise, which may reject
      throw new TypeError(`acceptConnection returned ${typeof answer}, not true or false`);
    } catch (error) {
      report(error);
      return false;
    }
  }
}

function keyOf(peer: SocketAddress): string {
  return "host" in peer ? peer.host : peer.family;
}
