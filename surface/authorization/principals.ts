// Who a client is to an authorization policy: what its certificate says (gRFC A43, "Details").

import type { ConnectionSecurity } from "../../transport/mod.ts";

/** Without TLS nobody has an identity, and no principal of a policy matches. */
const NOBODY: readonly string[] = [];
/** A client of TLS that has shown no certificate: the principal "" matches it. */
const ANONYMOUS: readonly string[] = [""];

/** An identity is read of a certificate once a connection, not once a call. */
const known = new WeakMap<ConnectionSecurity, readonly string[]>();

/** A longer name is cut where people read it. */
const MOST_SHOWN = 200;

/** The URIs of the client's certificate, then its host names, then its subject as RFC 2253 writes it. */
export function principalsOf(security: ConnectionSecurity | undefined): readonly string[] {
  if (security === undefined) return NOBODY;
  const { peerCertificate } = security;
  if (peerCertificate === undefined) return ANONYMOUS;
  let principals = known.get(security);
  if (principals === undefined) {
    const { names, subject } = peerCertificate;
    principals = [...names.uri, ...names.dns, distinguishedName(subject)];
    known.set(security, principals);
  }
  return principals;
}

/** Who the client is, for people. */
export function describeClient(security: ConnectionSecurity | undefined): string {
  if (security === undefined) return "a client in plaintext";
  const name = principalsOf(security).find((principal) => principal !== "");
  return name === undefined ? "a client without a certificate" : JSON.stringify(name.slice(0, MOST_SHOWN));
}

/** "CN=client,O=Example" of "O=Example\nCN=client": the last attribute first (RFC 2253, section 2.1). */
function distinguishedName(subject: string): string {
  return subject.split("\n").reverse().map((line) => line.replaceAll(" + ", "+")).join(",");
}
