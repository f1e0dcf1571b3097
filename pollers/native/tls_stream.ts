// TLS by node:tls, which all three runtimes have, over a duplex stream that no socket is behind: whoever uses it moves
// the ciphertext.

import { builtin } from "./builtin.ts";
import type { VerifiedCertificates } from "./verified_certificates.ts";
import type * as Stream from "node:stream";
import type * as Tls from "node:tls";

/** What a stream reports; each on no caller's stack, but `onCiphertext`. */
export interface TlsStreamEvents {
  /** The handshake is complete, and the peer was verified. */
  onSecure(): void;
  /** Plaintext came. */
  onPlaintext(bytes: Uint8Array): void;
  /** The peer's end: close_notify, or nothing but the end of its stream. */
  onEnd(): void;
  /** There is no secure connection, or no longer. */
  onFailed(why: string): void;
  /** Ciphertext is to be sent; `bytes` are the runtime's again once `sent` was called, and only then more comes. */
  onCiphertext(bytes: Uint8Array, sent: () => void): void;
}

/** What both sides are made with; PEM. */
export interface TlsStreamOptions {
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
  /** Ciphers of TLS 1.2, and what is negotiated (ALPN). */
  readonly ciphers: string;
  readonly protocol: string;
}

/** What a client is made with besides. */
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

/** What a server is made with besides. */
export interface TlsServerOptions extends TlsStreamOptions {
  readonly requestCertificate: boolean;
  readonly requireCertificate: boolean;
  /** Of all connections of a configuration, or none of their sessions would be resumed. */
  readonly ticketKeys: Uint8Array;
  /** Certificates that were verified by the authorities of `ca`. */
  readonly verified: VerifiedCertificates;
}

/** What was negotiated. */
export interface NegotiatedTls {
  readonly protocol: string;
  readonly cipher: string;
  readonly alpn: string;
  readonly serverName: string | undefined;
  readonly resumed: boolean;
  /** The peer's certificate (X.509, DER). */
  readonly der: Uint8Array | undefined;
}

/** Octets of the keys of session tickets. */
export const TICKET_KEY_BYTES = 48;

/** New keys of session tickets. */
export function newTicketKeys(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(TICKET_KEY_BYTES));
}

/** Throws Error where certificates or key cannot be used. */
export function checkTlsOptions({ cert, key, ca, ciphers }: TlsStreamOptions): void {
  const { createPrivateKey, X509Certificate } = builtin("node:crypto");
  if (ca !== undefined) new X509Certificate(ca);
  if (cert !== undefined && key !== undefined) {
    const own = new X509Certificate(cert);
    if (!own.checkPrivateKey(createPrivateKey(key))) throw new Error("key does not belong to cert");
  }
  tls().createSecureContext({ cert, key, ca, ciphers } as Tls.SecureContextOptions);
}

/** One side of a TLS connection. */
export class TlsStream {
  private readonly duplex: Stream.Duplex;
  private socket: Tls.TLSSocket | undefined = undefined;
  private isOver = false;
  private isSecure = false;
  /** The peer was asked for a certificate: one of an earlier session is nothing to a server that does not ask. */
  private asks = true;

  /** Begins at once: a client's first ciphertext is passed to `events` soon. */
  constructor(options: TlsClientOptions | TlsServerOptions, private readonly events: TlsStreamEvents) {
    const { Duplex } = builtin("node:stream");
    this.duplex = new Duplex({
      // What is passed on is little, and counted where it comes from.
      highWaterMark: 2 ** 30,
      read: () => {},
      write: (bytes: Uint8Array, _encoding: string, sent: () => void) => events.onCiphertext(bytes, sent),
    });
    this.duplex.on("error", () => {}); // of what was destroyed
    if ("serverName" in options) this.beginClient(options);
    else this.beginServer(options);
  }

  /** Ciphertext came. */
  receive(bytes: Uint8Array): void {
    if (!this.isOver) this.duplex.push(bytes);
  }

  /** The peer's stream ended. */
  receiveEnd(): void {
    if (!this.isOver) this.duplex.push(null);
  }

  /** Encrypts `bytes`, which stay unchanged until `done`. */
  write(bytes: Uint8Array, done: () => void): void {
    if (this.isOver || this.socket === undefined) return done();
    this.socket.write(bytes, done);
  }

  /** Sends close_notify. */
  end(): void {
    this.socket?.end();
  }

