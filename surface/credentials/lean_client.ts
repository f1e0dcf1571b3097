// TLS of channels, for bundles: without what servers need.

import { ChannelCredentials, type TlsClientOptions } from "./channel_credentials.ts";
import type { OptionsSource } from "./context_source.ts";
import { CHANNELS_TLS_LIBRARY } from "./tls_library.ts";

/**
 * `tls.client` of the full entry, with the runtime's own TLS library; `provider: openssl` has another one.
 *
 * @throws {TypeError} for unknown options, and where of `cert` and `key` only one is given
 * @throws {Error} that says what is wrong with a certificate or key
 */
export function tlsClient(options: OptionsSource<TlsClientOptions> = {}): ChannelCredentials {
  return new ChannelCredentials(options, CHANNELS_TLS_LIBRARY);
}
