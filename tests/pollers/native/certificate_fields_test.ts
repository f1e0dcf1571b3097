// What certificates say, read of their DER: it must not hang on how a runtime writes it.
import { assertEquals, assertThrows } from "@std/assert";
import { X509Certificate } from "node:crypto";
import { Authority, type Subject } from "../../../examples/tls/authority.ts";
import { certificateNames, certificateOf } from "../../../pollers/native/certificate.ts";
import { nodeCertificate } from "../../../pollers/native/node_certificate.ts";
import { readCertificate } from "../../../pollers/native/certificate_fields.ts";
import { test } from "../../harness.ts";

const authority = new Authority('Example, "CA"');

function derOf(subject: Subject): Uint8Array {
  return new X509Certificate(authority.issue(subject).cert).raw;
}

test("certificate names: subject, issuer and every kind of alternative name", () => {
  const { subject, issuer, names, validTo, serialNumber } = certificateOf(derOf({
    name: "client",
    dns: ["a.example", "*.b.example"],
    uri: ["spiffe://example/client"],
    ip: ["127.0.0.1"],
  }));
  assertEquals([subject, issuer], ["CN=client", 'CN=Example\\, \\"CA\\"']);
  assertEquals(names, {
    dns: ["a.example", "*.b.example"],
    uri: ["spiffe://example/client"],
    ip: ["127.0.0.1"],
    email: [],
  });
  assertEquals([validTo > new Date(), serialNumber.length > 0], [true, true]);
  assertEquals(certificateNames(authority.issue({ name: "x", dns: ["x.example"] }).cert), ["x.example"]);
});

test("certificate names: a name that reads like several is one", () => {
  const forged = [
    "x, URI:spiffe://example/admin",
    'x", URI:spiffe://example/admin',
    "x\\, DNS:admin.example",
    "x\0.example",
  ];
  for (const name of forged) {
    const { names } = readCertificate(derOf({ name: "client", uri: [name], dns: [name] }));
    assertEquals(names, { uri: [name], dns: [name], ip: [], email: [] });
  }
});

test("certificate names: to APIs of Node's, too, a name that reads like several is one", () => {
  const shown = (subject: Partial<Subject>) =>
    nodeCertificate(certificateOf(derOf({ name: "client", ...subject })));
  const { subject, subjectaltname } = shown({ uri: ["x, URI:spiffe://admin"], dns: ["a'b\0", "c.example"] });
  assertEquals(subject.CN, "client");
  assertEquals(
    subjectaltname,
    'DNS:"a\\u0027b\\u0000", DNS:c.example, URI:"x\\u002c URI:spiffe://admin"',
  );
  assertEquals(shown({}).subjectaltname, undefined);
});

test("certificate names: special characters of a subject are escaped, so that it has no line of its own", () => {
  const subjects = ["client\nO=Admin", "a,O=Admin", "a + O=Admin", " a ", "#a", "a\\", 'a"<b>;c'].map((
    name,
  ) => readCertificate(derOf({ name })).subject);
  assertEquals(subjects, [
    "CN=client\\0AO=Admin",
    "CN=a\\,O=Admin",
    "CN=a \\+ O=Admin",
    "CN=\\ a\\ ",
    "CN=\\#a",
    "CN=a\\\\",
    'CN=a\\"\\<b\\>\\;c',
  ]);
});

function element(tag: number, ...content: number[]): number[] {
  return [tag, content.length, ...content];
}

/** A certificate with this serial number, subject and extensions, and what stands in place of the end of its validity. */
function withSerial(
  serial: number[],
  end: string,
  subject: number[] = [],
  extensions: number[] = [],
): Uint8Array {
  const time = (tag: number, text: string) => element(tag, ...new TextEncoder().encode(text));
  const validity = element(
    0x30,
    ...time(0x17, "491231235959Z"),
    ...time(end.length === 13 ? 0x17 : 0x18, end),
  );
  const none = element(0x30);
  const fields = [
    ...[...element(2, ...serial), ...none, ...none, ...validity, ...element(0x30, ...subject)],
    ...extensions,
  ];
  return Uint8Array.from(element(0x30, ...element(0x30, ...fields)));
}

