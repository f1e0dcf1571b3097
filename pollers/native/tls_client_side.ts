// A client's side of TLS by node:tls.

import type * as Tls from "node:tls";
import { tls, type TlsSide, type TlsStreamOptions } from "./tls_stream.ts";

/** What a client's side is made with besides. */
export interface TlsClientOptions extends TlsStreamOptions {
  /** What the server's certificate must be for. */
  readonly serverName: string;
  readonly isAddress: boolean;
  /** Why a certificate (DER) that authorities vouch for is not the server's; undefined where it is. */
  readonly hostRefusal: (der: Uint8Array) => string | undefined;
  /** An earlier session, which is resumed where the server allows it. */
  readonly session?: Uint8Array | undefined;
  /** Gets sessions that may be resumed. */
  readonly onSession: (session: Uint8Array) => void;
}

/** Begins a client's handshake. */
export function clientSide(options: TlsClientOptions): TlsSide {
  return (stream, duplex) => {
    const { cert, key, ca, ciphers, protocol, serverName, isAddress, session, onSession, hostRefusal } =
      options;
    const socket = tls().connect({
      socket: duplex,
      ...{ cert, key, ca, ciphers, session, minVersion: "TLSv1.2", ALPNProtocols: [protocol] },
      allowPartialTrustChain: true, // an authority in `ca` need not be a root
      // An address is verified, but never sent as a name (RFC 6066, section 3).
      ...(isAddress ? { host: serverName } : { servername: serverName, host: serverName }),
      rejectUnauthorized: true, // or NODE_TLS_REJECT_UNAUTHORIZED says whether
      checkServerIdentity: (_host: string, { raw }: { raw: Uint8Array }): Error | undefined => {
        const why = hostRefusal(raw);
        return why === undefined ? undefined : new Error(why);
      },
    } as unknown as Tls.ConnectionOptions);
    socket.on("session", (made: Uint8Array) => onSession(made));
    socket.on("secureConnect", () => stream.secure());
    stream.watch(socket);
  };
}
