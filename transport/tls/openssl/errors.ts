// Why OpenSSL failed, in words.

import { type NativePointer, pointerTo } from "../../../pollers/ffi/library.ts";
import { type OpenSsl, textAt } from "./library.ts";

/** X509_V_OK. */
const VERIFIED = 0;

/** Takes the errors of this thread, and gives the last one's reason; "" where there is none. */
export function takeError(openssl: OpenSsl): string {
  let reason = "";
  for (;;) {
    const code = openssl.ERR_get_error();
    if (code === 0) return reason;
    reason = textAt(openssl.ERR_reason_error_string(code)) || `error ${code.toString(16)}`;
  }
}

/** Why a handshake failed: the certificate's fault where it is one, else the library's last error. */
export function handshakeFailure(openssl: OpenSsl, ssl: NativePointer): string {
  const verified = openssl.SSL_get_verify_result(ssl);
  const reason = takeError(openssl);
  if (verified === VERIFIED || !/certificate verify failed/.test(reason)) return reason || "handshake failed";
  return `the peer's certificate is not accepted: ${textAt(openssl.X509_verify_cert_error_string(verified))}`;
}

/** `address` as a pointer; throws Error with `what` and the library's reason where it is 0. */
export function required(openssl: OpenSsl, address: number, what: string): NativePointer {
  if (address !== 0) return pointerTo(address);
  throw new Error(`${what}: ${takeError(openssl) || "OpenSSL gave no reason"}`);
}
