// Channel credentials as grpc-js has them, and as this library's channels take them.

import type { NodeCertificate } from "../../../pollers/native/node_certificate.ts";
import type { Buffer } from "../../../pollers/native/node_classes.ts";
import { ChannelCredentials as WireCredentials } from "../../credentials/channel_credentials.ts";
import { type Insecure, insecure } from "../../credentials/insecure.ts";
import type { VerifyPeer } from "../../credentials/verify_peer.ts";
import { asNodeHasIt } from "./auth_context.ts";
import { AdaptedCredentials, CallCredentials } from "./call_credentials.ts";
import { EVERY_TLS_LIBRARY } from "../../credentials/every_tls_library.ts";
import { defaultRoots, sameOctets } from "./pem.ts";
import { textOfError } from "./status.ts";

/** What is asked of a server's certificate beside its verification. */
export interface VerifyOptions {
  /**
   * Called with the server's name, or its address, and its certificate; an error refuses the connection. It is asked after
   * the certificate was found to be for that name, not instead.
   */
  checkServerIdentity?: (hostname: string, cert: NodeCertificate) => Error | undefined;
  /** False is refused: a connection whose certificate is not verified protects nothing. */
  rejectUnauthorized?: boolean;
}

/** How a channel is secured, and what its calls show. */
export abstract class ChannelCredentials {
  /** These, with `callCredentials` for every call. */
  abstract compose(callCredentials: CallCredentials): ChannelCredentials;

  /** Whether connections are TLS. */
  abstract _isSecure(): boolean;

  /** Whether `other` are the same. */
  abstract _equals(other: ChannelCredentials): boolean;

  /** What every call shows. */
  _getCallCredentials(): CallCredentials {
    return CallCredentials.createEmpty();
  }

  /**
   * TLS: the authorities that are trusted, and what this client shows, as PEM. Default of `rootCerts`: those that
   * GRPC_DEFAULT_SSL_ROOTS_FILE_PATH names, or else the system's.
   *
   * @throws {TypeError} for what are no Buffers
   * @throws {Error} where there is only one of `privateKey` and `certChain`, and for what cannot be used
   */
  static createSsl(
    rootCerts?: Buffer | null,
    privateKey?: Buffer | null,
    certChain?: Buffer | null,
    verifyOptions?: VerifyOptions,
  ): ChannelCredentials {
    checkBuffer(rootCerts, "Root certificate");
    checkBuffer(privateKey, "Private key");
    checkBuffer(certChain, "Certificate chain");
    if (privateKey && !certChain) {
      throw new Error("Private key must be given with accompanying certificate chain");
    }
    if (!privateKey && certChain) {
      throw new Error("Certificate chain must be given with accompanying private key");
    }
    if (verifyOptions?.rejectUnauthorized === false) {
      throw new Error(
        "Cannot make credentials with rejectUnauthorized: false, for anybody could pose as the server: " +
          "give the certificate that is to be trusted as rootCerts",
      );
    }
    const ca = rootCerts || defaultRoots();
    const credentials = new SslCredentials(
      {
        ...(ca === undefined ? {} : { ca }),
        ...(privateKey && certChain ? { key: privateKey, cert: certChain } : {}),
      },
      verifyOptions?.checkServerIdentity,
    );
    credentials.adapted(undefined); // what cannot be used throws here
    return credentials;
  }

  /** Plaintext. */
  static createInsecure(): ChannelCredentials {
    return new InsecureCredentials();
  }

  /**
   * Refused: a context of Node's TLS cannot be read.
   *
   * @throws {Error} always
   */
  static createFromSecureContext(): ChannelCredentials {
    throw new Error(
      "Cannot make credentials of a SecureContext: give its certificates and keys to createSsl",
    );
  }
}

function checkBuffer(value: unknown, name: string): void {
  if (value && !((value as unknown) instanceof Uint8Array)) {
    throw new TypeError(`${name}, if provided, must be a Buffer.`);
  }
}

/** What a channel of this library is made with. */
export interface AdaptedChannelCredentials {
  /** How it is secured. */
  readonly credentials: WireCredentials | Insecure;
  /** What its calls show. */
  readonly callCredentials?: AdaptedCredentials;
}

/** `credentials` for a channel whose server has a certificate for `serverName`, or for the target's host. */
export function adaptedCredentials(
  credentials: ChannelCredentials,
  serverName: string | undefined,
): AdaptedChannelCredentials {
  if (credentials instanceof AdaptableCredentials) return credentials.adapted(serverName);
  throw new TypeError("Channel credentials must be a ChannelCredentials object");
}

abstract class AdaptableCredentials extends ChannelCredentials {
  abstract adapted(serverName: string | undefined): AdaptedChannelCredentials;
}

class InsecureCredentials extends AdaptableCredentials {
  override compose(): ChannelCredentials {
    throw new Error("Cannot compose insecure credentials");
  }

  override _isSecure(): boolean {
    return false;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other instanceof InsecureCredentials;
  }

  override adapted(): AdaptedChannelCredentials {
    return { credentials: insecure };
  }
}

/** Certificates and keys. */
interface Pems {
  readonly ca?: Buffer;
  readonly key?: Buffer;
  readonly cert?: Buffer;
}

class SslCredentials extends AdaptableCredentials {
  /** By server name: channels with the same object share connections. */
  private readonly made = new Map<string | undefined, WireCredentials>();

  constructor(
    private readonly pems: Pems,
    private readonly check: VerifyOptions["checkServerIdentity"],
  ) {
    super();
  }

  override compose(callCredentials: CallCredentials): ChannelCredentials {
    return new ComposedChannelCredentials(this, callCredentials);
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    if (this === other) return true;
    return other instanceof SslCredentials && sameOctets(this.pems.ca, other.pems.ca) &&
      sameOctets(this.pems.key, other.pems.key) && sameOctets(this.pems.cert, other.pems.cert) &&
      this.check === other.check;
  }

  override adapted(serverName: string | undefined): AdaptedChannelCredentials {
    let credentials = this.made.get(serverName);
    if (credentials === undefined) {
      credentials = new WireCredentials({
        ...this.pems,
        ...(serverName === undefined ? {} : { serverName }),
        ...(this.check === undefined ? {} : { verifyPeer: peerCheck(this.check) }),
      }, EVERY_TLS_LIBRARY);
      this.made.set(serverName, credentials);
    }
    return { credentials };
  }
}

function peerCheck(check: NonNullable<VerifyOptions["checkServerIdentity"]>): VerifyPeer {
  return ({ peerCertificate }, host) => {
    // Null is no error either, as to Node.
    const error = check(host!, asNodeHasIt(peerCertificate!)) ?? undefined;
    return error === undefined
      ? true
      : `its certificate was refused by checkServerIdentity: ${textOfError(error)}`;
  };
}

class ComposedChannelCredentials extends AdaptableCredentials {
  constructor(
    private readonly channel: AdaptableCredentials,
    private readonly calls: CallCredentials,
  ) {
    super();
  }

  override compose(callCredentials: CallCredentials): ChannelCredentials {
    return new ComposedChannelCredentials(this.channel, this.calls.compose(callCredentials));
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return other instanceof ComposedChannelCredentials && this.channel._equals(other.channel) &&
      this.calls._equals(other.calls);
  }

  override _getCallCredentials(): CallCredentials {
    return this.calls;
  }

  override adapted(serverName: string | undefined): AdaptedChannelCredentials {
    return { ...this.channel.adapted(serverName), callCredentials: new AdaptedCredentials(this.calls) };
  }
}
