// One TLS connection by node:tls. It works by events of the runtime's loop: what goes in comes out some time later.

import { inetAddress } from "../../../pollers/contract/address.ts";
import type { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { certificateOf } from "../../../pollers/native/certificate.ts";
import { type TlsSide, TlsStream, type TlsStreamEvents } from "../../../pollers/native/tls_stream.ts";
import type { ConnectionSecurity } from "../security.ts";
import type { OnProgress, TlsSession, TlsState } from "../session.ts";

/** Whether `host` is an address, not a name. */
export function isAddress(host: string): boolean {
  return inetAddress(host, 0) !== undefined;
}

/** One side of a connection. */
export class NodeTlsSession implements TlsSession, TlsStreamEvents {
  readonly isAsynchronous = true;
  readonly hasGrown = false;
  failure = "";
  private reached: TlsState = "handshaking";
  private end: "closed" | "failed" | undefined = undefined;
  private readonly plaintext: Uint8Array[] = [];
  private ciphertext: Uint8Array | undefined = undefined;
  /** Tells the stream that the ciphertext which was fetched last has been sent. */
  private sent: (() => void) | undefined = undefined;
  private encrypting = 0;
  /** One of the methods below runs: whoever called it looks at what has changed. */
  private isCalled = false;
  private readonly stream: TlsStream;
  private readonly onEncrypted = (): void => {
    this.encrypting--;
    this.changed();
  };

  /** Begins at once. */
  constructor(side: TlsSide, private readonly onProgress: OnProgress) {
    this.isCalled = true;
    this.stream = new TlsStream(side, this);
    this.isCalled = false;
  }

  get state(): TlsState {
    if (this.end === undefined || (this.reached === "open" && this.plaintext.length > 0)) return this.reached;
    return this.end;
  }

  get isEncrypting(): boolean {
    return this.encrypting > 0;
  }

  receive(data: SliceBuffer): void {
    this.isCalled = true;
    for (const slice of data.slices) this.stream.receive(slice);
    this.isCalled = false;
    data.clear();
  }

  receiveEnd(): void {
    // Of an end within the handshake runtimes say nothing.
    if (this.reached === "handshaking") this.onFailed("the peer closed the connection during the handshake");
    this.isCalled = true;
    this.stream.receiveEnd();
    this.isCalled = false;
  }

  transmit(into: SliceBuffer): void {
    // What was fetched before is sent, or this would not be asked for.
    if (this.ciphertext === undefined) {
      const { sent } = this;
      this.sent = undefined;
      this.isCalled = true;
      sent?.();
      this.isCalled = false;
    }
    if (this.ciphertext === undefined) return;
    into.append(this.ciphertext);
    this.ciphertext = undefined;
  }

  read(into: SliceBuffer): void {
    for (const bytes of this.plaintext) into.append(bytes);
    this.plaintext.length = 0;
  }

  write(data: SliceBuffer): void {
    this.encrypting++;
    const bytes = data.join();
    data.clear();
    this.isCalled = true;
    this.stream.write(bytes, this.onEncrypted);
    this.isCalled = false;
  }

  close(): void {
    this.isCalled = true;
    if (this.state === "open" || this.state === "closed") this.stream.end();
    this.isCalled = false;
  }

  alpn(): string {
    return this.stream.alpn();
  }

  security(): ConnectionSecurity {
    const { der, ...negotiated } = this.stream.negotiated();
    return { ...negotiated, peerCertificate: der === undefined ? undefined : certificateOf(der) };
  }

  /** What it keeps is the runtime's. */
  trim(): boolean {
    return true;
  }

  release(): void {
    this.isCalled = true;
    this.stream.destroy();
  }

  /** From the stream. */
  onSecure(): void {
    this.reached = "open";
    this.changed();
  }

  /** From the stream. */
  onPlaintext(bytes: Uint8Array): void {
    this.plaintext.push(bytes);
    this.changed();
  }

  /** From the stream. */
  onEnd(): void {
    this.end ??= "closed";
    this.changed();
  }

  /** From the stream. */
  onFailed(why: string): void {
    this.end ??= "failed";
    this.failure ||= why;
    this.changed();
  }

  /** From the stream. */
  onCiphertext(bytes: Uint8Array, sent: () => void): void {
    this.ciphertext = bytes;
    this.sent = sent;
    this.changed();
  }

  private changed(): void {
    if (!this.isCalled) this.onProgress();
  }
}
