// What a server answers first, as a client sees it before the cryptography: by it a client says in plain words why there
// is no secure connection, whichever library does the rest.

const ALERT_RECORD = 21;
const HANDSHAKE_RECORD = 22;
const SERVER_HELLO = 2;
const TLS_1_2 = 0x0303;

/**
 * The record of an alert that is no refusal: the server has no certificate for the name, says so by a warning, and goes on
 * with another one (RFC 6066, section 3; OpenSSL's servers of TLS 1.2 do).
 */
const NAME_WARNING = [ALERT_RECORD, 3, undefined, 0, 2, 1, 112];

/** Alerts by their numbers (RFC 8446, section 6; RFC 7301, section 3.2), as far as one can end a handshake in plaintext. */
const ALERTS: Readonly<Record<number, string>> = {
  0: "close_notify: it closes the connection",
  10: "unexpected_message",
  22: "record_overflow",
  40: "handshake_failure: it found no version, cipher or certificate that both sides have",
  42: "bad_certificate",
  47: "illegal_parameter",
  50: "decode_error",
  70: "protocol_version: it does not speak TLS 1.2 or 1.3",
  71: "insufficient_security",
  80: "internal_error",
  109: "missing_extension",
  112: "unrecognized_name: it has no certificate for this name",
  120: 'no_application_protocol: it does not speak "h2" (ALPN), which gRPC needs',
};

/** Why the peer whose first octets are `bytes` makes no secure connection; undefined where nothing says so. */
export function refusalOf(bytes: Uint8Array): string | undefined {
  while (NAME_WARNING.every((octet, at) => octet === undefined || octet === bytes[at])) {
    bytes = bytes.subarray(NAME_WARNING.length);
  }
  switch (bytes[0]) {
    case undefined:
      return undefined;
    case ALERT_RECORD:
      return alert(bytes);
    case HANDSHAKE_RECORD:
      return oldVersion(bytes);
    default:
      return notTls(bytes);
  }
}

/** An alert record: type, version, length, level, description. */
function alert(bytes: Uint8Array): string | undefined {
  const description = bytes[6];
  if (description === undefined) return undefined;
  return `the server refuses it with the alert ${ALERTS[description] ?? description}`;
}

/** A server hello that chooses less than TLS 1.2: record header, type, length, version. */
function oldVersion(bytes: Uint8Array): string | undefined {
  if (bytes.length < 11 || bytes[5] !== SERVER_HELLO) return undefined;
  const version = bytes[9]! << 8 | bytes[10]!;
  if (version >= TLS_1_2) return undefined;
  return `the server speaks TLS 1.${Math.max(0, version - 0x0301)}, and 1.2 is the oldest that is accepted`;
}

/** The server speaks something else. */
function notTls(bytes: Uint8Array): string {
  let what = "what the server sent is not TLS";
  // Its preface is a SETTINGS frame (RFC 9113, section 3.4): a length below 2^14, then the type.
  if (bytes[0] === 0 && bytes[3] === 4) what = "the server speaks HTTP/2 without TLS";
  else if (String.fromCharCode(...bytes.subarray(0, 5)) === "HTTP/") {
    what = "the server speaks HTTP/1 without TLS";
  }
  return `${what}: is this its port for TLS?`;
}
