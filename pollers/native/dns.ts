// Names to addresses, by the system's own resolver (getaddrinfo), as every runtime offers it through node:dns.

import { lookup, type LookupAddress } from "node:dns";
import { type DnsTarget, inetAddress, type SocketAddress } from "../contract/address.ts";
import type { DnsResolver, EventEngine, IoResult } from "../contract/engine.ts";
import { toOpenError } from "./errors.ts";

/** Looks names up and reports inside turns of `engine`. */
export class SystemResolver implements DnsResolver {
  /** `engine` gets the callbacks. */
  constructor(private readonly engine: EventEngine) {}

  /** One getaddrinfo; every address it gives, in its order. */
  lookup(host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void): void {
    // Runtimes report some errors before the call returns; `done` still gets them later.
    let returned = false;
    const finish = (error: Error | null, found: LookupAddress[] | undefined): void => {
      const result = foundOf(host, port, error, found ?? []);
      if (returned) this.engine.execCtx.enter(done, result);
      else this.engine.run(() => done(result));
    };
    lookUp(host, finish);
    returned = true;
  }
}

/** One getaddrinfo. */
export function lookUp(
  host: string,
  finish: (error: Error | null, found: LookupAddress[] | undefined) => void,
): void {
  try {
    lookup(host, { all: true, verbatim: true }, finish);
  } catch (error) {
    finish(error as Error, undefined);
  }
}

/** What getaddrinfo says of `host`. */
export function foundOf(
  host: string,
  port: number,
  error: unknown,
  found: ReadonlyArray<{ readonly address: string }>,
): IoResult<SocketAddress[]> {
  const addresses = found.flatMap(({ address }) => inetAddress(address, port) ?? []);
  if (addresses.length > 0) return { ok: true, value: addresses };
  const target: DnsTarget = { family: "dns", host, port };
  return { ok: false, error: toOpenError(error ?? {}, "getaddrinfo", target, "ENOTFOUND") };
}
