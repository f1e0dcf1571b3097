// Names to addresses, by the system's own resolver (getaddrinfo), as every runtime offers it through node:dns.

import type { LookupAddress } from "node:dns";
import { type DnsTarget, inetAddress, type SocketAddress } from "../contract/address.ts";
import type { DnsResolver, EventEngine, IoResult } from "../contract/engine.ts";
import { IoError } from "../contract/io_error.ts";
import { builtin } from "./builtin.ts";
import { runtime } from "./detect.ts";
import { toOpenError } from "./errors.ts";

/** Looks names up and reports inside turns of `engine`. */
export class SystemResolver implements DnsResolver {
  /** `engine` gets the callbacks. */
  constructor(private readonly engine: EventEngine) {}

  /** One getaddrinfo; every address it gives, in its order. */
  lookup(host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void): void {
    this.ask(done, (report) => {
      lookUp(host, (error, found) => report(foundOf(host, port, error, found ?? [])));
    });
  }

  /** One query for TXT. */
  lookUpTexts(name: string, done: (result: IoResult<string[]>) => void): void {
    this.ask(done, (report) => {
      lookUpTexts(name, (error, records) => report(textsOf(name, error, records ?? [])));
    });
  }

  /** Runtimes report some errors before the call returns; `done` still gets them later. */
  private ask<T>(
    done: (result: IoResult<T>) => void,
    begin: (report: (result: IoResult<T>) => void) => void,
  ): void {
    let returned = false;
    begin((result) => {
      if (returned) this.engine.execCtx.enter(done, result);
      else this.engine.run(() => done(result));
    });
    returned = true;
  }
}

/** One getaddrinfo. */
export function lookUp(
  host: string,
  finish: (error: Error | null, found: LookupAddress[] | undefined) => void,
): void {
  try {
    builtin("node:dns").lookup(host, { all: true, verbatim: true }, finish);
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
  if (isForbidden(error)) {
    return {
      ok: false,
      error: new IoError("permission", "getaddrinfo", target, undefined, whatToAllow(host)),
    };
  }
  return { ok: false, error: toOpenError(error ?? {}, "getaddrinfo", target, "ENOTFOUND") };
}

/** What Deno's node:dns makes of a missing permission; a resolver of the system has no such error. */
function isForbidden(error: unknown): boolean {
  return runtime === "deno" && (error as { code?: unknown } | null | undefined)?.code === "EPERM";
}

/** Deno compares a name that is looked up with names that stand without a port, and then each of its addresses. */
function whatToAllow(host: string): string {
  return `Requires net access to ${
    JSON.stringify(host)
  } without a port, and to its addresses, run again with the ` +
    "--allow-net flag";
}

/** One query for TXT. */
export function lookUpTexts(
  name: string,
  finish: (error: Error | null, records: string[][] | undefined) => void,
): void {
  try {
    builtin("node:dns").resolveTxt(name, finish);
  } catch (error) {
    finish(error as Error, undefined);
  }
}

/** What DNS says in TXT of `name`: records, of strings. */
export function textsOf(name: string, error: unknown, records: readonly string[][]): IoResult<string[]> {
  if (records.length > 0) return { ok: true, value: records.map((strings) => strings.join("")) };
  const target: DnsTarget = { family: "dns", host: name, port: 53 };
  return { ok: false, error: toOpenError(error ?? {}, "resolveTxt", target, "ENODATA") };
}
