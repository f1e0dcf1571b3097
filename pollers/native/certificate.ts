// Certificates, read by the X.509 parser that all three runtimes have.

import process from "node:process";

/** What is read of a certificate; see `PeerCertificate` of transport/tls/security.ts. */
interface ReadCertificate {
  readonly der: Uint8Array;
  readonly subject: string;
  readonly issuer: string;
  readonly names: { dns: string[]; uri: string[]; ip: string[]; email: string[] };
  readonly serialNumber: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  readonly fingerprint256: string;
}

/** Reads a certificate. Throws Error where `der` is none. */
export function certificateOf(der: Uint8Array): ReadCertificate {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const read = new X509Certificate(der);
  return {
    der,
    subject: read.subject ?? "",
    issuer: read.issuer ?? "",
    names: subjectNames(read.subjectAltName ?? ""),
    serialNumber: read.serialNumber,
    validFrom: new Date(read.validFrom),
    validTo: new Date(read.validTo),
    fingerprint256: read.fingerprint256,
  };
}

/** The host names that the first certificate of `pem` is for. */
export function certificateNames(pem: string): string[] {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  return subjectNames(new X509Certificate(pem).subjectAltName ?? "").dns;
}

const KINDS = [["DNS:", "dns"], ["URI:", "uri"], ["IP Address:", "ip"], ["email:", "email"]] as const;

/** "DNS:localhost, URI:spiffe://a/b"; a name with a comma or a quote in it stands as a JSON string. */
function subjectNames(text: string): ReadCertificate["names"] {
  const names = { dns: [], uri: [], ip: [], email: [] } as ReadCertificate["names"];
  for (
    const [, prefix, quoted, plain] of text.matchAll(/(?:^|, )([A-Za-z ]+:)(?:("(?:[^"\\]|\\.)*")|([^,"]*))/g)
  ) {
    const kind = KINDS.find(([known]) => known === prefix)?.[1];
    if (kind !== undefined) names[kind].push(quoted === undefined ? plain! : JSON.parse(quoted) as string);
  }
  return names;
}
