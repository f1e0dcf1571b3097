// Certificates: their names read here, the rest by the X.509 parser that all three runtimes have.

import { builtin } from "./builtin.ts";
import { type CertificateNames, readCertificateNames } from "./certificate_names.ts";

/** What is read of a certificate; see `PeerCertificate` of transport/tls/security.ts. */
interface ReadCertificate extends CertificateNames {
  readonly der: Uint8Array;
  readonly serialNumber: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly fingerprint256: string;
}

/** Reads a certificate. Throws Error where `der` is none. */
export function certificateOf(der: Uint8Array): ReadCertificate {
  const { X509Certificate } = builtin("node:crypto");
  const read = new X509Certificate(der);
  return {
    der,
    ...readCertificateNames(der),
    serialNumber: read.serialNumber,
    validFrom: new Date(read.validFrom),
    validTo: new Date(read.validTo),
    fingerprint256: read.fingerprint256,
  };
}

/** The host names that the first certificate of `pem` is for. */
export function certificateNames(pem: string): string[] {
  const { X509Certificate } = builtin("node:crypto");
  return readCertificateNames(new X509Certificate(pem).raw).names.dns;
}

/** Whether `key` is the private key of the first certificate of `cert`, both PEM; false too where one cannot be read. */
export function belongTogether(cert: string, key: string): boolean {
  const { createPrivateKey, X509Certificate } = builtin("node:crypto");
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
