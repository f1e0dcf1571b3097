// Server credentials as grpc-js has them, and as this library's servers take them.

import type { Buffer } from "../../../pollers/native/node_classes.ts";
import { ServerCredentials as WireCredentials } from "../../credentials/server_credentials.ts";
import { type Insecure, insecure } from "../../credentials/insecure.ts";
import { EVERY_TLS_LIBRARY } from "../../credentials/every_tls_library.ts";

/** A certificate and its key, PEM. */
export interface KeyCertPair {
  /** The key. */
  private_key: Buffer;
  /** The certificate, and those that lead to its authority. */
  cert_chain: Buffer;
}

/** How a server's connections are secured. */
export abstract class ServerCredentials {
  /** Whether connections are TLS. */
  abstract _isSecure(): boolean;

  /** Whether `other` are the same. */
  abstract _equals(other: ServerCredentials): boolean;

  /** Plaintext. */
  static createInsecure(): ServerCredentials {
    return new InsecureServerCredentials();
  }

  /**
   * TLS. `rootCerts` vouch for clients, which must have a certificate where `checkClientCertificate`.
   *
   * @throws {TypeError} for arguments of a wrong type
   * @throws {Error} for what cannot be used
   */
  static createSsl(
    rootCerts: Buffer | null,
    keyCertPairs: KeyCertPair[],
    checkClientCertificate: boolean = false,
  ): ServerCredentials {
    if (rootCerts !== null && !((rootCerts as unknown) instanceof Uint8Array)) {
      throw new TypeError("rootCerts must be null or a Buffer");
    }
    if (!Array.isArray(keyCertPairs)) throw new TypeError("keyCertPairs must be an array");
    if (typeof checkClientCertificate !== "boolean") {
      throw new TypeError("checkClientCertificate must be a boolean");
    }
    keyCertPairs.forEach((pair, at) => checkPair(pair, at));
    return new SslServerCredentials(rootCerts, keyCertPairs, checkClientCertificate);
  }
}

function checkPair(pair: KeyCertPair, at: number): void {
  if (pair === null || typeof pair !== "object") throw new TypeError(`keyCertPair[${at}] must be an object`);
  for (const name of ["private_key", "cert_chain"] as const) {
    if ((pair[name] as unknown) instanceof Uint8Array) continue;
    throw new TypeError(`keyCertPair[${at}].${name} must be a Buffer`);
  }
}

class InsecureServerCredentials extends ServerCredentials {
  override _isSecure(): boolean {
    return false;
  }

  override _equals(other: ServerCredentials): boolean {
    return other instanceof InsecureServerCredentials;
  }
}

class SslServerCredentials extends ServerCredentials {
  readonly adapted: WireCredentials | undefined;

  constructor(
    private readonly rootCerts: Buffer | null,
    private readonly pairs: readonly KeyCertPair[],
    private readonly asksClients: boolean,
  ) {
    super();
    const [first, ...more] = pairs.map(({ private_key: key, cert_chain: cert }) => ({ key, cert }));
    if (first === undefined) return;
    this.adapted = new WireCredentials({
      ...first,
      more,
      ...(rootCerts === null ? {} : { clientCa: rootCerts, requireClientCertificate: asksClients }),
    }, EVERY_TLS_LIBRARY);
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ServerCredentials): boolean {
    if (this === other) return true;
    return other instanceof SslServerCredentials && this.rootCerts === other.rootCerts &&
      this.pairs === other.pairs && this.asksClients === other.asksClients;
  }
}

/** `credentials` for a server of this library; undefined where there are none of a server, or no certificate. */
export function adaptedServerCredentials(credentials: unknown): WireCredentials | Insecure | undefined {
  if (credentials instanceof InsecureServerCredentials) return insecure;
  return credentials instanceof SslServerCredentials ? credentials.adapted : undefined;
}
