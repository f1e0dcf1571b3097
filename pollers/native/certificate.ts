// Certificates: what one says, and whether those that are given can be used.

import { builtin } from "./builtin.ts";
import { type CertificateFields, digits, readCertificate } from "./certificate_fields.ts";

/** What is read of a certificate; see `PeerCertificate` of transport/tls/security.ts. */
interface ReadCertificate extends CertificateFields {
  readonly der: Uint8Array;
  readonly fingerprint256: string;
}

/** Reads a certificate. Throws Error where `der` is none. */
export function certificateOf(der: Uint8Array): ReadCertificate {
  const digest = builtin("node:crypto").createHash("sha256").update(der).digest();
  return { der, ...readCertificate(der), fingerprint256: digits(digest).join(":") };
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A key of whatever kind. */
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----[^-]+-----END \1PRIVATE KEY-----/;

/**
 * The certificates in `pem`, each by itself: Deno reads none where something stands before the first one, a key for
 * example. `pem` itself where none is found, for whoever reads it says what is wrong with it.
 */
function certificatesIn(pem: string): readonly string[] {
  return pem.match(CERTIFICATE) ?? [pem];
}

/** The private key in `pem`; `pem` itself where none is found. */
function privateKeyIn(pem: string): string {
  return PRIVATE_KEY.exec(pem)?.[0] ?? pem;
}

/** Throws Error, that begins with `what`, where a certificate of `pem` cannot be read, and where one has no end. */
export function checkCertificates(what: string, pem: string): void {
  const { X509Certificate } = builtin("node:crypto");
  const found = certificatesIn(pem);
  try {
    for (const one of found) new X509Certificate(one);
  } catch (error) {
    throw new Error(`${what} has no certificate in PEM, or a broken one: ${(error as Error).message}`);
  }
  if (pem.split("-----BEGIN CERTIFICATE-----").length - 1 > found.length) {
    throw new Error(`${what} has a certificate without an end`);
  }
}

/** Throws Error where `pem` is no private key, or one that is encrypted. */
export function checkPrivateKey(pem: string): void {
  try {
    builtin("node:crypto").createPrivateKey(privateKeyIn(pem));
  } catch (error) {
    throw new Error(`key is no private key in PEM that is not encrypted: ${(error as Error).message}`);
  }
}

/** The host names that the first certificate of `pem` is for. */
export function certificateNames(pem: string): string[] {
  return readCertificate(derOf(certificatesIn(pem)[0]!)).names.dns;
}

/** What a certificate in PEM stands for (RFC 7468, section 5). Deno 2.7.1 does not have it as `raw` of X509Certificate. */
function derOf(certificate: string): Uint8Array {
  return builtin("node:buffer").Buffer.from(certificate.replace(/-----[^-]*-----/g, ""), "base64");
}

/** Whether `key` is the private key of the first certificate of `cert`, both PEM; false too where one cannot be read. */
export function belongTogether(cert: string, key: string): boolean {
  const { createPrivateKey, X509Certificate } = builtin("node:crypto");
  try {
    return new X509Certificate(certificatesIn(cert)[0]!).checkPrivateKey(createPrivateKey(privateKeyIn(key)));
  } catch {
    return false;
  }
}
