// A server's side of TLS by node:tls.

import type * as Tls from "node:tls";
import { runtime } from "./detect.ts";
import { certificateShown, tls, type TlsSide, type TlsStreamOptions } from "./tls_stream.ts";
import type { VerifiedCertificates } from "./verified_certificates.ts";

/** What a server's side is made with besides. */
export interface TlsServerOptions extends TlsStreamOptions {
  readonly requestCertificate: boolean;
  readonly requireCertificate: boolean;
  /** Of all connections of a configuration, or none of their sessions would be resumed. */
  readonly ticketKeys: Uint8Array;
  /** Certificates that were verified by the authorities of `ca`. */
  readonly verified: VerifiedCertificates;
}

/**
 * SSL_OP_NO_TICKET of <openssl/ssl.h>. Bun's servers take no keys of tickets, so none of theirs is ever resumed, and those
 * with a client's certificates of more than 32 KB in them end the connection.
 */
const NO_TICKET = 0x4000;

/** Octets of the keys of session tickets. */
const TICKET_KEY_BYTES = 48;

/** New keys of session tickets. */
export function newTicketKeys(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(TICKET_KEY_BYTES));
}

/** Begins a server's handshake. */
export function serverSide(options: TlsServerOptions): TlsSide {
  return (stream, duplex) => {
    const { cert, key, ca, ciphers, protocol, requestCertificate, requireCertificate, ticketKeys } = options;
    stream.asks = requestCertificate;
    // A server of its own for each connection: runtimes have no common way to tell connections of one apart.
    const server = tls().createServer({
      ...{ cert, key, ca, ciphers, minVersion: "TLSv1.2", ALPNProtocols: [protocol] },
      ...(runtime === "bun" ? { secureOptions: NO_TICKET } : { ticketKeys }),
      requestCert: requestCertificate,
      allowPartialTrustChain: true, // an authority in `ca` need not be a root
      rejectUnauthorized: requestCertificate && requireCertificate,
    } as Tls.TlsOptions);
    server.on("secureConnection", (socket: Tls.TLSSocket) => {
      stream.watch(socket);
      const why = requestCertificate ? refusal(socket, options) : undefined;
      if (why !== undefined) stream.fail(`the peer's certificate is not accepted: ${why}`);
      else stream.secure();
    });
    server.on("tlsClientError", (error: Error) => stream.fail(error.message));
    server.emit("connection", duplex);
  };
}

/**
 * Why the client of a server that asks for certificates is refused; undefined where it is not. Deno's servers resume
 * sessions that any server of the process began, whatever that asked of the client, and verify nothing then: a certificate
 * of an earlier session counts where it was verified by the same authorities.
 */
function refusal(socket: Tls.TLSSocket, options: TlsServerOptions): string | undefined {
  const { requireCertificate, verified } = options;
  const der = certificateShown(socket);
  if (der === undefined) return requireCertificate ? "there is none" : undefined;
  if (socket.isSessionReused()) {
    return verified.has(der) ? undefined : "it is of an earlier session, and was not verified here";
  }
  if (!requireCertificate && !socket.authorized) return String(socket.authorizationError);
  verified.add(der);
  return undefined;
}
