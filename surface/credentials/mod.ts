// Credentials of channels and servers.

import { ChannelCredentials, type TlsClientOptions } from "./channel_credentials.ts";
import type { OptionsSource } from "./context_source.ts";
import { ServerCredentials, type TlsServerOptions } from "./server_credentials.ts";
import { EVERY_TLS_LIBRARY } from "./every_tls_library.ts";

export { ChannelCredentials, ServerCredentials, type TlsClientOptions, type TlsServerOptions };
export {
  CallCredentials,
  type CallCredentialsRequest,
  type CallCredentialsSink,
} from "./call_credentials.ts";
export { callCredentials } from "./made_call_credentials.ts";
export type { MetadataPlugin, TokenSource } from "./plugin_credentials.ts";
export type { ExpiringToken, ExpiringTokenSource } from "./refreshed_credentials.ts";
export { type Insecure, insecure } from "./insecure.ts";
export type { OptionsSource } from "./context_source.ts";
export { type FilesOf, pemFiles } from "./files.ts";
export type { Identity } from "./server_credentials.ts";
export type { Pem } from "./pem.ts";
export type { TlsLibrary, TlsLibraryOptions } from "./tls_library.ts";
export type { VerifyPeer } from "./verify_peer.ts";

/**
 * Credentials for TLS (1.3, and 1.2 with the ciphers that HTTP/2 allows), from options, or from a function that gives those
 * of now: it is asked when a connection begins, once a second at most. Connections that stand keep what they began with.
 * Where what it gives cannot be used, what there was is used further, and `onError` of the channel or server gets the error.
 *
 * @example
 * ```ts ignore
 * const server = new Server({ credentials: tls.server({ cert, key }) });
 * const channel = new Channel("example.com:443", { credentials: tls.client({ ca }) });
 * ```
 */
export const tls: {
  /**
   * For channels: the server's certificate must be for its name, by an authority that is trusted.
   *
   * @throws {TypeError} for unknown options, and where of `cert` and `key` only one is given
   * @throws {Error} that says what is wrong with a certificate or key
   */
  client(options?: OptionsSource<TlsClientOptions>): ChannelCredentials;
  /**
   * For servers, with `clientCa` for mutual TLS.
   *
   * @throws {TypeError} for unknown options, and where `cert` or `key` is missing
   * @throws {Error} that says what is wrong with a certificate or key
   */
  server(options: OptionsSource<TlsServerOptions>): ServerCredentials;
} = {
  client: (options = {}) => new ChannelCredentials(options, EVERY_TLS_LIBRARY),
  server: (options) => new ServerCredentials(options, EVERY_TLS_LIBRARY),
};
