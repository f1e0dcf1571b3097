// Names to addresses, by the system's own resolver (getaddrinfo), as every runtime offers it through node:dns.

import { lookup, type LookupAddress } from "node:dns";
import { type DnsTarget, inetAddress, type SocketAddress } from "../contract/address.ts";
import type { EventEngine, IoResult, Resolver } from "../contract/engine.ts";
import { toOpenError } from "./errors.ts";

/** Looks names up and reports inside turns of `engine`. */
export class SystemResolver implements Resolver {
  /** `engine` gets the callbacks. */
  constructor(private readonly engine: EventEngine) {}

  /** One getaddrinfo; every address it gives, in its order. */
  lookup(host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void): void {
    const target: DnsTarget = { family: "dns", host, port };
    // Runtimes report some errors before the call returns; `done` still gets them later.
    let returned = false;
    const finish = (error: Error | null, found: LookupAddress[] | undefined): void => {
      const addresses = (found ?? []).flatMap(({ address }) => inetAddress(address, port) ?? []);
      const result: IoResult<SocketAddress[]> = addresses.length > 0
        ? { ok: true, value: addresses }
        : { ok: false, error: toOpenError(error ?? {}, "getaddrinfo", target, "ENOTFOUND") };
      if (returned) this.engine.execCtx.enter(done, result);
      else this.engine.run(() => done(result));
    };
    try {
      lookup(host, { all: true, verbatim: true }, finish);
    } catch (error) {
      finish(error as Error, undefined);
    }
    returned = true;
  }
}
