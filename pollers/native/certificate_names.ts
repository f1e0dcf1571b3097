// Subject, issuer and alternative names of a certificate, read of its DER (RFC 5280, X.690).
//
// The runtimes give them as one text, "DNS:a, URI:b", and Deno escapes nothing in it: a certificate for the one URI
// "x, URI:spiffe://admin" would be one of spiffe://admin. Who a client is cannot hang on that.

/** Names of a certificate. */
export interface CertificateNames {
  /** A line for each relative name, "CN=client\nO=Example"; special characters are escaped (RFC 2253, section 2.4). */
  readonly subject: string;
  /** The same of the issuer. */
  readonly issuer: string;
  /** Those of subjectAltName, by kind. */
  readonly names: { dns: string[]; uri: string[]; ip: string[]; email: string[] };
}

// Tags (X.690, section 8.1.2; RFC 5280, section 4.1).
const SEQUENCE = 0x30;
const VERSION = 0xa0;
const EXTENSIONS = 0xa3;
const BOOLEAN = 0x01;
const EMAIL = 0x81;
const DNS = 0x82;
const URI = 0x86;
const IP = 0x87;
const BMP_STRING = 0x1e;
const UNIVERSAL_STRING = 0x1c;
const UTF8_STRING = 0x0c;

const SUBJECT_ALT_NAME = "2.5.29.17";

/** Attribute types by the names that OpenSSL writes for them. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.4": "SN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.9": "street",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
  "2.5.4.12": "title",
  "2.5.4.42": "GN",
  "2.5.4.97": "organizationIdentifier",
  "1.2.840.113549.1.9.1": "emailAddress",
  "0.9.2342.19200300.100.1.1": "UID",
  "0.9.2342.19200300.100.1.25": "DC",
};

/** Names of a certificate. Throws Error where `der` is none. */
export function readCertificateNames(der: Uint8Array): CertificateNames {
  const signed = new Elements(new Elements(der).take(SEQUENCE)).take(SEQUENCE);
  const fields = new Elements(signed);
  if (fields.tag === VERSION) fields.next();
  fields.next(); // serial number
  fields.next(); // signature algorithm
  const issuer = distinguishedName(fields.take(SEQUENCE));
  fields.next(); // validity
  const subject = distinguishedName(fields.take(SEQUENCE));
  const names: CertificateNames["names"] = { dns: [], uri: [], ip: [], email: [] };
  while (fields.tag !== undefined) {
    const isExtensions = fields.tag === EXTENSIONS;
    const content = fields.next();
    if (isExtensions) readExtensions(new Elements(content).take(SEQUENCE), names);
  }
  return { subject, issuer, names };
}

function readExtensions(list: Uint8Array, names: CertificateNames["names"]): void {
  for (const extension of new Elements(list).all()) {
    const parts = new Elements(extension);
    if (objectIdentifier(parts.next()) !== SUBJECT_ALT_NAME) continue;
    if (parts.tag === BOOLEAN) parts.next(); // critical
    const general = new Elements(new Elements(parts.next()).take(SEQUENCE));
    while (general.tag !== undefined) {
      const { tag } = general;
      const value = general.next();
      if (tag === DNS) names.dns.push(latin1(value));
      else if (tag === URI) names.uri.push(latin1(value));
      else if (tag === EMAIL) names.email.push(latin1(value));
      else if (tag === IP) names.ip.push(ipAddress(value));
    }
  }
}

function distinguishedName(content: Uint8Array): string {
  const lines = new Elements(content).all().map((set) =>
    new Elements(set).all().map((attribute) => {
      const parts = new Elements(attribute);
      const type = objectIdentifier(parts.next());
      const { tag } = parts;
      return `${ATTRIBUTES[type] ?? type}=${escaped(decoded(tag, parts.next()))}`;
    }).join(" + ")
  );
  return lines.join("\n");
}

/** RFC 2253, section 2.4; control characters as OpenSSL writes them, so that a value has no line of its own. */
function escaped(value: string): string {
  return value.replaceAll(/[,+"\\<>;]|^[# ]| $/g, "\\$&").replaceAll(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f]/g,
    (control) => `\\${control.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

function decoded(tag: number | undefined, value: Uint8Array): string {
  if (tag === UTF8_STRING) return new TextDecoder().decode(value);
  const width = tag === BMP_STRING ? 2 : tag === UNIVERSAL_STRING ? 4 : 1;
  if (width === 1) return latin1(value);
  let text = "";
  for (let at = 0; at + width <= value.length; at += width) {
    let code = 0;
    for (let i = 0; i < width; i++) code = code * 256 + value[at + i]!;
    text += code > 0x10ffff ? "\ufffd" : String.fromCodePoint(code);
  }
  return text;
}

function latin1(value: Uint8Array): string {
  let text = "";
  for (const octet of value) text += String.fromCharCode(octet);
  return text;
}

function ipAddress(value: Uint8Array): string {
  if (value.length === 4) return value.join(".");
  const groups = Array.from(
    { length: value.length >> 1 },
    (_, i) => (value[2 * i]! << 8) | value[2 * i + 1]!,
  );
  return groups.map((group) => group.toString(16).toUpperCase()).join(":");
}

/** "2.5.29.17": 7 bits an octet, the first two numbers in one (X.690, section 8.19). */
function objectIdentifier(value: Uint8Array): string {
  const numbers: number[] = [];
  let number = 0;
  for (const octet of value) {
    number = number * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    if (numbers.length === 0) {
      numbers.push(Math.min(2, Math.floor(number / 40)), number - 40 * Math.min(2, Math.floor(number / 40)));
    } else numbers.push(number);
    number = 0;
  }
  return numbers.join(".");
}

/** Elements that stand one after the other. */
class Elements {
  private at = 0;

  constructor(private readonly octets: Uint8Array) {}

  /** The tag of the next one; undefined where there is none. */
  get tag(): number | undefined {
    return this.octets[this.at];
  }

  /** The contents of the next one, which has `tag`. */
  take(tag: number): Uint8Array {
    if (this.tag !== tag) {
      throw new Error(`Cannot read a certificate: tag ${this.tag} stands where ${tag} should`);
    }
    return this.next();
  }

  /** The contents of the next one. */
  next(): Uint8Array {
    const { octets } = this;
    let at = this.at + 2;
    const first = octets[this.at + 1] ?? NaN;
    let length = first === 0x80 ? NaN : first; // that is a length which is not said: none of DER
    if (first > 0x80) {
      const end = at + (first & 0x7f);
      for (length = 0; at < end; at++) length = length * 256 + (octets[at] ?? NaN);
    }
    if (!(at + length <= octets.length)) {
      throw new Error(`Cannot read a certificate: an element at ${this.at} is longer than what holds it`);
    }
    this.at = at + length;
    return octets.subarray(at, this.at);
  }

  /** The contents of all that are left. */
  all(): Uint8Array[] {
    const contents: Uint8Array[] = [];
    while (this.tag !== undefined) contents.push(this.next());
    return contents;
  }
}
