// What one side of one TLS connection is to the endpoint above it, whichever library does the cryptography.
//
// A session does no I/O: ciphertext that came goes in by `receive`, ciphertext to be sent is fetched by `transmit`, and
// plaintext is written and read. So it runs over every engine, the simulated one too.

import type { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import type { ConnectionSecurity } from "./security.ts";

/**
 * How far a session is.
 *
 * - "handshaking": no plaintext yet.
 * - "open": plaintext goes both ways.
 * - "closed": the peer has sent close_notify (RFC 8446, section 6.1); nothing more comes from it.
 * - "truncated": the peer's stream ended without close_notify, so an attacker may have cut it.
 * - "failed": {@linkcode TlsSession.failure} says why; what `transmit` then gives is the alert.
 */
export type TlsState = "handshaking" | "open" | "closed" | "truncated" | "failed";

/** One side of a TLS connection. */
export interface TlsSession {
  /** How far it is. It becomes an end only once all plaintext that came before was read. */
  readonly state: TlsState;
  /** Why it failed, as a part of a sentence: "certificate has expired". */
  readonly failure: string;
  /** What goes in comes out later, and is announced by {@linkcode OnProgress}: a provider that works by events. */
  readonly isAsynchronous: boolean;
  /**
   * Plaintext was written that is not ciphertext yet. Of a provider that does not work by events it is once the rest of a
   * message of the library's own, which has begun to come, was received; `transmit` looks for it.
   */
  readonly isEncrypting: boolean;
  /** Takes ciphertext that came from the peer, and empties `data`, whose views it keeps until `read` gives nothing. */
  receive(data: SliceBuffer): void;
  /** The peer's stream ended: without close_notify before it, it was truncated. */
  receiveEnd(): void;
  /** Appends what is to be sent to the peer; what it gave before was sent. */
  transmit(into: SliceBuffer): void;
  /**
   * Appends plaintext that came, at most about 64 KiB at a time; its size is 0 where there is none now. `lend`: it is the
   * session's again with the next `read`, and may be more.
   */
  read(into: SliceBuffer, lend: boolean): void;
  /** Encrypts all of `data`, and empties it. Only while it is "open" or "closed". */
  write(data: SliceBuffer): void;
  /** Ends this side: `transmit` gives its close_notify. Without effect in a handshake. */
  close(): void;
  /** The protocol that was negotiated (ALPN), or ""; once the handshake is complete. */
  alpn(): string;
  /** What the handshake established; once it is complete. */
  security(): ConnectionSecurity;
  /** It keeps memory that large messages took. */
  readonly hasGrown: boolean;
  /** Gives that back, unless there were others since it was asked last. Whether it keeps none any more. */
  trim(): boolean;
  /** Releases what it holds; not while one of its methods runs. Idempotent. */
  release(): void;
}

/** Called by a provider that works by events when a session's state, plaintext or ciphertext changed by itself. */
export type OnProgress = () => void;
