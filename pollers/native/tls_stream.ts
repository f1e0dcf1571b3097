// TLS by node:tls, which all three runtimes have, over a duplex stream that no socket is behind: whoever uses it moves
// the ciphertext.

import { messageOf } from "../log/describe.ts";
import { builtin } from "./builtin.ts";
import { belongTogether, checkCertificates, checkPrivateKey } from "./certificate.ts";
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

/** Throws Error that says which of certificates and key cannot be used. */
export function checkTlsOptions({ cert, key, ca, ciphers }: TlsStreamOptions): void {
  if (ca !== undefined) checkCertificates("ca", ca);
  if (cert !== undefined && key !== undefined) {
    checkCertificates("cert", cert);
    checkPrivateKey(key);
    if (!belongTogether(cert, key)) throw new Error("key does not belong to cert");
  }
  tls().createSecureContext({ cert, key, ca, ciphers } as Tls.SecureContextOptions);
}

/** Begins the handshake of `stream`, whose ciphertext is that of `duplex`: {@linkcode clientSide}, {@linkcode serverSide}. */
export type TlsSide = (stream: TlsStream, duplex: Stream.Duplex) => void;

/** One side of a TLS connection. */
export class TlsStream {
  private readonly duplex: Stream.Duplex;
  private socket: Tls.TLSSocket | undefined = undefined;
  private isOver = false;
  private isSecure = false;
  /** The peer was asked for a certificate: one of an earlier session is nothing to a server that does not ask. */
  asks = true;
  /** What was negotiated; undefined before it is secure, and where that could not be read. */
  private found: NegotiatedTls | undefined = undefined;

  /** Begins at once, as `side` does: a client's first ciphertext is passed to `events` soon. */
  constructor(side: TlsSide, private readonly events: TlsStreamEvents) {
    const { Duplex } = builtin("node:stream");
    this.duplex = new Duplex({
      // What is passed on is little, and counted where it comes from.
      highWaterMark: 2 ** 30,
      read: () => {},
      write: (bytes: Uint8Array, _encoding: string, sent: () => void) => events.onCiphertext(bytes, sent),
    });
    this.duplex.on("error", () => {}); // of what was destroyed
    side(this, this.duplex);
  }

  /** Ciphertext came. */
  receive(bytes: Uint8Array): void {
    this.push(bytes);
  }

  /** The peer's stream ended. */
  receiveEnd(): void {
    this.push(null);
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

  /** What was negotiated; once it is secure. Throws what the runtime throws where that cannot be read. */
  negotiated(): NegotiatedTls {
    return this.found ??= this.read();
  }

  private read(): NegotiatedTls {
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

  // From its side.

  /** `socket` has the plaintext. */
  watch(socket: Tls.TLSSocket): void {
    this.socket = socket;
    const { events } = this;
    // Not as a Buffer, whose methods differ.
    const plain = ({ buffer, byteOffset, length }: Uint8Array) => new Uint8Array(buffer, byteOffset, length);
    socket.on("data", (bytes: Uint8Array) => events.onPlaintext(plain(bytes)));
    socket.on("end", () => this.ended());
    socket.on("close", () => this.ended());
    socket.on("error", (error: Error & { code?: string }) => this.fail(error.message));
  }

  /** The handshake is complete, and the peer was verified. */
  secure(): void {
    this.isSecure = true;
    this.keepNegotiated();
    this.events.onSecure();
  }

  /** At once: Bun forgets it with the peer's close_notify, which may come together with the end of the handshake. */
  private keepNegotiated(): void {
    try {
      this.negotiated();
    } catch {
      // Whoever asks for it is told.
    }
  }

  /** There is no secure connection, or no longer. */
  fail(why: string): void {
    if (!this.isOver) this.events.onFailed(why);
  }

  /**
   * What the runtime's TLS throws while it takes this ends the connection: Deno's does so of a certificate in the peer's
   * chain that is none.
   */
  private push(bytes: Uint8Array | null): void {
    if (this.isOver) return;
    try {
      this.duplex.push(bytes);
    } catch (thrown) {
      this.fail(`what the peer sent cannot be read: ${messageOf(thrown)}`);
    }
  }

  private ended(): void {
    if (!this.isSecure) this.fail("the peer closed the connection during the handshake");
    else if (!this.isOver) this.events.onEnd();
  }
}

/** The module. */
export function tls(): typeof Tls {
  return builtin("node:tls");
}

function cipherName({ name, standardName }: { name: string; standardName?: string }): string {
  return standardName !== undefined && name.startsWith("TLS_") ? standardName : name;
}

/** The peer's certificate (DER), or undefined where it has shown none. */
export function certificateShown(socket: Tls.TLSSocket): Uint8Array | undefined {
  const der = (socket.getPeerCertificate() as { raw?: Uint8Array } | null)?.raw;
  return der === undefined || der.length === 0 ? undefined : der;
}
