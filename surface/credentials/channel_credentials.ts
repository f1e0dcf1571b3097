// How a channel's connections are secured.

import {
  type ClientTlsProvider,
  type ConnectSecurity,
  type Reporter,
  type TlsContext,
  withoutDot,
} from "../../transport/mod.ts";
import { checkOptions, describe, type OptionNames } from "../options.ts";
import { ContextSource, type OptionsSource } from "./context_source.ts";
import { identityOf, type Pem, pemText } from "./pem.ts";
import { tlsLibrary, type TlsLibraryOptions } from "./tls_library.ts";
import { checkVerifyPeer, peerCheck, type VerifyPeer } from "./verify_peer.ts";

/** What `tls.client` is made with. */
export interface TlsClientOptions extends TlsLibraryOptions {
  /** Certificates of the authorities that may vouch for the server, roots or not, PEM. Default: the system's. */
  readonly ca?: Pem;
  /** What this client shows to servers that ask for a certificate: it, and those that lead to its authority; PEM. */
  readonly cert?: Pem;
  /** The private key of `cert`, PEM, not encrypted. */
  readonly key?: Pem;
  /** The name that the server's certificate must be for. Default: the host of the channel's authority. */
  readonly serverName?: string;
  /** Asked of each server whose certificate is accepted. Default: no further question. */
  readonly verifyPeer?: VerifyPeer;
}

const NAMES: OptionNames<TlsClientOptions> = {
  ca: true,
  cert: true,
  key: true,
  serverName: true,
  verifyPeer: true,
  provider: true,
};

const PURPOSE = "make TLS credentials for a channel";

/** How connections to `host` are secured by `credentials`; `reporter` gets what is wrong with later certificates. */
export let connectSecurity: (
  credentials: ChannelCredentials,
  host: string,
  reporter: Reporter,
) => ConnectSecurity;

/** How connections of channels are secured; made by `tls.client`. */
export class ChannelCredentials {
  readonly #source: ContextSource<TlsClientOptions, TlsContext>;
  readonly #known: readonly ClientTlsProvider[];

  /**
   * See `tls.client`; `known` are the libraries that have names.
   *
   * @throws {TypeError} for unknown options, and where of `cert` and `key` only one is given
   * @throws {Error} that says what is wrong with a certificate or key
   */
  constructor(source: OptionsSource<TlsClientOptions>, known: readonly ClientTlsProvider[]) {
    this.#known = known;
    this.#source = new ContextSource(source, (options) => contextOf(options, known));
  }

  /** What it is made from now: data, where there is no `verifyPeer`, from which another thread makes the same. */
  get options(): TlsClientOptions {
    return this.#source.options;
  }

  static {
    connectSecurity = (credentials, host, reporter) => {
      if (host === "" && credentials.#source.options.serverName === undefined) {
        throw new TypeError(
          "Cannot make a channel: with TLS its authority is the server's name, and it is empty",
        );
      }
      const name = (): string => withoutDot(credentials.#source.options.serverName ?? host);
      const onFailed = (error: unknown): void =>
        reporter.report(error, { where: "credentials", level: "error" });
      return {
        isAsynchronous: tlsLibrary(credentials.#source.options, credentials.#known).isAsynchronous,
        get check() {
          return peerCheck(credentials.#source.options.verifyPeer, name());
        },
        begin(now, onProgress) {
          const context = credentials.#source.current(now, onFailed);
          return context.begin(name(), onProgress);
        },
      };
    };
  }
}

const ofTheSystem = /* @__PURE__ */ new WeakMap<readonly ClientTlsProvider[], ChannelCredentials>();

/**
 * Those of targets that begin with "https:": the system's authorities. They are the same for all channels, which have one
 * context with all these certificates so, resume each other's sessions, and share connections.
 *
 * @throws {Error} that says why no library can be used
 */
export function systemCredentials(known: readonly ClientTlsProvider[]): ChannelCredentials {
  let credentials = ofTheSystem.get(known);
  if (credentials === undefined) ofTheSystem.set(known, credentials = new ChannelCredentials({}, known));
  return credentials;
}

function contextOf(options: TlsClientOptions, known: readonly ClientTlsProvider[]): TlsContext {
  checkOptions(PURPOSE, options, NAMES);
  checkVerifyPeer(PURPOSE, options.verifyPeer);
  const { serverName = "none" } = options;
  if (typeof serverName !== "string" || !/^[^\0]+$/.test(serverName)) {
    throw new TypeError(`Cannot ${PURPOSE}: serverName is ${describe(serverName)}; give a host`);
  }
  const ca = pemText(PURPOSE, "ca", options.ca);
  const identity = identityOf(PURPOSE, options.cert, options.key);
  const config = { ...(ca === undefined ? {} : { ca }), ...(identity === undefined ? {} : { identity }) };
  try {
    return tlsLibrary(options, known).clientContext(config);
  } catch (error) {
    throw new Error(`Cannot ${PURPOSE}: ${(error as Error).message}`, { cause: error });
  }
}
