// Sessions that a client may resume (RFC 8446, section 2.2): the last one of each server name.

import { type NativePointer, pointerTo } from "../../../pollers/ffi/library.ts";
import { Held, hold, letGo } from "./holdings.ts";
import type { OpenSsl } from "./library.ts";

/** Servers whose sessions are kept. */
const MOST_SERVERS = 64;

/** One of the library's, and its place: see `hold`. */
interface Resumable {
  readonly session: NativePointer;
  readonly place: number;
}

/** The sessions of one client context. */
export class ResumableSessions {
  private readonly sessions = new Map<string, Resumable>();
  private closed = false;

  /** None yet. */
  constructor(private readonly openssl: OpenSsl) {}

  /** Offers the session of `serverName` in the handshake of `ssl`, where there is one. */
  offer(ssl: NativePointer, serverName: string): void {
    const known = this.sessions.get(serverName);
    if (known !== undefined) this.openssl.SSL_set_session(ssl, known.session);
  }

  /** Keeps the session of `ssl`, which is over, if it may be resumed. */
  keep(ssl: NativePointer, serverName: string): void {
    const address = this.openssl.SSL_get1_session(ssl);
    if (address === 0) return;
    const session = pointerTo(address);
    if (this.closed || this.openssl.SSL_SESSION_is_resumable(session) !== 1) {
      return this.openssl.SSL_SESSION_free(session);
    }
    this.drop(serverName);
    this.sessions.set(serverName, { session, place: hold(Held.SESSION, address) });
    if (this.sessions.size > MOST_SERVERS) this.drop(this.sessions.keys().next().value as string);
  }

  /** Releases all, and keeps none from here on. */
  clear(): void {
    this.closed = true;
    for (const name of [...this.sessions.keys()]) this.drop(name);
  }

  /** Offers what there is for `serverName` no further. */
  drop(serverName: string): void {
    const known = this.sessions.get(serverName);
    if (known === undefined) return;
    this.sessions.delete(serverName);
    letGo(known.place);
    this.openssl.SSL_SESSION_free(known.session);
  }
}
