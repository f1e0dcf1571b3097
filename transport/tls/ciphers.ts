// The cipher suites of TLS 1.2 that HTTP/2 allows (RFC 9113, section 9.2.2): ephemeral keys and AEAD. Those of TLS 1.3
// are all allowed.

/** In the words of OpenSSL. */
export const TLS12_CIPHERS =
  "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:" +
  "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