  /** Releases everything. */
  destroy(): void {
    this.isOver = true;
    this.socket?.destroy();
    this.duplex.destroy();
  }

  /** The protocol that was negotiated (ALPN), or ""; once it is secure. */
  alpn(): string {
    const protocol = this.socket!.alpnProtocol;
    return typeof protocol === "string" ? protocol : "";
  }

  /** What was negotiated; once it is secure. */
  negotiated(): NegotiatedTls {
    const socket = this.socket!;
    const der = this.asks ? certificateShown(socket) : undefined;
    const { servername } = socket as { servername?: string | false };
    return {
      protocol: socket.getProtocol() ?? "",
      cipher: cipherName(socket.getCipher() as { name: string; standardName?: string }),
      alpn: this.alpn(),
      serverName: typeof servername === "string" && servername !== "" ? servername : undefined,
      resumed: socket.isSessionReused(),
      der: der === undefined ? undefined : new Uint8Array(der),
    };
  }

  private beginClient(options: TlsClientOptions): void {
    const { cert, key, ca, ciphers, protocol, serverName, isAddress, session, onSession, hostRefusal } =
      options;
    const socket = tls().connect({
      socket: this.duplex,
      ...{ cert, key, ca, ciphers, session, minVersion: "TLSv1.2", ALPNProtocols: [protocol] },
      // An address is verified, but never sent as a name (RFC 6066, section 3).
      ...(isAddress ? { host: serverName } : { servername: serverName, host: serverName }),
      rejectUnauthorized: true, // or NODE_TLS_REJECT_UNAUTHORIZED says whether
      checkServerIdentity: (_host: string, { raw }: { raw: Uint8Array }): Error | undefined => {
        const why = hostRefusal(raw);
        return why === undefined ? undefined : new Error(why);
      },
    } as unknown as Tls.ConnectionOptions);
    socket.on("session", (made: Uint8Array) => onSession(made));
    socket.on("secureConnect", () => this.secure());
    this.watch(socket);
  }

  private beginServer(options: TlsServerOptions): void {
    const { cert, key, ca, ciphers, protocol, requestCertificate, requireCertificate, ticketKeys } = options;
    this.asks = requestCertificate;
    // A server of its own for each connection: runtimes have no common way to tell connections of one apart.
    const server = tls().createServer({
      ...{ cert, key, ca, ciphers, ticketKeys, minVersion: "TLSv1.2", ALPNProtocols: [protocol] },
      requestCert: requestCertificate,
      rejectUnauthorized: requestCertificate && requireCertificate,
    } as Tls.TlsOptions);
    server.on("secureConnection", (socket: Tls.TLSSocket) => {
      this.watch(socket);
      const why = requestCertificate ? refusal(socket, options) : undefined;
      if (why !== undefined) this.fail(`the peer's certificate is not accepted: ${why}`);
      else this.secure();
    });
    server.on("tlsClientError", (error: Error) => this.fail(error.message));
    server.emit("connection", this.duplex);
  }

  private watch(socket: Tls.TLSSocket): void {
    this.socket = socket;
    const { events } = this;
    // Not as a Buffer, whose methods differ.
    const plain = ({ buffer, byteOffset, length }: Uint8Array) => new Uint8Array(buffer, byteOffset, length);
    socket.on("data", (bytes: Uint8Array) => events.onPlaintext(plain(bytes)));
    socket.on("end", () => this.ended());
    socket.on("close", () => this.ended());
    socket.on("error", (error: Error & { code?: string }) => this.fail(error.message));
  }

  private secure(): void {
    this.isSecure = true;
    this.events.onSecure();
  }

  private ended(): void {
    if (!this.isSecure) this.fail("the peer closed the connection during the handshake");
    else if (!this.isOver) this.events.onEnd();
  }

  private fail(why: string): void {
    if (!this.isOver) this.events.onFailed(why);
  }
}

function tls(): typeof Tls {
  return builtin("node:tls");
}

function cipherName({ name, standardName }: { name: string; standardName?: string }): string {
  return standardName !== undefined && name.startsWith("TLS_") ? standardName : name;
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

/** The peer's certificate (DER), or undefined where it has shown none. */
function certificateShown(socket: Tls.TLSSocket): Uint8Array | undefined {
  const der = (socket.getPeerCertificate() as { raw?: Uint8Array } | null)?.raw;
  return der === undefined || der.length === 0 ? undefined : der;
}
