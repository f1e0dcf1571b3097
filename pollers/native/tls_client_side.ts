// A client's side of TLS by node:tls.

import type * as Tls from "node:tls";
import { tls, type TlsSide, type TlsStreamOptions } from "./tls_stream.ts";

/** What a client's side is made with besides. */
export interface TlsClientOptions extends TlsStreamOptions {
  /** What the server's certificate must be for. */
  readonly serverName: string;
  readonly isAddress: boolean;
  /** Throws Error where a certificate (DER) that authorities vouch for is not the server's. */
  readonly checkHost: (der: Uint8Array) => void;
  /** An earlier session, which is resumed where the server allows it. */
  readonly session?: Uint8Array | undefined;
  /** Gets sessions that may be resumed. */
  readonly onSession: (session: Uint8Array) => void;
}

/** Begins a client's handshake. */
export function clientSide(options: TlsClientOptions): TlsSide {
  return (stream, duplex) => {
    const { cert, key, ca, ciphers, protocol, serverName, isAddress, session, onSession, checkHost } =
      options;
    const socket = tls().connect({
      socket: duplex,
      ...{ cert, key, ca, ciphers, session, minVersion: "TLSv1.2", ALPNProtocols: [protocol] },
      allowPartialTrustChain: true, // an authority in `ca` need not be a root
      // An address is verified, but never sent as a name (RFC 6066, section 3).
      ...(isAddress ? { host: serverName } : { servername: serverName, host: serverName }),
      rejectUnauthorized: true, // or NODE_TLS_REJECT_UNAUTHORIZED says whether
      checkServerIdentity: (_host: string, { raw }: { raw: Uint8Array }): Error | undefined => {
        try {
          return checkHost(raw) as undefined;
        } catch (error) { // which Bun takes for nobody's, and goes on to wait
          return error as Error;
        }
      },
    } as unknown as Tls.ConnectionOptions);
    socket.on("session", (made: Uint8Array) => onSession(made));
    socket.on("secureConnect", () => stream.secure());
    stream.watch(socket);
  };
}
