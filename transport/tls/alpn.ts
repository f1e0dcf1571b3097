// The protocol that gRPC is spoken over, as it is negotiated (RFC 7301; RFC 9113, section 3.2).

/** HTTP/2 over TLS. */
export const H2 = "h2";
