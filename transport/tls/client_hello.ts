// What a client says first (RFC 8446, section 4.1.2), read before the cryptography begins: by it a server chooses its
// certificate, and it says in plain words why a client is refused, whichever library does the rest.

import { H2 } from "./alpn.ts";
import { areShort } from "./short_records.ts";

/** What a server looks at. */
export interface ClientHello {
  /** The host that the client asks for (RFC 6066, section 3), in lower case; undefined where it names none. */
  readonly serverName: string | undefined;
  /** The protocols that the client offers (RFC 7301), in its order; undefined where it sends no ALPN. */
  readonly protocols: readonly string[] | undefined;
  /** The newest version of TLS that it offers: 0x0304 is 1.3. */
  readonly version: number;
}

/** A client hello, why there is none, or "incomplete" until there are `needed` bytes at the least. */
export type ParsedHello =
  | { readonly kind: "hello"; readonly hello: ClientHello }
  | { readonly kind: "incomplete"; readonly needed: number }
  | { readonly kind: "refused"; readonly alert: number; readonly why: string };

/**
 * Longer ones are refused. What is sent has 2 KB, in one, and the ticket of an earlier session
 * beside that: OpenSSL and others put the client's certificate there, and give tickets of up to 65,280 octets.
 */
const MOST_HELLO_BYTES = 65_280 + 8_192;

/** Records of a hello that may be short. */
const MOST_SHORT_RECORDS = 16;

/** Octets of a record that is not encrypted (RFC 8446, section 5.1). */
const MOST_RECORD_BYTES = 16_384;

/** Protocols that a message lists: a client may offer thousands, and messages are logged. */
const MOST_SHOWN = 5;

// RFC 8446, sections 5.1, 4 and 4.2.
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const ALPN = 16;
const SUPPORTED_VERSIONS = 43;
const TLS_1_2 = 0x0303;

/** Alerts (RFC 8446, section 6; RFC 7301, section 3.2). */
const Alert = {
  unexpectedMessage: 10,
  recordOverflow: 22,
  decodeError: 50,
  protocolVersion: 70,
  noApplicationProtocol: 120,
} as const;

/** The record of a fatal alert, for a peer with which no cryptography has begun. */
export function alertRecord(alert: number): Uint8Array {
  return Uint8Array.of(21, 3, 3, 0, 2, 2, alert);
}

/** Reads the client hello at the beginning of `bytes`. */
export function parseClientHello(bytes: Uint8Array): ParsedHello {
  const message = handshakeMessage(bytes);
  if (!(message instanceof Uint8Array)) return message;
  try {
    return judge(readHello(new Reader(message)));
  } catch (error) {
    if (!(error instanceof CutOff)) throw error;
    return malformed("its client hello is malformed");
  }
}

/** The first handshake message, without the records that it lies in. */
function handshakeMessage(bytes: Uint8Array): Uint8Array | ParsedHello {
  const message = new Uint8Array(bytes.length);
  for (let at = 0, filled = 0, left = 0, records = 0;; records++) {
    if (bytes.length > at && bytes[at] !== HANDSHAKE_RECORD) return notTls(bytes);
    if (bytes.length > at + 1 && bytes[at + 1] !== 3) return notTls(bytes);
    if (records >= MOST_SHORT_RECORDS && areShort(records, filled)) {
      return malformed(`its client hello has ${filled} bytes in ${records} records and goes on`);
    }
    if (bytes.length < at + 5) return { kind: "incomplete", needed: at + 5 + left };
    const size = bytes[at + 3]! << 8 | bytes[at + 4]!;
    if (size > MOST_RECORD_BYTES) {
      return { kind: "refused", alert: Alert.recordOverflow, why: `its first record has ${size} bytes` };
    }
    const end = at + 5 + size;
    if (bytes.length < end) return { kind: "incomplete", needed: Math.max(end, at + 5 + left) };
    message.set(bytes.subarray(at + 5, end), filled);
    filled += size;
    at = end;
    if (filled < 4) continue;
    if (message[0] !== CLIENT_HELLO) return notTls(bytes);
    const length = 4 + (message[1]! << 16 | message[2]! << 8 | message[3]!);
    if (length > MOST_HELLO_BYTES) return malformed(`its client hello has ${length} bytes`);
    left = length - filled;
    if (left <= 0) return message.subarray(4, length);
  }
}

