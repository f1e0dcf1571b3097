// What TLS established for a call, as grpc-js has it.

import { type NodeCertificate, nodeCertificate } from "../../../pollers/native/node_certificate.ts";
import { Buffer } from "../../../pollers/native/node_classes.ts";
import type { ConnectionSecurity, PeerCertificate } from "../../../transport/mod.ts";

/** Undefined fields: the connection is plaintext. */
export interface AuthContext {
  /** "ssl". */
  transportSecurityType?: string;
  /** The certificate of the other side. */
  sslPeerCertificate?: NodeCertificate;
}

/** A certificate is read once a connection, not once a call. */
const read = new WeakMap<PeerCertificate, NodeCertificate>();

/** `certificate` as node:tls shows it. */
export function asNodeHasIt(certificate: PeerCertificate): NodeCertificate {
  let node = read.get(certificate);
  if (node === undefined) {
    node = Object.assign(nodeCertificate(certificate), { raw: Buffer.from(certificate.der) });
    read.set(certificate, node);
  }
  return node;
}

/** That of a connection. */
export function authContextOf(security: ConnectionSecurity | undefined): AuthContext {
  if (security === undefined) return {};
  const { peerCertificate } = security;
  if (peerCertificate === undefined) return { transportSecurityType: "ssl" };
  return { transportSecurityType: "ssl", sslPeerCertificate: asNodeHasIt(peerCertificate) };
}
