// The TLS libraries that are known by name where everything is.

import { NODE_TLS, OPENSSL, type TlsProvider } from "../../transport/mod.ts";

/** OpenSSL is faster, resumes sessions and tells a cut from an end; the runtime's own is everywhere, and needs no permission. */
export const EVERY_TLS_LIBRARY: readonly TlsProvider[] = [OPENSSL, NODE_TLS];
