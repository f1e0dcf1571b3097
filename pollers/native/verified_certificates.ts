// Certificates that were verified by given authorities, so that those of resumed sessions can be told from others.

import { builtin } from "./builtin.ts";

/** So many are known, the ones that were verified last: 10,000 are a megabyte. */
const MOST = 10_000;

/** Authorities whose certificates are known: those of earlier configurations are soon of no use. */
const MOST_AUTHORITIES = 16;

const byAuthorities = new Map<string, VerifiedCertificates>();

/** Those that the authorities of `ca` (PEM) vouch for, whichever server of this thread has verified them. */
export function verifiedBy(ca: string): VerifiedCertificates {
  const verified = byAuthorities.get(ca) ?? new VerifiedCertificates();
  byAuthorities.delete(ca);
  byAuthorities.set(ca, verified);
  if (byAuthorities.size > MOST_AUTHORITIES) {
    byAuthorities.delete(byAuthorities.keys().next().value as string);
  }
  return verified;
}

/** See the head of this file. */
export class VerifiedCertificates {
  private readonly digests = new Set<string>();

  /** `der` was verified. */
  add(der: Uint8Array): void {
    const digest = digestOf(der);
    this.digests.delete(digest);
    this.digests.add(digest);
    if (this.digests.size > MOST) this.digests.delete(this.digests.keys().next().value as string);
  }

  /** Whether `der` was. */
  has(der: Uint8Array): boolean {
    return this.digests.has(digestOf(der));
  }
}

function digestOf(der: Uint8Array): string {
  return builtin("node:crypto").createHash("sha256").update(der).digest("base64");
}
