// What a TLS handshake established, as applications see it.

/** What is known of a connection's security. */
export interface ConnectionSecurity {
  /** "TLSv1.3" or "TLSv1.2". */
  readonly protocol: string;
  /** The cipher suite, by the name that OpenSSL gives it: "TLS_AES_128_GCM_SHA256". */
  readonly cipher: string;
  /** The protocol that was negotiated (ALPN, RFC 7301). */
  readonly alpn: string;
  /** The name that the client asked for (SNI, RFC 6066); undefined where it sent none, as for IP addresses. */
  readonly serverName: string | undefined;
  /** An earlier session was resumed: the certificates are those of its handshake. */
  readonly resumed: boolean;
  /** The peer's certificate, verified; undefined where it sent none. */
  readonly peerCertificate: PeerCertificate | undefined;
}

/** A certificate that was verified. */
export interface PeerCertificate {
  /** The certificate as it was sent (X.509, DER). */
  readonly der: Uint8Array;
  /** Its subject, a line for each attribute: "CN=client\nO=Example". */
  readonly subject: string;
  /** Its issuer, in the same form. */
  readonly issuer: string;
  /** Names of the subject by kind, as RFC 5280 has them in subjectAltName. */
  readonly names: SubjectNames;
  /** The serial number, in hexadecimal, two digits an octet: "0A1B"; "-" stands before a negative one. */
  readonly serialNumber: string;
  /** The first instant of its validity. */
  readonly validFrom: Date;
  /** The last instant of its validity. */
  readonly validTo: Date;
  /** SHA-256 of `der`, in hexadecimal with colons. */
  readonly fingerprint256: string;
}

/** The subject's alternative names. */
export interface SubjectNames {
  /** Host names; the first label may be "*". */
  readonly dns: readonly string[];
  /** URIs, such as SPIFFE identities. */
  readonly uri: readonly string[];
  /** Addresses. */
  readonly ip: readonly string[];
  /** Mail addresses. */
  readonly email: readonly string[];
}
