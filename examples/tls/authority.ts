// A certificate authority of one's own, for examples and tests: certificates by P-256 keys, written as RFC 5280 has them.
//
// For production have certificates from an authority that also revokes and renews them.
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/** A certificate with its key, both PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface Subject {
  /** The common name. */
  readonly name: string;
  /** Host names, IPv4 addresses and URIs that it is for. */
  readonly dns?: readonly string[];
  readonly ip?: readonly string[];
  readonly uri?: readonly string[];
  /** When it is valid; default: from an hour ago, for a day. */
  readonly from?: Date;
  readonly to?: Date;
}

const HOUR_MS = 3_600_000;

/** Issues certificates. */
export class Authority {
  /** Its own certificate, which those who trust it are given: PEM. */
  readonly cert: string;
  readonly #keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
  readonly #name: string;

  /** Which `above` vouches for, or it itself. */
  constructor(name = "Example CA", above?: Authority) {
    this.#name = name;
    this.cert = (above ?? this).#certificate({ name }, this.#keys.publicKey, true);
  }

  /** Its own certificate with its key: one that vouches for itself. */
  get own(): Issued {
    return { cert: this.cert, key: pkcs8(this.#keys.privateKey) };
  }

  /** A new key, and a certificate for it. */
  issue(subject: Subject): Issued {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return { cert: this.#certificate(subject, publicKey, false), key: pkcs8(privateKey) };
  }

  #certificate(subject: Subject, publicKey: KeyObject, isAuthority: boolean): string {
    const { from = new Date(Date.now() - HOUR_MS), to = new Date(Date.now() + 24 * HOUR_MS) } = subject;
    const algorithm = sequence(identifier(ECDSA_WITH_SHA256));
    const toBeSigned = sequence(
      der(0xa0, der(0x02, Uint8Array.of(2))), // version 3
      der(0x02, Uint8Array.of(1, ...randomBytes(15))), // serial number
      algorithm,
      distinguishedName(this.#name),
      sequence(time(from), time(to)),
      distinguishedName(subject.name),
      publicKey.export({ type: "spki", format: "der" }),
      der(0xa3, sequence(...extensions(subject, isAuthority))),
    );
    const signature = sign("sha256", toBeSigned, this.#keys.privateKey);
    const whole = sequence(toBeSigned, algorithm, der(0x03, Uint8Array.of(0), signature));
    return `-----BEGIN CERTIFICATE-----\n${base64(whole)}\n-----END CERTIFICATE-----\n`;
  }
}

function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }) as string;
}

// Object identifiers, as their octets.
const ECDSA_WITH_SHA256 = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const COMMON_NAME = [0x55, 0x04, 0x03];
const BASIC_CONSTRAINTS = [0x55, 0x1d, 0x13];
const SUBJECT_ALT_NAME = [0x55, 0x1d, 0x11];

function extensions({ dns = [], ip = [], uri = [] }: Subject, isAuthority: boolean): Uint8Array[] {
  const constraints = sequence(...(isAuthority ? [der(0x01, Uint8Array.of(0xff))] : []));
  const list = [
    sequence(identifier(BASIC_CONSTRAINTS), der(0x01, Uint8Array.of(0xff)), der(0x04, constraints)),
  ];
  const names = [
    ...dns.map((name) => der(0x82, ascii(name))),
    ...uri.map((name) => der(0x86, ascii(name))),
    ...ip.map((address) => der(0x87, Uint8Array.from(address.split("."), Number))),
  ];
  if (names.length > 0) list.push(sequence(identifier(SUBJECT_ALT_NAME), der(0x04, sequence(...names))));
  return list;
}

function distinguishedName(name: string): Uint8Array {
  return sequence(der(0x31, sequence(identifier(COMMON_NAME), der(0x0c, ascii(name)))));
}

/** UTCTime: "261126053956Z". */
function time(at: Date): Uint8Array {
  return der(0x17, ascii(`${at.toISOString().slice(2, 19).replaceAll(/[-T:]/g, "")}Z`));
}

function identifier(octets: readonly number[]): Uint8Array {
  return der(0x06, Uint8Array.from(octets));
}

function sequence(...parts: Uint8Array[]): Uint8Array {
  return der(0x30, ...parts);
}

/** A value with its tag and length (X.690, section 8.1). */
function der(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const octets = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  const all = new Uint8Array(1 + octets.length + length);
  all.set([tag, ...octets]);
  let at = 1 + octets.length;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll(/.{64}/g, "$&\n").trimEnd();
}
