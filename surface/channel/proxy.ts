// Which HTTP proxy a channel's connections go through (gRFC A1): that of an option, or of the environment.

import {
  AddressError,
  type EventEngine,
  formatAddress,
  inetAddress,
  isOfOneMachine,
  parseIpv6,
  parseTarget,
  type Target,
} from "../../pollers/mod.ts";
import { environmentVariable } from "../../pollers/native/env.ts";
import { openTunnel, type TunnelTarget, withoutDot } from "../../transport/mod.ts";
import { describe } from "../options.ts";
import type { Destination } from "./destination.ts";

/** A proxy, and what it is asked for. */
export interface ChannelProxy {
  /** Where it is. */
  readonly target: Target;
  readonly tunnel: TunnelTarget;
}

/** The port of a proxy that names none, as that of http:. */
const PROXY_PORT = 80;

/** The variables that name a proxy, in gRPC's order: the first one that is set counts, whatever the channel's security. */
const PROXY_VARIABLES = ["grpc_proxy", "https_proxy", "http_proxy"];

/** Those that name hosts which are connected to directly. */
const DIRECT_VARIABLES = ["no_grpc_proxy", "no_proxy"];

/** How a channel finds its proxy. */
export interface ProxyChoice {
  /** The option: a URL, false for none, undefined for the environment's. */
  readonly option: string | false | undefined;
  readonly engine: EventEngine;
  /** Reads a variable of the environment. */
  readonly variable?: (name: string) => string | undefined;
  /** Gets why a variable is of no use. */
  readonly warn: (line: string) => void;
}

/** Finds the proxy of a channel: {@linkcode proxyFor}, where the channel has proxies. */
export type FindProxy = (target: Destination, choice: ProxyChoice) => ChannelProxy | undefined;

/**
 * The proxy for connections to `target`; undefined where there is none. Sockets that are no TCP have none, nor do lists, and of the
 * environment's what is on this machine has none, which a proxy could not reach.
 *
 * @throws {TypeError} for an option that is no proxy's URL, and of a list of addresses
 */
export function proxyFor(target: Destination, choice: ProxyChoice): ChannelProxy | undefined {
  const { option, engine, variable = environmentVariable, warn } = choice;
  if (option === false) return undefined;
  if (option !== undefined && (target.family === "list" || target.family === "uri")) {
    throw new TypeError(
      `Cannot use a proxy for ${
        target.family === "list" ? "a list of addresses" : "what a resolver finds"
      }: ` +
        "give one address, or a name that the proxy looks up",
    );
  }
  if (!("port" in target)) return undefined;
  if (option !== undefined) return parseProxy(option, target);
  if (engine.name === "simulated" || isHere(target)) return undefined;
  const read = (name: string): string | undefined => setVariable(name, variable);
  const name = PROXY_VARIABLES.find((one) => read(one) !== undefined);
  const value = name && read(name);
  if (!value) return undefined; // an empty one says that there is none
  const direct = DIRECT_VARIABLES.map(read).find((value) => value !== undefined) ?? "";
  if (isDirect(target.host, target.port, direct)) return undefined;
  try {
    return parseProxy(value, target);
  } catch (error) {
    warn(`the variable ${name} is not used: ${(error as Error).message}`);
    return undefined;
  }
}

/**
 * In lower case, else in upper case. Of HTTP_PROXY nothing is believed in a CGI program, where it is a header of the client
 * (CVE-2016-5385).
 */
function setVariable(name: string, variable: (name: string) => string | undefined): string | undefined {
  const value = variable(name);
  if (value !== undefined) return value;
  if (name === "http_proxy" && variable("REQUEST_METHOD") !== undefined) return undefined;
  return variable(name.toUpperCase());
}

