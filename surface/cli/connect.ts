// From TARGET and flags to a channel, and to the options of its calls.

import { isOfOneMachine } from "../../pollers/mod.ts";
import type { CallOptions } from "../client/call_options.ts";
import { Metadata } from "../call/metadata.ts";
import type { ChannelOptions } from "../channel/channel_options.ts";
import { defaultPort, type Destination, parseDestination } from "../channel/destination.ts";
import { Channel } from "../full/channel.ts";
import { type ChannelCredentials, insecure, tls } from "../credentials/mod.ts";
import type { callFlags, connectFlags } from "./common_flags.ts";
import { CommandError, UsageError } from "./exit_codes.ts";
import { refusal } from "./refusal.ts";
import type { FlagValues } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** Values of the flags that say how to connect. */
export type ConnectFlags = FlagValues<typeof connectFlags>;
/** Values of the flags of every call. */
export type CallFlags = FlagValues<typeof callFlags>;

/** grpcurl's. */
const CONNECT_TIMEOUT_S = 10;

/** Runs `body` with a channel to `target`, which is closed afterwards. */
export async function withChannel<T>(
  target: string,
  flags: ConnectFlags,
  terminal: Terminal,
  body: (channel: Channel) => Promise<T>,
): Promise<T> {
  const channel = await openChannel(target, flags, terminal);
  try {
    return await body(channel);
  } finally {
    channel.close();
  }
}

/** A channel to `target`; `more` are options of the channel that no flag has. */
export async function openChannel(
  target: string,
  flags: ConnectFlags,
  terminal: Terminal,
  more: ChannelOptions = {},
): Promise<Channel> {
  const full = flags.unix && !target.startsWith("unix:") ? `unix:${target}` : target;
  const credentials = await credentialsOf(full, flags, terminal);
  const { authority, poller } = flags;
  const keepalive = orDefault(flags["keepalive-time"]);
  const largest = orDefault(flags["max-msg-sz"]);
  try {
    return new Channel(full, {
      handshakeTimeoutMs: (orDefault(flags["connect-timeout"]) ?? CONNECT_TIMEOUT_S) * 1000,
      ...(credentials === undefined ? {} : { credentials }),
      ...(authority === undefined ? {} : { authority }),
      ...(poller === undefined ? {} : { poller }),
      ...(keepalive === undefined ? {} : { keepalive: { timeMs: keepalive * 1000 } }),
      ...(largest === undefined ? {} : { maxReceiveMessageBytes: largest }),
      ...more,
    });
  } catch (error) {
    throw refusal(error, poller);
  }
}

/** To grpcurl, 0 says what a flag that is left out says. */
function orDefault(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

/** Undefined where the target says it by itself: "https://host". */
async function credentialsOf(
  target: string,
  flags: ConnectFlags,
  terminal: Terminal,
): Promise<ChannelCredentials | typeof insecure | undefined> {
  const { cacert, cert, key, servername } = flags;
  const ofTls = [cacert, cert, key, servername].some((one) => one !== undefined);
  if (flags.insecure) throw unverified(target);
  if (flags.plaintext) {
    if (!ofTls && !flags.tls) return insecure;
    throw new UsageError(
      "Cannot connect in plaintext: there are flags of TLS; leave out --plaintext, or those",
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    throw new UsageError(`Cannot use --${cert === undefined ? "key" : "cert"} alone: give --cert and --key`);
  }
  if (!ofTls && !flags.tls && (isOfThisMachine(target) || /^https?:\/\//.test(target))) return undefined;
  const text = async (path: string): Promise<string> => {
    let pem: string;
    try {
      pem = new TextDecoder().decode(await terminal.readFile(path));
    } catch (error) {
      throw new CommandError((error as Error).message);
    }
    if (pem.includes("-----BEGIN ")) return pem;
    throw new CommandError(
      `Cannot use ${path}: it is no PEM, which begins with -----BEGIN; openssl reads DER by -inform der, and writes PEM`,
    );
  };
  try {
    return tls.client({
      ...(cacert === undefined ? {} : { ca: await text(cacert) }),
      ...(cert === undefined ? {} : { cert: await text(cert), key: await text(key!) }),
      ...(servername === undefined ? {} : { serverName: servername }),
    });
  } catch (error) {
    throw refusal(error);
  }
}

/** Says what to do in place of `-insecure`, which other programs have. */
function unverified(target: string): UsageError {
  const at = /[^/]+:\d+$/.exec(target)?.[0] ?? "HOST:PORT";
  return new UsageError(
    "There is no connection with a certificate that is not verified. " +
      `\`openssl s_client -alpn h2 -connect ${at} </dev/null | openssl x509 -out server.pem\` saves the server's: ` +
      "give --cacert server.pem where it is self-signed, else --cacert and the certificate of the authority that signed it; " +
      "and --servername where it is for another name than TARGET's. A server without TLS takes --plaintext",
  );
}

/** Whether no other machine can be meant, so that plaintext is no risk. */
function isOfThisMachine(target: string): boolean {
  let destination: Destination;
  try {
    destination = parseDestination(target, defaultPort(false));
  } catch {
    return false; // the channel says why
  }
  switch (destination.family) {
    case "uri":
      return false;
    case "list":
      return destination.addresses.every(isOfOneMachine);
    case "dns":
      return /^(?:.*\.)?localhost\.?$/i.test(destination.host);
    default:
      return isOfOneMachine(destination);
  }
}

/** The options of a call; `own`: metadata of such a call alone, and the flag that it stands in. */
export function callOptions(
  flags: CallFlags,
  signal: AbortSignal,
  own?: { readonly flag: string; readonly lines: readonly string[] },
): CallOptions & { readonly metadata: Metadata } {
  const seconds = orDefault(flags["max-time"]);
  const metadata = readHeaders(flags.header);
  if (own !== undefined) metadata.appendAll(readHeaders(own.lines, own.flag));
  return {
    signal,
    metadata,
    ...(seconds === undefined ? {} : { deadlineMs: seconds * 1000 }),
    ...(flags.wait ? { waitForReady: true } : {}),
  };
}

/** Metadata of `flag`: "name: value", a value of a "-bin" name in base64. */
export function readHeaders(lines: readonly string[], flag = "-H"): Metadata {
  const metadata = new Metadata();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = (colon < 0 ? line : line.slice(0, colon)).trim().toLowerCase();
    const value = colon < 0 ? "" : line.slice(colon + 1).trim();
    try {
      metadata.append(name, name.endsWith("-bin") ? fromBase64(value) : value);
    } catch (error) {
      throw new UsageError(`Cannot read ${flag} ${JSON.stringify(line)}: ${(error as Error).message}`);
    }
  }
  return metadata;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  } catch {
    throw new TypeError("its value is no base64");
  }
}
