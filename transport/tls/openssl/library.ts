// The functions of OpenSSL 3 that are used, and the constants that go with them.

import {
  nativeCallback,
  type NativeFunctions,
  type NativePointer,
  openLibrary,
  viewMemory,
} from "../../../pollers/ffi/library.ts";
import { addressOf } from "../../../pollers/ffi/library.ts";

/** One word a kind of parameter keeps the table below readable. */
const [P, I, B, A] = ["pointer", "i32", "buffer", "address"] as const;

const SIGNATURES = {
  BIO_ctrl_pending: { parameters: [P], result: "i32" },
  BIO_free: { parameters: [P], result: "i32" },
  BIO_new: { parameters: [P], result: "address" },
  BIO_read: { parameters: [P, B, I], result: "i32" },
  BIO_s_mem: { parameters: [], result: "address" },
  BIO_write: { parameters: [P, B, I], result: "i32" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_get_error: { parameters: [], result: "u32" },
  ERR_peek_last_error: { parameters: [], result: "u32" },
  ERR_reason_error_string: { parameters: [A], result: "address" },
  EVP_PKEY_free: { parameters: [P], result: "void" },
  OpenSSL_version_num: { parameters: [], result: "u32" },
  PEM_read_bio_PrivateKey: { parameters: [P, P, P, B], result: "address" },
  PEM_read_bio_X509: { parameters: [P, P, P, P], result: "address" },
  SSL_CIPHER_get_name: { parameters: [P], result: "address" },
  SSL_CTX_check_private_key: { parameters: [P], result: "i32" },
  SSL_CTX_ctrl: { parameters: [P, I, "i64", P], result: "i32" },
  SSL_CTX_free: { parameters: [P], result: "void" },
  SSL_CTX_get_cert_store: { parameters: [P], result: "address" },
  SSL_CTX_new: { parameters: [P], result: "address" },
  SSL_CTX_set_alpn_protos: { parameters: [P, B, "u32"], result: "i32" },
  SSL_CTX_set_alpn_select_cb: { parameters: [P, P, P], result: "void" },
  SSL_CTX_set_cipher_list: { parameters: [P, B], result: "i32" },
  SSL_CTX_set_default_verify_paths: { parameters: [P], result: "i32" },
  SSL_CTX_set_options: { parameters: [P, "i64"], result: "void" },
  SSL_CTX_set_session_id_context: { parameters: [P, B, "u32"], result: "i32" },
  SSL_CTX_set_verify: { parameters: [P, I, P], result: "void" },
  SSL_CTX_use_PrivateKey: { parameters: [P, P], result: "i32" },
  SSL_CTX_use_certificate: { parameters: [P, P], result: "i32" },
  SSL_SESSION_free: { parameters: [P], result: "void" },
  SSL_SESSION_is_resumable: { parameters: [P], result: "i32" },
  SSL_ctrl: { parameters: [P, I, "i64", B], result: "i32" },
  SSL_free: { parameters: [P], result: "void" },
  SSL_get0_alpn_selected: { parameters: [P, B, B], result: "void" },
  SSL_get0_param: { parameters: [P], result: "address" },
  SSL_get1_peer_certificate: { parameters: [P], result: "address" },
  SSL_get1_session: { parameters: [P], result: "address" },
  SSL_get_current_cipher: { parameters: [P], result: "address" },
  SSL_get_error: { parameters: [P, I], result: "i32" },
  SSL_get_servername: { parameters: [P, I], result: "address" },
  SSL_get_verify_result: { parameters: [P], result: "i32" },
  SSL_get_version: { parameters: [P], result: "address" },
  SSL_is_init_finished: { parameters: [P], result: "i32" },
  SSL_new: { parameters: [P], result: "address" },
  SSL_read: { parameters: [P, B, I], result: "i32" },
  SSL_session_reused: { parameters: [P], result: "i32" },
  SSL_set1_host: { parameters: [P, B], result: "i32" },
  SSL_set_accept_state: { parameters: [P], result: "void" },
  SSL_set_bio: { parameters: [P, P, P], result: "void" },
  SSL_set_connect_state: { parameters: [P], result: "void" },
  SSL_set_hostflags: { parameters: [P, "u32"], result: "void" },
  SSL_set_session: { parameters: [P, P], result: "i32" },
  SSL_shutdown: { parameters: [P], result: "i32" },
  SSL_write: { parameters: [P, B, I], result: "i32" },
  TLS_client_method: { parameters: [], result: "address" },
  TLS_server_method: { parameters: [], result: "address" },
  X509_STORE_add_cert: { parameters: [P, P], result: "i32" },
  X509_STORE_set_flags: { parameters: [P, "i64"], result: "i32" },
  X509_VERIFY_PARAM_set1_ip_asc: { parameters: [P, B], result: "i32" },
  X509_free: { parameters: [P], result: "void" },
  X509_verify_cert_error_string: { parameters: ["i64"], result: "address" },
  i2d_X509: { parameters: [P, B], result: "i32" },
  // It calls back, so it has no result here; see nativeCallback.
  SSL_do_handshake: { parameters: [P], result: "void" },
} as const;

/** The functions by their names. */
export type OpenSsl = NativeFunctions<typeof SIGNATURES>;

/** Names of the library of OpenSSL 3, where the system's loader may find it. */
const NAMES = ["libssl.so.3", "libssl.3.dylib", "libssl-3-x64.dll"];

const OLDEST_VERSION = 0x30000000;

/** The library, or a sentence that says why there is none. */
export type OpenedOpenSsl = { readonly ok: true; readonly openssl: OpenSsl } | {
  readonly ok: false;
  readonly because: string;
};

let opened: OpenedOpenSsl | undefined = undefined;

/** Opens the library at its first use; it stays open. */
export function openOpenSsl(): OpenedOpenSsl {
  return opened ??= open();
}

function open(): OpenedOpenSsl {
  const library = openLibrary(NAMES, SIGNATURES);
  if (!library.ok) return library;
  const version = library.functions.OpenSSL_version_num();
  if (version >= OLDEST_VERSION) {
    h2Chooser(); // with the library, which also stays open
    return { ok: true, openssl: library.functions };
  }
  library.close();
  return {
    ok: false,
    because: `the OpenSSL that was found has version 0x${version.toString(16)}, older than 3.0`,
  };
}

const UTF8 = new TextDecoder();

/** Longest text that is read from the library. */
const MOST_TEXT_BYTES = 256;

/** The text at `address`, which ends with a NUL; "" where there is none. */
export function textAt(address: number): string {
  if (address === 0) return "";
  // A view may reach beyond the end of what is mapped, so the end is looked for before more is viewed than a page has.
  const room = Math.min(MOST_TEXT_BYTES, 4_096 - address % 4_096);
  let bytes = new Uint8Array(viewMemory(address, room));
  if (!bytes.includes(0)) bytes = new Uint8Array(viewMemory(address, MOST_TEXT_BYTES));
  const end = bytes.indexOf(0);
  return UTF8.decode(bytes.slice(0, end < 0 ? bytes.length : end));
}

const UTF8_ENCODER = /* @__PURE__ */ new TextEncoder();

/** Small arrays move on Bun once their buffer is touched; this many bytes stay. */
const STEADY_BYTES = 4_096;

/** `text` with a NUL at its end, as C has it. */
export function cString(text: string): Uint8Array {
  const bytes = UTF8_ENCODER.encode(text);
  const terminated = new Uint8Array(Math.max(STEADY_BYTES, bytes.length + 1));
  terminated.set(bytes);
  return terminated;
}

/** Memory that stays where it is, for results by address. */
export function steadyBytes(): Uint8Array {
  return new Uint8Array(STEADY_BYTES);
}

/** SSL_TLSEXT_ERR_OK and SSL_TLSEXT_ERR_ALERT_FATAL. */
const [ALPN_CHOSEN, ALPN_REFUSED] = [0, 2];

/** "h2" as ALPN offers it: its length, then its octets. */
export const H2_OFFER = [2, 0x68, 0x32];

let chooser: NativePointer | undefined = undefined;

/** The callback by which a server chooses "h2" of the protocols that a client offers (RFC 7301). */
export function h2Chooser(): NativePointer {
  if (chooser !== undefined) return chooser;
  const chosen = steadyBytes();
  chosen.set(H2_OFFER.slice(1));
  const chosenAt = addressOf(chosen);
  kept.push(chosen);
  const choose = (_ssl: number, out: number, outLength: number, offers: number, length: number): number => {
    if (!offersH2(new Uint8Array(viewMemory(offers, length)))) return ALPN_REFUSED;
    new DataView(viewMemory(out, 8)).setBigUint64(0, BigInt(chosenAt), true);
    new DataView(viewMemory(outLength, 1)).setUint8(0, 2);
    return ALPN_CHOSEN;
  };
  const parameters = ["address", "address", "address", "address", "u32", "address"] as const;
  return chooser = nativeCallback({ parameters, result: "i32" }, choose);
}

/** What native code points to. */
const kept: Uint8Array[] = [];

function offersH2(offers: Uint8Array): boolean {
  for (let at = 0; at < offers.length; at += 1 + offers[at]!) {
    if (H2_OFFER.every((octet, i) => offers[at + i] === octet)) return true;
  }
  return false;
}
