// Names, serial number and validity of a certificate, read of its DER (RFC 5280, X.690).
//
// The runtimes give names as one text, "DNS:a, URI:b", and Deno escapes nothing in it: a certificate for the one URI
// "x, URI:spiffe://admin" would be one of spiffe://admin. Deno writes serial numbers without a zero at the beginning, so that
// one of sixteen is not found in a list. Who a client is cannot hang on that, nor on whether a runtime can read all of it.

/** What a certificate says. */
export interface CertificateFields {
  /** In hexadecimal, two digits an octet; "-" stands before a negative one. */
  readonly serialNumber: string;
  /** The first instant of its validity. */
  readonly validFrom: Date;
  /** The last one. */
  readonly validTo: Date;
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
const INTEGER = 0x02;
const UTC_TIME = 0x17;

/** All octets count: names that differ are to be read as such. */
const UTF8 = /* @__PURE__ */ new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

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

/** What a certificate says. Throws Error where `der` is none, or has a value that is none. */
export function readCertificate(der: Uint8Array): CertificateFields {
  const signed = new Elements(new Elements(der).take(SEQUENCE)).take(SEQUENCE);
  const fields = new Elements(signed);
  if (fields.tag === VERSION) fields.next();
  const serialNumber = integer(fields.take(INTEGER));
  fields.next(); // signature algorithm
  const issuer = distinguishedName(fields.take(SEQUENCE));
  const validity = new Elements(fields.take(SEQUENCE));
  const [validFrom, validTo] = [time(validity.tag, validity.next()), time(validity.tag, validity.next())];
  const subject = distinguishedName(fields.take(SEQUENCE));
  const names: CertificateFields["names"] = { dns: [], uri: [], ip: [], email: [] };
  while (fields.tag !== undefined) {
    const { tag } = fields;
    const content = fields.next();
    if (tag === EXTENSIONS) readExtensions(new Elements(content).take(SEQUENCE), names);
  }
  return { serialNumber, validFrom, validTo, subject, issuer, names };
}

/** In hexadecimal. */
function integer(octets: Uint8Array): string {
  if (octets.length === 0) fail("malformed number");
  const value = BigInt.asIntN(8 * octets.length, BigInt(`0x0${digits(octets).join("")}`));
  return value.toString(16).toUpperCase().replace(/^(-?)((..)*.)$/, "$10$2");
}

/** Two digits for each octet. */
export function digits(octets: ArrayLike<number>): string[] {
  return Array.from(octets, (octet) => octet.toString(16).toUpperCase().padStart(2, "0"));
}

/** "261126053956Z" as UTCTime, of 1950 to 2049, and with all digits of the year as GeneralizedTime (RFC 5280, section 4.1.2.5). */
function time(tag: number | undefined, value: Uint8Array): Date {
  const text = (tag === UTC_TIME ? value[0]! < 0x35 ? "20" : "19" : "") + characters(value);
  const iso = text.replace(/^(....)(..)(..)(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6.000Z");
  const date = new Date(iso);
  return date.toJSON() === iso ? date : fail("malformed time");
}

function readExtensions(list: Uint8Array, names: CertificateFields["names"]): void {
  for (const extension of new Elements(list).all()) {
    const parts = new Elements(extension);
    if (objectIdentifier(parts.next()) !== SUBJECT_ALT_NAME) continue;
    if (parts.tag === BOOLEAN) parts.next(); // critical
    const general = new Elements(new Elements(parts.next()).take(SEQUENCE));
    while (general.tag !== undefined) {
      const { tag } = general;
      const value = general.next();
      if (tag === IP && [4, 16].includes(value.length)) names.ip.push(ipAddress(value)); // RFC 5280, section 4.2.1.6
      const texts = tag === DNS ? names.dns : tag === URI ? names.uri : tag === EMAIL && names.email;
      if (texts) texts.push(characters(value));
    }
  }
}

function distinguishedName(content: Uint8Array): string {
  const lines = new Elements(content).all().map((set) =>
    new Elements(set).all().map((attribute) => {
      const parts = new Elements(attribute);
      const type = objectIdentifier(parts.next());
      return `${ATTRIBUTES[type] ?? type}=${valueOf(attribute.subarray(parts.at))}`;
    }).join(" + ")
  );
  return lines.join("\n");
}

/** RFC 2253, section 2.4: what is no text is in hexadecimal, so that it reads like no other value. */
function valueOf(element: Uint8Array): string {
  try {
    return escaped(decoded(element[0], new Elements(element).next()));
  } catch {
    return `#${digits(element).join("")}`;
  }
}

/** Control characters as OpenSSL writes them, so that a value has no line of its own. */
function escaped(value: string): string {
  return value.replaceAll(/[,+"\\<>;]|^[# ]| $/g, "\\$&").replaceAll(
    // deno-lint-ignore no-control-regex
    /[\x00-\x1f\x7f]/g,
    (control) => `\\${digits([control.charCodeAt(0)])[0]}`,
  );
}

function decoded(tag: number | undefined, value: Uint8Array): string {
  if (tag === UTF8_STRING) return UTF8.decode(value);
  const width = tag === BMP_STRING ? 2 : tag === UNIVERSAL_STRING ? 4 : 1;
  return characters(value, width);
}

/** Characters of so many octets each. */
function characters(value: Uint8Array, width = 1): string {
  let text = "";
  for (let at = 0; at < value.length;) {
    let code = 0;
    for (const end = at + width; at < end; at++) code = code * 256 + (value[at] ?? NaN);
    text += String.fromCodePoint(code); // which throws for what is none
  }
  return text;
}

function ipAddress(value: Uint8Array): string {
  if (value.length === 4) return value.join(".");
  const groups = digits(value).join("").match(/..../g)!;
  return groups.map((group) => group.replace(/^0{1,3}/, "")).join(":");
}

/** "2.5.29.17": 7 bits an octet, the first two numbers in one (X.690, section 8.19). */
function objectIdentifier(value: Uint8Array): string {
  const numbers: number[] = [];
  let number = 0;
  for (const octet of value) {
    number = number * 128 + (octet & 0x7f);
    if (octet >= 0x80) continue;
    if (numbers.length === 0) {
      numbers.push(Math.min(2, Math.floor(number / 40)));
      number -= 40 * numbers[0]!;
    }
    numbers.push(number);
    number = 0;
  }
  return numbers.join(".");
}

function fail(why: string): never {
  throw new Error(`Cannot read a certificate: ${why}`);
}

/** Elements that stand one after the other. */
class Elements {
  /** Where the next one begins. */
  at = 0;

  constructor(private readonly octets: Uint8Array) {}

  /** The tag of the next one; undefined where there is none. */
  get tag(): number | undefined {
    return this.octets[this.at];
  }

  /** The contents of the next one, which has `tag`. */
  take(tag: number): Uint8Array {
    if (this.tag !== tag) fail(`found tag ${this.tag}, not ${tag}`);
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
    if (!(at + length <= octets.length)) fail(`element at ${this.at} is longer than its holder`);
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
