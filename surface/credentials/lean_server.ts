// TLS of servers, for bundles: without what channels need.

import type { OptionsSource } from "./context_source.ts";
import { ServerCredentials, type TlsServerOptions } from "./server_credentials.ts";
import { OWN_TLS_LIBRARY } from "./tls_library.ts";

/**
 * `tls.server` of the full entry, with the runtime's own TLS library; `provider: openssl` has another one.
 *
 * @throws {TypeError} for unknown options, and where `cert` or `key` is missing
 * @throws {Error} that says what is wrong with a certificate or key
 */
export function tlsServer(options: OptionsSource<TlsServerOptions>): ServerCredentials {
  return new ServerCredentials(options, OWN_TLS_LIBRARY);
}
