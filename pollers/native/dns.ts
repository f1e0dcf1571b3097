// Names to addresses, by the system's own resolver (getaddrinfo), as every runtime offers it through node:dns.

import { lookup } from "node:dns";
import { type DnsTarget, inetAddress, type SocketAddress } from "../core/address.ts";
import { ioErrorFromCode } from "../core/io_error.ts";
import type { EventEngine, IoResult, Resolver } from "../engine.ts";

/** Looks names up and reports inside turns of `engine`. */
export class SystemResolver implements Resolver {
  /** `engine` gets the callbacks. */
  constructor(private readonly engine: EventEngine) {}

  /** One getaddrinfo; every address it gives, in its order. */
  lookup(host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void): void {
    const target: DnsTarget = { family: "dns", host, port };
    lookup(host, { all: true, verbatim: true }, (error, found) => {
      const addresses = (found ?? []).flatMap(({ address }) => inetAddress(address, port) ?? []);
      const result: IoResult<SocketAddress[]> = addresses.length > 0
        ? { ok: true, value: addresses }
        : { ok: false, error: ioErrorFromCode(error?.code ?? "ENOTFOUND", "getaddrinfo", target) };
      this.engine.execCtx.enter(done, result);
    });
  }
}