function malformed(why: string): ParsedHello {
  return { kind: "refused", alert: Alert.decodeError, why };
}

const PREFACE = "PRI * HTTP/2.0";

/** What was sent instead of TLS. */
function notTls(bytes: Uint8Array): ParsedHello {
  const text = String.fromCharCode(...bytes.subarray(0, 14));
  let what = "what it sent is not TLS";
  if (text.startsWith("PRI ") || PREFACE.startsWith(text)) what = "it speaks HTTP/2 without TLS";
  else if (/^[A-Z]{3,8} /.test(text)) what = "it speaks HTTP/1 without TLS";
  return { kind: "refused", alert: Alert.unexpectedMessage, why: `${what}, and this server wants TLS` };
}

function judge(hello: ClientHello): ParsedHello {
  const { protocols, version } = hello;
  if (version < TLS_1_2) {
    const why = `it offers TLS 1.${
      Math.max(0, version - 0x0301)
    } at most, and 1.2 is the oldest that is accepted`;
    return { kind: "refused", alert: Alert.protocolVersion, why };
  }
  if (protocols?.includes(H2) === true) return { kind: "hello", hello };
  const why = protocols === undefined
    ? `it offers no protocol (ALPN), and gRPC needs "${H2}"`
    : `it offers ${
      protocols.slice(0, MOST_SHOWN).map((one) => JSON.stringify(one)).join(", ")
    } (ALPN), and gRPC needs "${H2}"`;
  return { kind: "refused", alert: Alert.noApplicationProtocol, why };
}

function readHello(reader: Reader): ClientHello {
  let version = reader.number(2);
  reader.take(32); // random
  reader.vector(1); // legacy_session_id
  reader.vector(2); // cipher_suites
  reader.vector(1); // legacy_compression_methods
  let serverName: string | undefined = undefined;
  let protocols: string[] | undefined = undefined;
  if (reader.isAtEnd) return { serverName, protocols, version };
  for (const extensions = reader.vector(2); !extensions.isAtEnd;) {
    const type = extensions.number(2);
    const extension = extensions.vector(2);
    if (type === SERVER_NAME) serverName = hostName(extension);
    else if (type === ALPN) protocols = protocolNames(extension.vector(2));
    else if (type === SUPPORTED_VERSIONS) version = newest(extension.vector(1), version);
  }
  return { serverName, protocols, version };
}

function hostName(extension: Reader): string | undefined {
  for (const names = extension.vector(2); !names.isAtEnd;) {
    const type = names.number(1);
    const name = names.vector(2).text();
    if (type === 0) return name.toLowerCase();
  }
  return undefined;
}

function protocolNames(list: Reader): string[] {
  const names: string[] = [];
  while (!list.isAtEnd) names.push(list.vector(1).text());
  return names;
}

/** Of the versions that are known; others are GREASE (RFC 8701) or drafts. */
function newest(list: Reader, legacy: number): number {
  let version = 0;
  while (!list.isAtEnd) {
    const offered = list.number(2);
    if (offered >= 0x0300 && offered <= 0x0304) version = Math.max(version, offered);
  }
  return version === 0 ? legacy : version;
}

/** The message ends before what it announces. */
class CutOff extends Error {}

/** Reads numbers and vectors as TLS writes them (RFC 8446, section 3). */
class Reader {
  private at = 0;

  /** From the beginning of `bytes`. */
  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) throw new CutOff();
    return this.bytes.subarray(this.at, this.at += count);
  }

  number(octets: number): number {
    return this.take(octets).reduce((number, octet) => number << 8 | octet, 0);
  }

  /** What follows a length of so many octets. */
  vector(lengthOctets: number): Reader {
    return new Reader(this.take(this.number(lengthOctets)));
  }

  text(): string {
    return String.fromCharCode(...this.bytes);
  }
}
