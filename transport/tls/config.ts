// What TLS contexts are made from, and what makes them: the seam of the providers.

import type { Instant, ProbeResult } from "../../pollers/contract/engine.ts";
import type { ConnectionSecurity } from "./security.ts";
import type { OnProgress, TlsSession } from "./session.ts";

/** A certificate with those that lead from it to the CA, and its private key: both PEM. */
export interface KeyPair {
  /** The certificate first, then its chain. */
  readonly cert: string;
  /** The private key; not encrypted. */
  readonly key: string;
}

/** What a client's context is made from. */
export interface TlsClientConfig {
  /** Certificates of the authorities that may vouch for a server, PEM. Default: the system's. */
  readonly ca?: string;
  /** What this client shows where a server asks for it. */
  readonly identity?: KeyPair;
}

/** What a server's context is made from. */
export interface TlsServerConfig {
  /** What this server shows. */
  readonly identity: KeyPair;
  /** Certificates of the authorities that may vouch for a client, PEM. Default: clients are asked for none. */
  readonly clientCa?: string;
  /** Whether a client must show a certificate, where `clientCa` is given. */
  readonly requireClientCertificate: boolean;
}

/** Immutable: what connections of one configuration share. Those that were begun keep it. */
export interface TlsContext {
  /**
   * Begins a connection. `serverName` is the host that a server's certificate must be for, a name or an IP address;
   * servers pass undefined. `onProgress` is called on no caller's stack.
   */
  begin(serverName: string | undefined, onProgress: OnProgress): TlsSession;
  /** No connection begins any more. */
  release(): void;
}

/** A library that does the cryptography, as clients know it. */
export interface ClientTlsProvider {
  /** "openssl" or "node". */
  readonly name: string;
  /** It works by events of the runtime's loop, which stands still while a thread blocks. */
  readonly isAsynchronous: boolean;
  /** Whether it can be used here. */
  probe(): ProbeResult;
  /**
   * A context for clients.
   *
   * @throws {Error} that says which part of `config` cannot be used, and why
   */
  clientContext(config: TlsClientConfig): TlsContext;
}

/** A library that does the cryptography of both sides. */
export interface TlsProvider extends ClientTlsProvider {
  /**
   * A context for servers.
   *
   * @throws {Error} as `clientContext`
   */
  serverContext(config: TlsServerConfig): TlsContext;
}

/** What the application says of a peer whose certificate is accepted. */
export interface PeerCheck {
  /** Why the connection is refused, as a part of a sentence; undefined where it is not. Does not throw. */
  refuses(security: ConnectionSecurity): string | undefined;
}

/** How the connections of one channel are secured. */
export interface ConnectSecurity {
  /** See {@linkcode TlsProvider}. */
  readonly isAsynchronous: boolean;
  /** What else is checked of the server of the connection that began last. */
  readonly check?: PeerCheck | undefined;
  /** Begins a connection, with what is configured `now`, an instant of the engine's clock. */
  begin(now: Instant, onProgress: OnProgress): TlsSession;
}

/** How the connections of one server are secured. */
export interface AcceptSecurity {
  /** See {@linkcode TlsProvider}. */
  readonly isAsynchronous: boolean;
  /** What else is checked of the client of the connection that began last. */
  readonly check?: PeerCheck | undefined;
  /** Begins a connection, with what is configured `now` for the name that the client asks for. */
  begin(serverName: string | undefined, now: Instant, onProgress: OnProgress): TlsSession;
}
