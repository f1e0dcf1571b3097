// How a server's connections are secured.

import { type AcceptSecurity, selectTlsProvider, type TlsContext } from "../../transport/mod.ts";
import { checkOptions, type OptionNames } from "../options.ts";
import { identityOf, type Pem, pemText } from "./pem.ts";

/** What `tls.server` is made with. */
export interface TlsServerOptions {
  /** What this server shows: its certificate, and those that lead to its authority; PEM. */
  readonly cert: Pem;
  /** The private key of `cert`, PEM, not encrypted. */
  readonly key: Pem;
  /** Certificates of the authorities that may vouch for clients, PEM. Default: clients are asked for no certificate. */
  readonly clientCa?: Pem;
  /** Whether clients without a certificate are refused, where `clientCa` is given. Default true. */
  readonly requireClientCertificate?: boolean;
  /** TLS libraries to choose from, in order: "openssl,node". Default: OpenSSL before the runtime's own on Deno. */
  readonly provider?: string;
}

const NAMES: OptionNames<TlsServerOptions> = {
  cert: true,
  key: true,
  clientCa: true,
  requireClientCertificate: true,
  provider: true,
};

/** How connections of a server are secured by `credentials`. */
export let acceptSecurity: (credentials: ServerCredentials) => AcceptSecurity;

/** How connections of servers are secured; made by `tls.server`. */
export class ServerCredentials {
  /** What it was made from: data, from which a worker makes the same. */
  readonly options: TlsServerOptions;
  readonly #context: TlsContext;

  /**
   * See `tls.server`.
   *
   * @throws {TypeError} for unknown options, and where `cert` or `key` is missing
   * @throws {Error} that says what is wrong with a certificate or key
   */
  constructor(options: TlsServerOptions) {
    const purpose = "make TLS credentials for a server";
    checkOptions(purpose, options, NAMES as Readonly<Record<string, true>>);
    this.options = options;
    const identity = identityOf(purpose, options.cert, options.key);
    if (identity === undefined) {
      throw new TypeError(`Cannot ${purpose}: there is no cert and no key; give both`);
    }
    const { requireClientCertificate = true } = options;
    const clientCa = pemText(purpose, "clientCa", options.clientCa);
    const config = { identity, requireClientCertificate, ...(clientCa === undefined ? {} : { clientCa }) };
    try {
      this.#context = selectTlsProvider(options.provider).serverContext(config);
    } catch (error) {
      throw new Error(`Cannot ${purpose}: ${(error as Error).message}`, { cause: error });
    }
  }

  static {
    acceptSecurity = (credentials) => ({
      begin: (_serverName, onProgress) => credentials.#context.begin(undefined, onProgress),
    });
  }
}
