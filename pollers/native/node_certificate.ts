// Certificates as node:tls shows them, for adapters to APIs of Node's.

import type { PeerCertificate } from "node:tls";
import { builtin } from "./builtin.ts";
import type { CertificateFields } from "./certificate_fields.ts";

export type { PeerCertificate as NodeCertificate };

/** A certificate that was read. */
interface ShownCertificate {
  readonly serialNumber: string;
  readonly der: Uint8Array;
  readonly names: { readonly [Kind in keyof CertificateFields["names"]]: readonly string[] };
}

/**
 * A certificate as node:tls shows it. Its `subjectaltname` has the names that are read here, with quotes where one has a
 * comma and the like, as Node writes it: Deno's own escapes nothing. Its serial number is whole on Deno, too.
 */
export function nodeCertificate({ der, names, serialNumber }: ShownCertificate): PeerCertificate {
  const { X509Certificate } = builtin("node:crypto");
  const certificate = new X509Certificate(der).toLegacyObject();
  const alternatives = [
    ...names.dns.map((name) => `DNS:${quoted(name)}`),
    ...names.uri.map((name) => `URI:${quoted(name)}`),
    ...names.email.map((name) => `email:${quoted(name)}`),
    ...names.ip.map((address) => `IP Address:${address}`),
  ].join(", ");
  return Object.assign(certificate, { serialNumber, subjectaltname: alternatives || undefined });
}

/** A name in a list of names with commas between them. */
function quoted(name: string): string {
  const escaped = name.replaceAll(
    /[^ -~]|[,"'\\]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return escaped === name ? name : `"${escaped}"`;
}
