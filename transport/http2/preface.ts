// The client preface (RFC 9113, section 3.4), as a server checks it.

import { ErrorCode, Http2Error } from "./error.ts";
import { CLIENT_PREFACE, isTlsRecord } from "./frames.ts";

/** What a proxy sends before all else where it speaks the PROXY protocol of HAProxy, in words or in octets. */
const PROXY_PROTOCOL = /^(PROXY |\r\n\r\n\0\r\nQUIT\n)/;

/** Is told that a client does not speak HTTP/2. */
export interface PrefaceOwner {
  /** The client broke a rule of framing. */
  abort(error: Http2Error): void;
}

/** What is still to come of one client's preface. */
export class Preface {
  /** Octets. */
  left: number = CLIENT_PREFACE.length;

  /** Checks the preface as it arrives; gives where it ends. */
  take(bytes: Uint8Array, owner: PrefaceOwner): number {
    const seen = CLIENT_PREFACE.length - this.left;
    const taken = Math.min(bytes.length, this.left);
    for (let i = 0; i < taken; i++) {
      if (bytes[i] === CLIENT_PREFACE.charCodeAt(seen + i)) continue;
      const reason = this.left === CLIENT_PREFACE.length && isTlsRecord(bytes, 0)
        ? "client speaks TLS, and this server is plaintext: give it credentials for TLS"
        : unexpected(String.fromCharCode(...bytes.subarray(0, 24)));
      owner.abort(new Http2Error("connection", ErrorCode.PROTOCOL_ERROR, "library", reason));
      return bytes.length;
    }
    this.left -= taken;
    return taken;
  }
}

function unexpected(found: string): string {
  const before = PROXY_PROTOCOL.test(found)
    ? "a proxy speaks the PROXY protocol to this server, which does not read it: switch it off there; "
    : "";
  return `${before}expected the HTTP/2 client preface, found ${JSON.stringify(found)}`;
}
