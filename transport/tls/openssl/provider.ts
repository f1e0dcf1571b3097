// The provider by OpenSSL, which is looked for when it is first asked.

import type { TlsProvider } from "../config.ts";
import { openSslContext, probeOpenSsl } from "./context.ts";

/** OpenSSL through FFI. */
export const OPENSSL: TlsProvider = {
  name: "openssl",
  isAsynchronous: false,
  probe: () => probeOpenSsl(),
  clientContext: (config) => openSslContext(config),
  serverContext: (config) => openSslContext(config),
};
