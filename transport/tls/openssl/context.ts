// A context of OpenSSL: certificates, keys, and what connections of this library speak (TLS 1.3, and 1.2 by the rules of
// RFC 9113, section 9.2).

import { type NativePointer, pointerTo } from "../../../pollers/ffi/library.ts";
import type { KeyPair, TlsClientConfig, TlsContext, TlsProvider, TlsServerConfig } from "../config.ts";
import { TLS12_CIPHERS } from "../ciphers.ts";
import type { TlsSession } from "../session.ts";
import { required, takeError } from "./errors.ts";
import { Held, hold, letGo } from "./holdings.ts";
import { cString, H2_OFFER, h2Chooser, openOpenSsl, type OpenSsl, steadyBytes } from "./library.ts";
import { ResumableSessions } from "./resumable_sessions.ts";
import { OpenSslSession } from "./session.ts";

// Controls and flags of <openssl/ssl.h>.
const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
const SSL_SESS_CACHE_OFF = 0;
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const TLS1_2_VERSION = 0x0303;
const SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER = 2;
const SSL_MODE_RELEASE_BUFFERS = 0x10;
const SSL_OP_NO_COMPRESSION = 2 ** 17;
const SSL_OP_CIPHER_SERVER_PREFERENCE = 2 ** 22;
const SSL_OP_NO_RENEGOTIATION = 2 ** 30;
const SSL_VERIFY_NONE = 0;
const SSL_VERIFY_PEER = 1;
const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;
/** An authority that is trusted need not be a root: as to gRPC's core, Go and rustls. */
const X509_V_FLAG_PARTIAL_CHAIN = 0x80000;

/** What of a context is OpenSSL's. */
interface Owned {
  readonly openssl: OpenSsl;
  readonly context: NativePointer;
  readonly sessions: ResumableSessions | undefined;
  readonly place: number;
}

/**
 * Credentials are not closed, and each may be used again: whose context nobody has any more, gives its memory back. With the
 * system's authorities that is 840 KB.
 */
const forgotten = /* @__PURE__ */ new FinalizationRegistry<Owned>(free);

/** Connections have references of their own. */
function free({ openssl, context, sessions, place }: Owned): void {
  sessions?.clear();
  letGo(place);
  openssl.SSL_CTX_free(context);
}

/** A context for clients or for servers. It is released when it is collected, where it was not before. */
export class OpenSslContext implements TlsContext {
  private readonly context: NativePointer;
  /** Of {@linkcode hold}. */
  private readonly place: number;
  /** Of a client. */
  private readonly sessions: ResumableSessions | undefined = undefined;
  private released = false;

  /** Throws Error where the certificates or the key cannot be used. */
  constructor(private readonly openssl: OpenSsl, config: TlsClientConfig | TlsServerConfig) {
    const isServer = "requireClientCertificate" in config;
    const method = isServer ? openssl.TLS_server_method() : openssl.TLS_client_method();
    const address = openssl.SSL_CTX_new(pointerTo(method));
    this.context = required(openssl, address, "cannot make a TLS context");
    this.setProtocol(isServer);
    try {
      if (isServer) this.configureServer(config);
      else this.configureClient(config);
    } catch (error) {
      openssl.SSL_CTX_free(this.context);
      throw error;
    }
    openssl.ERR_clear_error(); // what is left of reading PEM would be taken for a connection's
    if (!isServer) this.sessions = new ResumableSessions(openssl);
    this.place = hold(Held.CONTEXT, address);
    forgotten.register(this, this.owned, this);
  }

  begin(serverName: string | undefined): TlsSession {
    if (this.released) throw new TypeError("Cannot begin a TLS session: its context was released");
    return new OpenSslSession(this.openssl, this.context, serverName, this.sessions);
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    forgotten.unregister(this);
    free(this.owned);
  }

  private get owned(): Owned {
    const { openssl, context, sessions, place } = this;
    return { openssl, context, sessions, place };
  }

