// How a channel's connections are secured.

import { type ConnectSecurity, selectTlsProvider, type TlsContext } from "../../transport/mod.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { identityOf, type Pem, pemText } from "./pem.ts";

/** What `tls.client` is made with. */
export interface TlsClientOptions {
  /** Certificates of the authorities that may vouch for the server, PEM. Default: the system's. */
  readonly ca?: Pem;
  /** What this client shows to servers that ask for a certificate: it, and those that lead to its authority; PEM. */
  readonly cert?: Pem;
  /** The private key of `cert`, PEM, not encrypted. */
  readonly key?: Pem;
  /** The name that the server's certificate must be for. Default: the host of the channel's authority. */
  readonly serverName?: string;
  /** TLS libraries to choose from, in order: "openssl,node". Default: OpenSSL before the runtime's own on Deno. */
  readonly provider?: string;
}

const NAMES: OptionNames<TlsClientOptions> = {
  ca: true,
  cert: true,
  key: true,
  serverName: true,
  provider: true,
};

/** How connections to `host` are secured by `credentials`. */
export let connectSecurity: (credentials: ChannelCredentials, host: string) => ConnectSecurity;

/** How connections of channels are secured; made by `tls.client`. */
export class ChannelCredentials {
  readonly #context: TlsContext;
  readonly #serverName: string | undefined;

  /**
   * See `tls.client`.
   *
   * @throws {TypeError} for unknown options, and where of `cert` and `key` only one is given
   * @throws {Error} that says what is wrong with a certificate or key
   */
  constructor(options: TlsClientOptions) {
    const purpose = "make TLS credentials for a channel";
    checkOptions(purpose, options, NAMES as Readonly<Record<string, true>>);
    const ca = pemText(purpose, "ca", options.ca);
    const identity = identityOf(purpose, options.cert, options.key);
    this.#serverName = options.serverName;
    const config = { ...(ca === undefined ? {} : { ca }), ...(identity === undefined ? {} : { identity }) };
    try {
      this.#context = selectTlsProvider(options.provider).clientContext(config);
    } catch (error) {
      throw new Error(`Cannot ${purpose}: ${(error as Error).message}`, { cause: error });
    }
  }

  static {
    connectSecurity = (credentials, host) => {
      const serverName = credentials.#serverName ?? host;
      return { begin: (onProgress) => credentials.#context.begin(serverName, onProgress) };
    };
  }
}
