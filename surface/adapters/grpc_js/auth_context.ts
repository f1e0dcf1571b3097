// What TLS established for a call, as grpc-js has it.

import type { Buffer } from "../../../pollers/native/node_classes.ts";
import { Buffer as OwnBuffer } from "../../../pollers/native/node_classes.ts";
import type { ConnectionSecurity } from "../../../transport/mod.ts";

/** Undefined fields: the connection is plaintext. */
export interface AuthContext {
  /** "ssl". */
  transportSecurityType?: string;
  /** The certificate of the other side, in DER. */
  sslPeerCertificate?: { readonly raw: Buffer };
}

/** That of a connection. */
export function authContextOf(security: ConnectionSecurity | undefined): AuthContext {
  if (security === undefined) return {};
  const { peerCertificate } = security;
  if (peerCertificate === undefined) return { transportSecurityType: "ssl" };
  const raw = OwnBuffer.from(peerCertificate.der);
  return { transportSecurityType: "ssl", sslPeerCertificate: { raw } };
}
