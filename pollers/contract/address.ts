// Socket addresses, and the target strings that name them (gRPC naming, https://github.com/grpc/grpc/blob/master/doc/naming.md).

import { textOf } from "../log/describe.ts";
import { canonicalIpv6 } from "./ipv6.ts";

/** An IPv4 or IPv6 address with a port; `host` is numeric, IPv6 without brackets. */
export interface InetAddress {
  /** Which of the two. */
  readonly family: "ipv4" | "ipv6";
  /** "127.0.0.1", "::1", "fe80::1%eth0". */
  readonly host: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** A unix domain socket in the file system. */
export interface UnixAddress {
  /** "unix". */
  readonly family: "unix";
  /** "/run/app.sock"; "" for a socket that is bound to no path. */
  readonly path: string;
}

/** A unix domain socket in Linux's abstract namespace; `name` without the leading NUL. */
export interface UnixAbstractAddress {
  /** "unix-abstract". */
  readonly family: "unix-abstract";
  /** "app". */
  readonly name: string;
}

/** A named pipe of Windows; `name` is what follows \\\\.\\pipe\\. */
export interface NamedPipeAddress {
  /** "npipe". */
  readonly family: "npipe";
  /** "app"; "" for the end that connected. */
  readonly name: string;
}

/** A server of this very thread, which is reached without a socket. No engine connects to one. */
export interface InProcessAddress {
  /** "inprocess". */
  readonly family: "inprocess";
  /** "app". */
  readonly name: string;
}

/** Where a socket or a pipe is, or who is reached without one. */
export type SocketAddress =
  | InetAddress
  | UnixAddress
  | UnixAbstractAddress
  | NamedPipeAddress
  | InProcessAddress;

/** A name to be looked up, with the port to use. */
export interface DnsTarget {
  /** "dns". */
  readonly family: "dns";
  /** "example.com". */
  readonly host: string;
  /** 0 to 65,535. */
  readonly port: number;
}

/** What a target string names. */
export type Target = SocketAddress | DnsTarget;

/** A target string that cannot be parsed; the message quotes it and says what is wrong. */
export class AddressError extends TypeError {
  /** "AddressError". */
  override readonly name = "AddressError";
}

const SCHEME = /^(unix-abstract|unix|npipe|inprocess|ipv4|ipv6|dns):/;

/** The port of a target with a scheme and without a port, as gRPC naming has it. */
const DEFAULT_PORT = 443;

/** The longest text of a numeric address: 45 characters and a zone; longer ones are not worth looking at. */
const MAX_NUMERIC_LENGTH = 80;

/** The longest name that DNS carries (RFC 1035, section 2.3.4). */
const MAX_NAME_LENGTH = 253;

/**
 * Reads `host:port`, `[v6]:port`, `ipv4:1.2.3.4:80`, `ipv6:[::1]:80`, `dns:name:port`, `dns:///name:port`,
 * `unix:path`, `unix:///absolute/path`, `unix-abstract:name`, `npipe:name` (also `npipe:////./pipe/name`) or
 * `inprocess:name`. Without a port, `defaultPort` is meant; where that is undefined, a text with a scheme means 443, and
 * one without is asked for a port.
 *
 * @throws {AddressError} where the text names no target
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(parseTarget("[::1]:80"), { family: "ipv6", host: "::1", port: 80 });
 * ```
 */
export function parseTarget(text: string, defaultPort?: number): Target {
  if (typeof text !== "string") {
    const found = Array.isArray(text) ? "an array" : textOf(text);
    throw new AddressError(`Cannot parse address: expected a string, "host:port", found ${found}`);
  }
  const scheme = SCHEME.exec(text)?.[1];
  const schemePort = defaultPort ?? DEFAULT_PORT;
  const rest = scheme === undefined ? text : text.slice(scheme.length + 1);
  switch (scheme) {
    case "unix":
      if (/^\/\/[^/]/.test(rest)) {
        throw fail(text, 'write an absolute path as "unix:///path", a relative one as "unix:path"');
      }
      return { family: "unix", path: notEmpty(text, rest.startsWith("//") ? rest.slice(2) : rest, "path") };
    case "unix-abstract":
      return { family: "unix-abstract", name: notEmpty(text, rest, "name") };
    case "npipe":
      return { family: "npipe", name: pipeName(text, rest.replace(/^\/\/\/\/\.\/pipe\//, "")) };
    case "inprocess":
      return { family: "inprocess", name: notEmpty(text, rest, "name") };
    case "dns":
      if (/^\/\/[^/]/.test(rest)) {
        throw fail(text, 'a DNS server cannot be chosen: write "dns:///name:port" to ask the system\'s');
      }
      return parseHostPort(text, rest.replace(/^\/\/\//, ""), schemePort);
    case "ipv4":
    case "ipv6": {
      const address = inetAddress(rest, schemePort) ?? parseHostPort(text, rest, schemePort);
      if (address.family !== scheme) {
        throw fail(text, `${JSON.stringify(address.host)} is no ${scheme} address`);
      }
      return address;
    }
    default:
      refuseUrl(text);
      return parseHostPort(text, text, defaultPort);
  }
}

/** Throws for what looks like a URL: an address has no scheme of the Web's, and no path. */
function refuseUrl(text: string): void {
  const [, scheme, hostPort] = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/([^/]*)/.exec(text) ?? [];
  if (scheme !== undefined) {
    const hint = scheme === "http" || scheme === "https"
      ? `write "${hostPort || "host"}${/:\d+$/.test(hostPort!) ? "" : `:${scheme === "http" ? 80 : 443}`}"`
      : NO_RESOLVER;
    throw fail(text, `${scheme}: is no scheme of an address; ${hint}`);
  }
  if (/^(?:xds|etcd|consul|google-c2p|passthrough):/.test(text)) {
    throw fail(text, `${text.slice(0, text.indexOf(":"))}: is no scheme of an address; ${NO_RESOLVER}`);
  }
}

const NO_RESOLVER = 'there are "host:port", dns:, ipv4:, ipv6:, unix:, unix-abstract:, npipe: and inprocess:';

/** The text that {@linkcode parseTarget} reads as `address`. */
export function formatAddress(address: Target): string {
  switch (address.family) {
    case "unix": // two slashes at the beginning would be read as those of a URL
      return `unix:${address.path.startsWith("//") ? "//" : ""}${address.path}`;
    case "unix-abstract":
      return `unix-abstract:${address.name}`;
    case "npipe":
    case "inprocess":
      return `${address.family}:${address.name}`;
    case "dns": // a host may be called as a scheme is
      return `${SCHEME.test(`${address.host}:`) ? "dns:" : ""}${address.host}:${address.port}`;
    case "ipv6":
      return `[${address.host}]:${address.port}`;
    default:
      return `${address.host}:${address.port}`;
  }
}

/** The address of a numeric `host`, or undefined where it is a name. */
export function inetAddress(host: string, port: number): InetAddress | undefined {
  if (isIpv4(host)) return { family: "ipv4", host, port };
  if (isIpv6(host)) return { family: "ipv6", host, port };
  return undefined;
}

/**
 * The IPv4 address that an IPv4-mapped one stands for (RFC 4291, section 2.5.5.2): what a dual-stack socket calls an
 * IPv4 peer. Every other address as it is.
 */
export function unmapped(address: SocketAddress): SocketAddress {
  if (address.family !== "ipv6" || !/ffff:/i.test(address.host)) return address;
  const tail = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(canonicalIpv6(address.host));
  if (tail === null) return address;
  const octets = tail.slice(1).map((group) => parseInt(group, 16)).flatMap((
    group,
  ) => [group >> 8, group & 255]);
  return { family: "ipv4", host: octets.join("."), port: address.port };
}

/** Whether no other machine can have `address` as its peer's: a loopback address, a unix socket, a pipe, this thread. */
export function isOfOneMachine(address: SocketAddress): boolean {
  const one = unmapped(address);
  if (one.family === "ipv4") return one.host.startsWith("127.");
  return one.family !== "ipv6" || canonicalIpv6(one.host) === "::1";
}

function parseHostPort(
  text: string,
  hostPort: string,
  defaultPort: number | undefined,
): InetAddress | DnsTarget {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::([^:]*))?$/.exec(hostPort);
  if (!match) {
    const hint = isIpv6(hostPort) ? `: write an IPv6 address as "[${hostPort}]:port"` : "";
    throw fail(text, `expected "host:port"${hint}`);
  }
  const [, bracketed, plain, portText] = match;
  const host = notEmpty(text, (bracketed ?? plain)!, "host");
  const port = parsePort(text, portText, defaultPort);
  const numeric = inetAddress(host, port);
  if (bracketed !== undefined && numeric?.family !== "ipv6") {
    throw fail(text, `"[${host}]" is no IPv6 address`);
  }
  if (numeric !== undefined) return numeric;
  if (/^[0-9.]+$/.test(host)) throw fail(text, `${JSON.stringify(host)} is no IPv4 address`);
  if (host.length > MAX_NAME_LENGTH) {
    throw fail(text, `the host name has ${host.length} characters, at most ${MAX_NAME_LENGTH} are possible`);
  }
  if (!/^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$/.test(host)) {
    throw fail(text, `${JSON.stringify(host)} is no host name`);
  }
  return { family: "dns", host, port };
}

function parsePort(text: string, port: string | undefined, defaultPort: number | undefined): number {
  if (port === undefined) {
    if (defaultPort !== undefined) return defaultPort;
    throw fail(text, 'there is no port: write "host:port"');
  }
  if (!/^[0-9]{1,5}$/.test(port) || Number(port) > 65_535) throw fail(text, "port must be 0 to 65535");
  return Number(port);
}

/** The longest name of a pipe (CreateNamedPipe: 256 characters with the prefix). */
const MAX_PIPE_NAME_LENGTH = 247;

function pipeName(text: string, name: string): string {
  if (name.length > MAX_PIPE_NAME_LENGTH) {
    throw fail(text, `the name has ${name.length} characters, at most ${MAX_PIPE_NAME_LENGTH} are possible`);
  }
  if (/[\\/\0]/.test(name)) throw fail(text, 'the name of a pipe has no slashes: write "npipe:name"');
  return notEmpty(text, name, "name");
}

function notEmpty(text: string, part: string, what: string): string {
  if (part === "") throw fail(text, `the ${what} is empty`);
  return part;
}

function fail(text: string, why: string): AddressError {
  return new AddressError(`Cannot parse address ${JSON.stringify(clip(text))}: ${clip(why)}`);
}

/** What is shown of a text: a message should not be a megabyte. */
function clip(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

function isIpv4(host: string): boolean {
  if (host.length > MAX_NUMERIC_LENGTH) return false;
  const parts = host.split(".");
  // No leading zeros: some readers take them for octal.
  return parts.length === 4 &&
    parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}

/** RFC 4291, section 2.2: up to eight groups, one `::`, perhaps an IPv4 tail and a zone. */
function isIpv6(host: string): boolean {
  if (host.length > MAX_NUMERIC_LENGTH) return false;
  const address = host.replace(/%[A-Za-z0-9_.-]+$/, "");
  return /^[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*$/.test(address) && URL.canParse(`http://[${address}]`);
}