test("certificate names: a serial number has all of its digits, on every runtime", () => {
  const numbers = [[9], [0], [0, 0xfb], [0xfb], [0x0a, 0xbc], [0x7f, ...Array(19).fill(0)]].map((serial) =>
    certificateOf(withSerial(serial, "500101000000Z")).serialNumber
  );
  assertEquals(numbers, ["09", "00", "FB", "-05", "0ABC", "7F" + "0".repeat(38)]);
});

test("certificate names: years are of two digits, or of four", () => {
  const times = ["500101000000Z", "99991231235959Z", "20500101000001Z"].map((end) => {
    const { validFrom, validTo } = readCertificate(withSerial([1], end));
    return [validFrom, validTo].map((time) => time.toISOString());
  });
  const from = "2049-12-31T23:59:59.000Z";
  assertEquals(times, [[from, "1950-01-01T00:00:00.000Z"], [from, "9999-12-31T23:59:59.000Z"], [
    from,
    "2050-01-01T00:00:01.000Z",
  ]]);
});

test("certificate names: what a runtime's own parser says is the same", () => {
  for (let i = 0; i < 40; i++) { // of 16 serial numbers one begins with a zero
    const read = new X509Certificate(authority.issue({ name: "client" }).cert);
    const { serialNumber, validFrom, validTo, fingerprint256 } = certificateOf(read.raw);
    assertEquals(serialNumber.padStart(32, "0"), read.serialNumber.padStart(32, "0"));
    assertEquals([validFrom, validTo], [new Date(read.validFrom), new Date(read.validTo)]);
    assertEquals(fingerprint256, read.fingerprint256);
  }
});

test("certificate names: elements of every size around those whose length is written in another way", () => {
  for (const base of [100, 126, 250]) {
    for (let size = base; size < base + 12; size++) {
      const host = "h".repeat(size);
      const { names } = readCertificate(derOf({ name: "client", dns: [host] }));
      assertEquals([size, ...names.dns], [size, host]); // 128 of the name, of what holds it, of what holds that
    }
  }
});

// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -multivalue-rdn -utf8 -days 36500
//   -subj '/C=DE/O=Müller \+ Co/CN=client+UID=7/emailAddress=c@example.com/DC=example'
//   -addext 'subjectAltName=critical,email:c@example.com,IP:::1,RID:1.2.3.4,dirName:d' (section d: CN=other)
const BY_OPENSSL = `-----BEGIN CERTIFICATE-----
MIICZzCCAg2gAwIBAgIUfKhO95SxXAS2qqfY+kwfeRIJkzYwCgYIKoZIzj0EAwIw
fTELMAkGA1UEBhMCREUxFTATBgNVBAoMDE3DvGxsZXIgKyBDbzEgMA0GA1UEAwwG
Y2xpZW50MA8GCgmSJomT8ixkAQEMATcxHDAaBgkqhkiG9w0BCQEWDWNAZXhhbXBs
ZS5jb20xFzAVBgoJkiaJk/IsZAEZFgdleGFtcGxlMCAXDTI2MTEyNjA5MzcxMFoY
DzIxMjYxMTAyMDkzNzEwWjB9MQswCQYDVQQGEwJERTEVMBMGA1UECgwMTcO8bGxl
ciArIENvMSAwDQYDVQQDDAZjbGllbnQwDwYKCZImiZPyLGQBAQwBNzEcMBoGCSqG
SIb3DQEJARYNY0BleGFtcGxlLmNvbTEXMBUGCgmSJomT8ixkARkWB2V4YW1wbGUw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASjQGrw3ntUlzLDMtZ+wI3wU0KzNPmc
B25UgxEwgbSpVLwIM26OnnPbuJ4Pa/47UxOJ61giRKB2QCLsCzFNqYGwo2kwZzBG
BgNVHREBAf8EPDA6gQ1jQGV4YW1wbGUuY29thxAAAAAAAAAAAAAAAAAAAAABiAMq
AwSkEjAQMQ4wDAYDVQQDDAVvdGhlcjAdBgNVHQ4EFgQURThOtn+tUvUE/1RA45b7
/rtQmNwwCgYIKoZIzj0EAwIDSAAwRQIgFNEHObzgCH+3ibnzeUwhmDQbiG3RtTPV
L+n1k3FTHOICIQDdpVG+atBFnKA+uHSvWOzNkG2ok84zX1RiFP6MN9xnmw==
-----END CERTIFICATE-----`;

