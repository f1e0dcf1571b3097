// Server credentials as grpc-js has them, and as this library's servers take them.

import type { Buffer } from "../../../pollers/native/node_classes.ts";
import { ServerCredentials as WireCredentials } from "../../credentials/server_credentials.ts";
import { type Insecure, insecure } from "../../credentials/insecure.ts";
import { EVERY_TLS_LIBRARY } from "../../credentials/every_tls_library.ts";
import { defaultRoots, sameOctets } from "./pem.ts";

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
   * TLS. Where `checkClientCertificate`, clients must have a certificate for which `rootCerts` vouch, or else those that
   * GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names; where not, they are asked for none.
   *
   * @throws {TypeError} for arguments of a wrong type
   * @throws {Error} for what cannot be used, and where nobody is named who vouches for clients
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
    if (!checkClientCertificate) return new SslServerCredentials(undefined, keyCertPairs);
    const clientCa = rootCerts ?? defaultRoots();
    if (clientCa !== undefined) return new SslServerCredentials(clientCa, keyCertPairs);
    throw new Error(
      "Cannot make credentials that check clients' certificates without rootCerts: " +
        "give the certificates of the authorities that vouch for clients",
    );
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

  /** `clientCa`: who vouches for clients; undefined: they are asked for no certificate. */
  constructor(
    private readonly clientCa: Buffer | undefined,
    private readonly pairs: readonly KeyCertPair[],
  ) {
    super();
    const [first, ...more] = pairs.map(({ private_key: key, cert_chain: cert }) => ({ key, cert }));
    if (first === undefined) return;
    this.adapted = new WireCredentials({
      ...first,
      more,
      ...(clientCa === undefined ? {} : { clientCa }),
    }, EVERY_TLS_LIBRARY);
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ServerCredentials): boolean {
    if (this === other) return true;
    return other instanceof SslServerCredentials && sameOctets(this.clientCa, other.clientCa) &&
      this.pairs.length === other.pairs.length &&
      this.pairs.every((pair, at) => samePair(pair, other.pairs[at]!));
  }
}

function samePair(one: KeyCertPair, other: KeyCertPair): boolean {
  return sameOctets(one.private_key, other.private_key) && sameOctets(one.cert_chain, other.cert_chain);
}

/** `credentials` for a server of this library; undefined where there are none of a server, or no certificate. */
export function adaptedServerCredentials(credentials: unknown): WireCredentials | Insecure | undefined {
  if (credentials instanceof InsecureServerCredentials) return insecure;
  return credentials instanceof SslServerCredentials ? credentials.adapted : undefined;
}