  private setProtocol(isServer: boolean): void {
    const { openssl, context } = this;
    openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, null);
    openssl.SSL_CTX_ctrl(
      context,
      SSL_CTRL_MODE,
      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS,
      null,
    );
    openssl.SSL_CTX_set_options(
      context,
      SSL_OP_NO_COMPRESSION + SSL_OP_CIPHER_SERVER_PREFERENCE + SSL_OP_NO_RENEGOTIATION,
    );
    openssl.SSL_CTX_set_cipher_list(context, cString(TLS12_CIPHERS));
    if (isServer) return openssl.SSL_CTX_set_alpn_select_cb(context, h2Chooser(), null);
    const offer = steadyBytes();
    offer.set(H2_OFFER);
    openssl.SSL_CTX_set_alpn_protos(context, offer, H2_OFFER.length);
  }

  private configureClient({ ca, identity }: TlsClientConfig): void {
    const { openssl, context } = this;
    openssl.SSL_CTX_set_verify(context, SSL_VERIFY_PEER, null);
    if (ca === undefined) openssl.SSL_CTX_set_default_verify_paths(context);
    else this.trust(ca, "ca");
    if (identity !== undefined) this.use(identity);
  }

  private configureServer({ identity, clientCa, requireClientCertificate }: TlsServerConfig): void {
    const { openssl, context } = this;
    this.use(identity);
    let verify = SSL_VERIFY_NONE;
    if (clientCa !== undefined) {
      this.trust(clientCa, "clientCa");
      verify = SSL_VERIFY_PEER | (requireClientCertificate ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    }
    openssl.SSL_CTX_set_verify(context, verify, null);
    // Sessions are in tickets, which clients keep: 20,480 of clients of TLS 1.2 without tickets are 110 MB.
    openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, null);
    // Without it no session of a client with a certificate would be resumed.
    openssl.SSL_CTX_set_session_id_context(context, cString("pollwire"), 8);
  }

  /** The certificate, its chain and its key. */
  private use({ cert, key }: KeyPair): void {
    const { openssl, context } = this;
    const [own, ...chain] = this.certificates(cert, "cert");
    let isUsed = openssl.SSL_CTX_use_certificate(context, own!) === 1;
    openssl.X509_free(own!);
    for (const one of chain) { // which the context takes over, or refuses
      isUsed &&= openssl.SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 0, one) === 1;
      if (!isUsed) openssl.X509_free(one);
    }
    if (!isUsed) throw new Error(`cert cannot be used: ${takeError(openssl)}`);
    const bio = this.memory(key);
    const noPassphrase = steadyBytes(); // else OpenSSL asks for one at the terminal
    const read = openssl.PEM_read_bio_PrivateKey(bio.pointer, null, null, noPassphrase);
    openssl.BIO_free(bio.pointer);
    const what = `key is no private key in PEM that is not encrypted${
      foundIn(key)
    } ("openssl pkey" writes keys so)`;
    const privateKey = required(openssl, read, what);
    const used = openssl.SSL_CTX_use_PrivateKey(context, privateKey);
    openssl.EVP_PKEY_free(privateKey);
    if (used !== 1 || openssl.SSL_CTX_check_private_key(context) !== 1) {
      throw new Error(`key does not belong to cert: ${takeError(openssl)}`);
    }
  }

  /** Authorities that may vouch for peers. */
  private trust(pem: string, what: string): void {
    const { openssl, context } = this;
    const store = pointerTo(openssl.SSL_CTX_get_cert_store(context));
    openssl.X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
    for (const certificate of this.certificates(pem, what)) {
      openssl.X509_STORE_add_cert(store, certificate);
      openssl.X509_free(certificate);
    }
    openssl.ERR_clear_error(); // of one that is there twice
  }

  /** The certificates of `pem`, at least one, which the caller frees. Throws Error where there is none. */
  private certificates(pem: string, what: string): NativePointer[] {
    const { openssl } = this;
    const bio = this.memory(pem);
    const found: NativePointer[] = [];
    for (;;) {
      const address = openssl.PEM_read_bio_X509(bio.pointer, null, null, null);
      if (address === 0) break;
      found.push(pointerTo(address));
    }
    openssl.BIO_free(bio.pointer);
    const reason = takeError(openssl);
    if (found.length > 0 && /no start line/.test(reason)) return found;
    for (const certificate of found) openssl.X509_free(certificate);
    throw new Error(`${what} has no certificate in PEM, or a broken one${foundIn(pem)}: ${reason}`);
  }

  /** A BIO that reads `text`; `bytes` must live as long. */
  private memory(text: string): { readonly pointer: NativePointer; readonly bytes: Uint8Array } {
    const bytes = cString(text);
    const bio = this.openssl.BIO_new(pointerTo(this.openssl.BIO_s_mem()));
    const pointer = required(this.openssl, bio, "cannot read PEM");
    this.openssl.BIO_write(pointer, bytes, new TextEncoder().encode(text).length);
    return { pointer, bytes };
  }
}

/** Kinds of PEM that a message lists. */
const MOST_SHOWN = 5;

/** What `pem` says that it has. */
function foundIn(pem: string): string {
  const kinds = new Set(Array.from(pem.matchAll(/-----BEGIN ([A-Z0-9 ]{1,30})-----/g), ([, kind]) => kind));
  kinds.delete("CERTIFICATE");
  return kinds.size === 0 ? "" : `, but ${[...kinds].slice(0, MOST_SHOWN).join(", ")}`;
}

/** Whether there is an OpenSSL here. */
export function probeOpenSsl(): ReturnType<TlsProvider["probe"]> {
  const opened = openOpenSsl();
  return opened.ok ? { usable: true } : { usable: false, because: opened.because };
}

/** A context of either side; throws Error where OpenSSL or `config` cannot be used. */
export function openSslContext(config: ConstructorParameters<typeof OpenSslContext>[1]): OpenSslContext {
  const opened = openOpenSsl();
  if (opened.ok) return new OpenSslContext(opened.openssl, config);
  throw new Error(`OpenSSL cannot be used: ${opened.because}`);
}
