// The client hello: what a server reads before the cryptography, in whatever pieces it comes.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { alertRecord, parseClientHello } from "../../../transport/tls/client_hello.ts";
import { test } from "../../harness.ts";

const utf8 = new TextEncoder();

function vector(lengthOctets: number, ...parts: ReadonlyArray<readonly number[]>): number[] {
  const body = parts.flat();
  const length = Array.from(
    { length: lengthOctets },
    (_, i) => body.length >> 8 * (lengthOctets - 1 - i) & 255,
  );
  return [...length, ...body];
}

const name = (host: string) => [0, 0, ...vector(2, vector(2, [0], vector(2, [...utf8.encode(host)])))];
const alpn = (...protocols: string[]) => [
  ...[0, 16],
  ...vector(2, vector(2, ...protocols.map((protocol) => vector(1, [...utf8.encode(protocol)])))),
];
const versions = (
  ...list: number[]
) => [0, 43, ...vector(2, vector(1, ...list.map((one) => [one >> 8, one & 255])))];

const ticket = (octets: number) => [0, 41, ...vector(2, new Array<number>(octets).fill(9))];

/** A client hello with `extensions`, in records of at most `most` octets. */
function hello(extensions: ReadonlyArray<readonly number[]>, most = 16_384, legacy = 0x0303): Uint8Array {
  const body = [
    ...[legacy >> 8, legacy & 255],
    ...new Array<number>(32).fill(7),
    ...vector(1, []),
    ...vector(2, [0x13, 0x01]),
    ...vector(1, [0]),
    ...(extensions.length === 0 ? [] : vector(2, ...extensions)),
  ];
  const message = [1, ...vector(3, body)];
  const records: number[] = [];
  for (let at = 0; at < message.length; at += most) {
    records.push(22, 3, 1, ...vector(2, message.slice(at, at + most)));
  }
  return Uint8Array.from(records);
}

const GOOD = [name("Example.COM"), alpn("h2", "http/1.1"), versions(0x0a0a, 0x0304, 0x0303)];

test("client hello: name, protocols and newest version are read", () => {
  assertEquals(parseClientHello(hello(GOOD)), {
    kind: "hello",
    hello: { serverName: "example.com", protocols: ["h2", "http/1.1"], version: 0x0304 },
  });
});

test("client hello: it may come in any pieces and records", () => {
  for (const most of [10, 50, 16_384]) {
    const bytes = hello(GOOD, most);
    for (let length = 0; length < bytes.length; length++) {
      const parsed = parseClientHello(bytes.subarray(0, length));
      assertEquals(parsed.kind, "incomplete", `${length} of ${bytes.length}`);
      if (parsed.kind === "incomplete") assert(parsed.needed > length && parsed.needed <= bytes.length);
    }
    assertEquals(parseClientHello(bytes).kind, "hello");
  }
});

test("client hello: it may have the largest ticket that there is", () => {
  assertEquals(parseClientHello(hello([...GOOD, ticket(65_280)])).kind, "hello");
});

test("client hello: a long one may come in hundreds of records, and is not looked at for each of them", () => {
  for (const [octets, most] of [[65_280, 512], [30_000, 64]] as const) {
    const bytes = hello([...GOOD, ticket(octets)], most);
    let parsed = parseClientHello(bytes.subarray(0, 1));
    let looks = 1;
    for (; parsed.kind === "incomplete"; looks++) {
      assert(parsed.needed <= bytes.length);
      parsed = parseClientHello(bytes.subarray(0, parsed.needed));
    }
    assertEquals(parsed.kind, "hello");
    assert(looks <= 8, `${looks} looks`);
  }
});

test("client hello: a client is refused in plain words, with the alert that says the same", () => {
  for (
    const [bytes, alert, why] of [
      [hello([alpn("http/1.1")]), 120, /offers "http\/1\.1" \(ALPN\), and gRPC needs "h2"/],
      [hello([]), 120, /offers no protocol \(ALPN\)/],
      [hello([alpn("h2")], 16_384, 0x0302), 70, /offers TLS 1\.1 at most/],
      [utf8.encode("PRI * HTTP/2.0\r\n"), 10, /HTTP\/2 without TLS/],
      [utf8.encode("GET / HTTP/1.1\r\n"), 10, /HTTP\/1 without TLS/],
      [Uint8Array.of(0, 0, 0, 0), 10, /not TLS/],
      [hello(GOOD, 1), 50, /has 16 bytes in 16 records and goes on/],
      [hello([...GOOD, ticket(60_000)], 63), 50, /has 1008 bytes in 16 records and goes on/],
      [hello([...GOOD, ticket(60_000)], 100), 50, /has 51300 bytes in 513 records and goes on/],
      [Uint8Array.of(22, 3, 1, 0, 4, 1, 0xff, 0, 0), 50, /has \d+ bytes/],
      [Uint8Array.of(22, 3, 1, 0x40, 1), 22, /record has 16385 bytes/],
    ] as const
  ) {
    const parsed = parseClientHello(bytes);
    assert(parsed.kind === "refused", parsed.kind);
    assertEquals(parsed.alert, alert);
    assertMatch(parsed.why, why);
  }
});

test("client hello: whatever bytes come, it is read or refused", () => {
  const good = hello(GOOD);
  for (let at = 0; at < good.length; at++) {
    for (const octet of [0, 1, 127, 255]) {
      const bad = good.slice();
      bad[at] = octet;
      assertMatch(parseClientHello(bad).kind, /^(?:hello|incomplete|refused)$/);
    }
  }
});

test("client hello: an alert is a record of its own", () => {
  assertEquals([...alertRecord(120)], [21, 3, 3, 0, 2, 2, 120]);
});