/** Reads "http://user:password@host:port". What is thrown shows no password. */
function parseProxy(text: unknown, target: Target): ChannelProxy {
  if (typeof text !== "string") {
    throw new TypeError(`Cannot use a proxy: found ${describe(text)}; give "http://host:port", or false`);
  }
  const [, scheme = "http", user, hostPort = "", rest = ""] =
    /^(?:([A-Za-z][A-Za-z0-9+.-]*):\/\/)?(?:(.*)@)?([^/?#@]*)(.*)$/s.exec(text)!;
  const shown = JSON.stringify(`${scheme}://${hostPort}`);
  if (scheme.toLowerCase() !== "http") {
    throw new TypeError(`Cannot use the proxy ${shown}: it must be one of http:, which is asked by CONNECT`);
  }
  if (rest !== "" && rest !== "/") {
    throw new TypeError(
      `Cannot use the proxy ${shown}: a proxy has no path`,
    );
  }
  let at: Target;
  try {
    at = parseTarget(hostPort, PROXY_PORT);
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
    throw new TypeError(`Cannot use the proxy ${shown}: ${error.message}`);
  }
  const authority = formatAddress(target);
  return { target: at, tunnel: { authority, authorization: basic(shown, user), open: openTunnel } };
}

/** RFC 7617: user and password, in UTF-8. */
function basic(shown: string, userinfo: string | undefined): string | undefined {
  if (userinfo === undefined) return undefined;
  let plain: string;
  try {
    plain = decodeURIComponent(userinfo);
  } catch {
    throw new TypeError(`Cannot use the proxy ${shown}: its user or password is not percent-encoded`);
  }
  if (!userinfo.includes(":")) plain += ":";
  return `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(plain)))}`;
}

/** On this machine. */
function isHere(target: Target): boolean {
  return target.family === "dns" ? /^(?:.*\.)?localhost\.?$/i.test(target.host) : isOfOneMachine(target);
}

/**
 * Whether `list` has the host: "*", names, which stand for those below them too ("example.com", ".example.com",
 * "*.example.com"), addresses, ranges of them ("10.0.0.0/8"); with a port, for that one alone.
 */
function isDirect(host: string, port: number, list: string): boolean {
  return list.split(/[\s,]+/).some((entry) => {
    if (entry === "" || entry === "*") return entry === "*";
    const [, bracketed, plain, entryPort] = /^(?:\[(.*)\]|(.*?))(?::(\d+))?$/.exec(entry)!;
    const isAddress = inetAddress(entry, 0) !== undefined; // an IPv6 address may stand without brackets
    const name = isAddress ? entry : bracketed ?? plain!;
    if (!isAddress && entryPort !== undefined && Number(entryPort) !== port) return false;
    return covers(name, host);
  });
}

function covers(entry: string, host: string): boolean {
  const [base = "", bits, ...rest] = entry.split("/");
  const [address, range] = [octetsOf(host), octetsOf(base)];
  if (address === undefined) {
    // "a.example." is a.example, with no domain to be searched for it
    const name = withoutDot(host).toLowerCase();
    const below = withoutDot(base).toLowerCase().replace(/^\*?\./, "");
    return bits === undefined && (name === below || name.endsWith(`.${below}`));
  }
  if (range === undefined || range.length !== address.length) return false;
  const most = 8 * range.length;
  let left = Number(bits ?? most);
  const isRange = /^\d{1,3}$/.test(bits ?? "0") && left <= most && rest.length === 0;
  if (!isRange) return false; // "10.0.0.0/" is not every address there is
  return range.every((octet, i) => {
    const mask = 0xff << (8 - Math.max(0, Math.min(8, left))) & 0xff;
    left -= 8;
    return (octet & mask) === (address[i]! & mask);
  });
}

/** The octets of an address; undefined for a name. */
function octetsOf(host: string): number[] | undefined {
  const address = inetAddress(host, 0);
  if (address === undefined) return undefined;
  return address.family === "ipv4" ? host.split(".").map(Number) : [...parseIpv6(host).bytes];
}
