// How a server's connections are secured.

import {
  type AcceptSecurity,
  certificateNames,
  isFor,
  type Reporter,
  type TlsContext,
  type TlsProvider,
} from "../../transport/mod.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import type { EventEngine, SocketAddress } from "../../pollers/mod.ts";
import { ContextSource, type OptionsSource } from "./context_source.ts";
import { checkCredentials, type Insecure, plaintextRefusal } from "./insecure.ts";
import { identityOf, type Pem, pemText } from "./pem.ts";
import { tlsLibrary, type TlsLibraryOptions } from "./tls_library.ts";
import { checkVerifyPeer, peerCheck, type VerifyPeer } from "./verify_peer.ts";

/** A certificate, with those that lead to its authority, and its key: PEM. */
export interface Identity {
  /** The certificate first. */
  readonly cert: Pem;
  /** Not encrypted. */
  readonly key: Pem;
}

/** What `tls.server` is made with. */
export interface TlsServerOptions extends Identity, TlsLibraryOptions {
  /**
   * Others, for clients that ask for a name which one of them is for (SNI), by the name itself sooner than by a pattern;
   * `cert` is for all other clients.
   */
  readonly more?: readonly Identity[];
  /** Certificates of the authorities that may vouch for clients, roots or not, PEM. Default: clients are asked for none. */
  readonly clientCa?: Pem;
  /** Whether clients without a certificate are refused, where `clientCa` is given. Default true. */
  readonly requireClientCertificate?: boolean;
  /** Asked of each client whose certificate is accepted, or that needs none. Default: no further question. */
  readonly verifyPeer?: VerifyPeer;
}

const NAMES: OptionNames<TlsServerOptions> = {
  cert: true,
  key: true,
  more: true,
  clientCa: true,
  requireClientCertificate: true,
  verifyPeer: true,
  provider: true,
};

const PURPOSE = "make TLS credentials for a server";

/** What connections are secured by, and the libraries that have names. */
interface Made {
  readonly source: ContextSource<TlsServerOptions, NamedContexts>;
  readonly known: readonly TlsProvider[];
}

const made = new WeakMap<ServerCredentials, Made>();

/** How connections of a server are secured by `credentials`; `reporter` gets what is wrong with later certificates. */
function acceptSecurity(credentials: ServerCredentials, reporter: Reporter): AcceptSecurity {
  const { source, known } = made.get(credentials)!;
  const onFailed = (error: unknown): void => reporter.report(error, { where: "credentials", level: "error" });
  return {
    isAsynchronous: tlsLibrary(source.options, known).isAsynchronous,
    get check() {
      return peerCheck(source.options.verifyPeer);
    },
    begin(serverName, now, onProgress) {
      return source.current(now, onFailed).find(serverName).begin(undefined, onProgress);
    },
  };
}

/** How connections of servers are secured; made by `tls.server`. */
export class ServerCredentials {
  /**
   * See `tls.server`; `known` are the libraries that have names.
   *
   * @throws {TypeError} for unknown options, and where `cert` or `key` is missing
   * @throws {Error} that says what is wrong with a certificate or key
   */
  constructor(source: OptionsSource<TlsServerOptions>, known: readonly TlsProvider[]) {
    made.set(this, {
      known,
      source: new ContextSource(source, (options) => new NamedContexts(options, known)),
    });
  }

  /** What it is made from now: data, from which a worker makes the same. */
  get options(): TlsServerOptions {
    return made.get(this)!.source.options;
  }
}

/** Throws TypeError where `credentials` are none of a server. */
export function checkServerCredentials(purpose: string, credentials: unknown): void {
  const isTls = (given: unknown): boolean => given instanceof ServerCredentials;
  checkCredentials(purpose, credentials, isTls, "tls.server(...)");
}

/** How connections of a server are secured; undefined where they are not. Throws TypeError as `checkServerCredentials`. */
export function serverSecurity(
  purpose: string,
  credentials: ServerCredentials | Insecure | undefined,
  reporter: Reporter,
): AcceptSecurity | undefined {
  checkServerCredentials(purpose, credentials);
  return credentials instanceof ServerCredentials ? acceptSecurity(credentials, reporter) : undefined;
}

/** Throws TypeError where a server with `credentials` may not listen on one of `addresses`. */
export function checkListening(
  name: string,
  credentials: ServerCredentials | Insecure | undefined,
  engine: EventEngine,
  addresses: readonly SocketAddress[],
): void {
  let why = credentials === undefined ? plaintextRefusal("server", engine, addresses) : undefined;
  if (credentials instanceof ServerCredentials && addresses.some(({ family }) => family === "inprocess")) {
    why = "there is no TLS inside a process; listen there by a server without these credentials";
  }
  if (why !== undefined) throw new TypeError(`Cannot listen on ${name}: ${why}`);
}

/** A context for each certificate. */
class NamedContexts {
  readonly #contexts: Array<{ readonly names: readonly string[]; readonly context: TlsContext }> = [];

  constructor(options: TlsServerOptions, known: readonly TlsProvider[]) {
    checkOptions(PURPOSE, options, NAMES);
    checkVerifyPeer(PURPOSE, options.verifyPeer);
    const { cert, key, more = [], requireClientCertificate = true } = options;
    if (!Array.isArray(more)) {
      throw new TypeError(`Cannot ${PURPOSE}: more is ${describe(more)}, not an array`);
    }
    const clientCa = pemText(PURPOSE, "clientCa", options.clientCa);
    for (const given of [{ cert, key }, ...more as readonly Identity[]]) {
      const identity = identityOf(PURPOSE, given.cert, given.key);
      if (identity === undefined) {
        throw new TypeError(`Cannot ${PURPOSE}: there is no cert and no key; give both`);
      }
      const config = { identity, requireClientCertificate, ...(clientCa === undefined ? {} : { clientCa }) };
      try {
        const context = tlsLibrary(options, known).serverContext(config);
        this.#contexts.push({ names: certificateNames(identity.cert), context });
      } catch (error) {
        throw new Error(`Cannot ${PURPOSE}: ${(error as Error).message}`, { cause: error });
      }
    }
  }

  /** That of the certificate with `name` itself, else with a pattern for it, else the first. */
  find(name = ""): TlsContext {
    const those = this.#contexts.filter(({ names }) => names.some((pattern) => isFor(pattern, name)));
    const itself = those.find(({ names }) => names.some((pattern) => pattern.toLowerCase() === name));
    return (itself ?? those[0] ?? this.#contexts[0]!).context;
  }

  release(): void {
    for (const { context } of this.#contexts) context.release();
  }
}