test("certificate names: a certificate that openssl made", () => {
  const { raw } = new X509Certificate(BY_OPENSSL);
  const { subject, names } = readCertificate(raw);
  assertEquals(
    subject,
    "C=DE\nO=Müller \\+ Co\nCN=client + UID=7\nemailAddress=c@example.com\nDC=example",
  );
  assertEquals(names, { dns: [], uri: [], ip: ["0:0:0:0:0:0:0:1"], email: ["c@example.com"] });
});

test("certificate names: what is cut short or no certificate is an error", () => {
  const der = derOf({ name: "client", dns: ["a.example"] });
  for (let length = 0; length < der.length; length++) {
    assertThrows(() => readCertificate(der.slice(0, length)), Error, "Cannot read a certificate");
  }
  for (const octets of [[], [0x30, 0x80], [0x31, 0], [0x30, 0xff], [0x30, 0x84, 0xff, 0xff, 0xff, 0xff]]) {
    assertThrows(() => readCertificate(Uint8Array.from(octets)), Error, "Cannot read a certificate");
  }
});

/** One with the common name of these octets, by a tag of its own. */
function withName(tag: number, ...octets: number[]): Uint8Array {
  const attribute = element(0x30, ...element(6, 0x55, 4, 3), ...element(tag, ...octets));
  return withSerial([1], "500101000000Z", element(0x31, ...attribute));
}

/** One with an address of these octets among its names. */
function withAddress(octets: number): Uint8Array {
  const names = element(0x30, ...element(0x87, ...new Array<number>(octets).fill(1)));
  const extension = element(0x30, ...element(6, 0x55, 0x1d, 0x11), ...element(4, ...names));
  return withSerial([1], "500101000000Z", [], element(0xa3, ...element(0x30, ...extension)));
}

test("certificate names: a time or number that is none is an error, on every runtime", () => {
  const times = ["", "x", "2611260539Z", "261126053956", "261126053956+0100", "20261126053956.5Z"];
  const days = ["20260231000000Z", "20261301000000Z", "20261126240000Z", "20261126053960Z"];
  for (const time of [...times, ...days]) {
    assertThrows(() => readCertificate(withSerial([1], time)), Error, "malformed time", time);
  }
  assertThrows(() => readCertificate(withSerial([], "500101000000Z")), Error, "malformed number");
});

test("certificate names: what is no text or address does not read like one", () => {
  const names: ReadonlyArray<readonly [string, number, ...number[]]> = [
    ["\ufeffa", 0x0c, 0xef, 0xbb, 0xbf, 0x61],
    ["\u3042", 0x1e, 0x30, 0x42],
    ["#0C0261FF", 0x0c, 0x61, 0xff], // UTF-8
    ["#1E03006100", 0x1e, 0, 0x61, 0], // BMPString
    ["#1C0400110000", 0x1c, 0, 0x11, 0, 0], // UniversalString
  ];
  for (const [text, tag, ...octets] of names) {
    assertEquals(readCertificate(withName(tag, ...octets)).subject, `CN=${text}`);
  }
  for (const octets of [0, 3, 5, 8, 15, 17]) {
    assertEquals(readCertificate(withAddress(octets)).names.ip, []);
  }
  assertEquals(readCertificate(withAddress(4)).names.ip, ["1.1.1.1"]);
});
