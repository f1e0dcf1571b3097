// OpenSSL, given instead of named.

import { OPENSSL } from "../../transport/mod.ts";
import type { TlsLibrary } from "../credentials/tls_library.ts";

/** OpenSSL through FFI, for the option `provider` of TLS credentials. */
export const openssl: TlsLibrary = OPENSSL;
