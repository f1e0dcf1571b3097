// RFC 9113, sections 8.2 to 8.5: fields and pseudo-header fields, octet by octet, in requests, responses and trailers.
import { assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import { Bench, data, REQUEST } from "./wire.ts";

type Field = readonly [name: string, value: string];

const OK: Field[] = [[":status", "200"]];
const KINDS = ["request", "response", "trailers of a request", "trailers of a response"] as const;
type Kind = typeof KINDS[number];

/** What comes of a section of `kind` with `fields` beside those that it must have: "taken", or the error. */
function outcome(kind: Kind, fields: Field[], instead?: Field[]): string {
  const bench = new Bench(kind.endsWith("request") ? "server" : "client");
  if (!kind.endsWith("request")) bench.open();
  if (kind.startsWith("trailers")) bench.send(bench.headers(1, kind.endsWith("request") ? REQUEST : OK));
  bench.sent();
  const base = kind === "request" ? REQUEST : kind === "response" ? OK : [];
  bench.send(bench.headers(1, instead ?? [...base, ...fields], true));
  const resets = bench.sent();
  if (bench.outcome !== "open") return bench.outcome;
  return resets.length === 0 ? "taken" : resets.join();
}

const MALFORMED = "RST_STREAM 1 PROTOCOL_ERROR";
const request = (changes: Record<string, string | undefined>, ...more: Field[]): string => {
  const all = new Map<string, string | undefined>([...REQUEST, ...Object.entries(changes)]);
  const fields = [...all].filter((field): field is [string, string] => field[1] !== undefined);
  return outcome("request", [], [
    ...fields.filter(([name]) => name.startsWith(":")),
    ...fields.filter(([name]) => !name.startsWith(":")),
    ...more,
  ]);
};

/** RFC 9110, section 5.6.2: the characters of a token, without capitals. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]$/;

test("8.2.1: each octet in a field name: lower-case tokens are taken, all others are malformed", () => {
  for (let octet = 0; octet < 256; octet++) {
    const char = String.fromCharCode(octet);
    for (const name of [`a${char}b`, `${char}b`, `a${char}`]) {
      // A colon at the beginning makes a pseudo-header field, which is malformed after a regular one or undefined.
      const expected = NAME.test(char) ? "taken" : MALFORMED;
      for (const kind of KINDS) assertEquals(outcome(kind, [[name, "v"]]), expected, JSON.stringify(name));
    }
  }
});

test("8.2.1: each octet in a field value: controls but the tab are malformed wherever they stand", () => {
  for (let octet = 0; octet < 256; octet++) {
    const char = String.fromCharCode(octet);
    const control = octet < 0x20 && octet !== 0x09 || octet === 0x7f;
    const expected = control ? MALFORMED : "taken"; // white space at either end too: gRPC's other libraries send it
    for (const kind of KINDS) {
      for (const value of [`v${char}w`, `${char}w`, `v${char}`, char]) {
        assertEquals(outcome(kind, [["a", value]]), expected, JSON.stringify(value));
      }
    }
  }
  for (const kind of KINDS) assertEquals(outcome(kind, [["a", ""]]), "taken");
});

test("8.2.1: values of pseudo-header fields are held to the same, and have no white space at either end", () => {
  for (const value of ["/a\0", "/a\r", "/a\n", " /a", "/a ", "/a\t", "/a\x7f"]) {
    assertEquals(request({ ":path": value }), MALFORMED, JSON.stringify(value));
    assertEquals(request({ ":authority": value }), MALFORMED, JSON.stringify(value));
  }
});

test("8.2.2: connection-specific fields are malformed, whatever they say and wherever they stand", () => {
  for (const name of ["connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade"]) {
    for (const kind of KINDS) {
      for (const value of ["", "x", "trailers"]) {
        assertEquals(outcome(kind, [[name, value]]), MALFORMED, name);
      }
    }
  }
});

test('8.2.2: te is in requests alone, and says "trailers"', () => {
  assertEquals(outcome("request", [["te", "trailers"]]), "taken");
  for (const value of ["", "gzip", "trailers, deflate", "Trailers;q=1"]) {
    assertEquals(outcome("request", [["te", value]]), MALFORMED, value);
  }
  for (const kind of KINDS.slice(1)) assertEquals(outcome(kind, [["te", "trailers"]]), MALFORMED, kind);
});

test("8.2.3: a cookie in several fields is taken, for it may be split", () => {
  assertEquals(outcome("request", [["cookie", "a=b"], ["cookie", "c=d"]]), "taken");
});

test("8.3: pseudo-header fields that this document does not define are malformed", () => {
  for (const name of [":", ":foo", ":protocol", "::path", ":Path", ":status "]) {
    for (const kind of KINDS) {
      const own = kind === "request" ? REQUEST : kind === "response" ? OK : [];
      assertEquals(outcome(kind, [], [[name, "x"], ...own]), MALFORMED, `${name} before`);
      assertEquals(outcome(kind, [], [...own, [name, "x"]]), MALFORMED, `${name} after`);
    }
  }
});

test("8.3: pseudo-header fields of requests are malformed in responses and trailers, and the other way round", () => {
  for (const name of [":method", ":scheme", ":path", ":authority"]) {
    assertEquals(outcome("response", [], [...OK, [name, "/"]]), MALFORMED, name);
  }
  assertEquals(outcome("request", [], [...REQUEST, [":status", "200"]]), MALFORMED);
  for (const kind of ["trailers of a request", "trailers of a response"] as const) {
    for (const name of [":method", ":scheme", ":path", ":authority", ":status"]) {
      assertEquals(outcome(kind, [[name, "200"]]), MALFORMED, `${name} in ${kind}`);
    }
  }
});

test("8.3: each pseudo-header field once, and before all regular ones", () => {
  for (const field of REQUEST) {
    assertEquals(outcome("request", [], [...REQUEST, field]), MALFORMED, `${field[0]} twice`);
    const others = REQUEST.filter((one) => one !== field);
    assertEquals(outcome("request", [], [...others, ["a", "b"], field]), MALFORMED, `${field[0]} after`);
  }
  assertEquals(outcome("response", [], [...OK, ...OK]), MALFORMED);
  assertEquals(outcome("response", [], [["a", "b"], ...OK]), MALFORMED);
});

test("8.3.1: exactly one :method, :scheme and :path that are valid", () => {
  for (const name of [":method", ":scheme", ":path"]) {
    assertEquals(request({ [name]: undefined }), MALFORMED, `no ${name}`);
    assertEquals(request({ [name]: "" }), MALFORMED, `${name} is empty`);
  }
  for (const method of ["GET", "M-SEARCH", "post"]) {
    assertEquals(request({ ":method": method }), "taken", method);
  }
  for (const method of ["GE T", "G(ET", "é"]) assertEquals(request({ ":method": method }), MALFORMED, method);
  for (const scheme of ["https", "ftp", "a+b-c.1"]) {
    assertEquals(request({ ":scheme": scheme }), "taken", scheme);
  }
  for (const scheme of ["1http", "ht tp", "http:"]) {
    assertEquals(request({ ":scheme": scheme }), MALFORMED, scheme);
  }
});

test("8.3.1: :path of http and https begins with a slash, or is the asterisk of OPTIONS", () => {
  for (const path of ["a.B/C", "*", "?", "http://x/"]) {
    assertEquals(request({ ":path": path }), MALFORMED, path);
  }
  assertEquals(request({ ":path": "a.B/C", ":scheme": "https" }), MALFORMED);
  assertEquals(request({ ":path": "*", ":method": "OPTIONS" }), "taken");
  assertEquals(request({ ":path": "a:b", ":scheme": "urn" }), "taken", "other schemes have other paths");
});

test("8.3.1: :authority has no userinfo, and may be absent", () => {
  assertEquals(request({ ":authority": "user@host" }), MALFORMED);
  assertEquals(request({ ":authority": "user:pass@host:1", ":scheme": "https" }), MALFORMED);
  assertEquals(request({ ":authority": undefined }), "taken");
  assertEquals(request({ ":authority": undefined, "host": "h" }), "taken");
  assertEquals(request({ ":authority": "[::1]:80" }), "taken");
});

test("8.3.2: :status is three digits, in interim responses too", () => {
  for (const status of ["", "20", "2000", "2x0", "099", " 200", "+20"]) {
    assertEquals(outcome("response", [], [[":status", status]]), MALFORMED, status);
  }
  assertEquals(outcome("response", [], [["a", "b"]]), MALFORMED);
  const bench = new Bench("client");
  bench.open(true);
  bench.sent();
  bench.send(bench.headers(1, [["link", "x"]]));
  assertEquals(bench.sent(), [MALFORMED]);
});

test("8.5: CONNECT has :authority, and neither :scheme nor :path", () => {
  const connect = { ":method": "CONNECT", ":scheme": undefined, ":path": undefined };
  assertEquals(request(connect), "taken");
  assertEquals(request({ ...connect, ":path": "/" }), MALFORMED);
  assertEquals(request({ ...connect, ":scheme": "http" }), MALFORMED);
  assertEquals(request({ ...connect, ":scheme": "http", ":path": "/" }), MALFORMED);
  assertEquals(request({ ...connect, ":authority": undefined }), MALFORMED);
  assertEquals(request({ ...connect, ":authority": "" }), MALFORMED);
});

test("8.5: :protocol is RFC 8441's, and malformed where the server has not turned that on", () => {
  assertEquals(outcome("request", [], [[":protocol", "websocket"], ...REQUEST]), MALFORMED);
  const extended: Field[] = [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "test"],
  ];
  assertEquals(outcome("request", [], extended), MALFORMED);
});

test("8.1.1: content-length that is there more than once is one number, or malformed", () => {
  const lengths = (...values: string[]) => values.map((value): Field => ["content-length", value]);
  for (const [role, base] of [["server", REQUEST], ["client", OK]] as const) {
    for (
      const [values, good] of [
        [["5"], true],
        [["5", "5"], true],
        [["5", "6"], false],
        [["6", "5"], false],
        [["5", ""], false],
        [["5, 5"], false],
        [["5,6"], false],
        [["+5"], false],
        [["5.0"], false],
        [["0x5"], false],
        [["99999999999999999999"], false],
      ] as Array<[string[], boolean]>
    ) {
      const bench = new Bench(role);
      if (role === "client") bench.open(true);
      bench.sent();
      bench.send(bench.headers(1, [...base, ...lengths(...values)]), data(1, 5));
      assertEquals(bench.sent(), good ? [] : [MALFORMED], `${role}: ${values.join(" and ")}`);
    }
  }
});

test("8.1.1: content-length above 0 with END_STREAM is malformed, but where a response has no content by its status", () => {
  assertEquals(outcome("request", [["content-length", "5"]]), MALFORMED);
  assertEquals(outcome("response", [["content-length", "5"]]), MALFORMED);
  assertEquals(outcome("response", [["content-length", "0"]]), "taken");
  for (const status of ["204", "304"]) {
    const fields: Field[] = [[":status", status], ["content-length", "5"]];
    assertEquals(outcome("response", [], fields), "taken", status);
  }
});

test("8.1: a header section after the final response's, or after a request's, without END_STREAM is malformed", () => {
  for (const section of [[["a", "b"]], OK, [[":status", "100"]]] as Field[][]) {
    const client = new Bench("client");
    client.open(true);
    client.sent();
    client.send(client.headers(1, OK), client.headers(1, section));
    assertEquals(client.sent(), [MALFORMED]);
  }
  const server = new Bench("server");
  server.send(server.headers(1), server.headers(1, REQUEST));
  assertEquals(server.sent(), [MALFORMED]);
});

test("8.1: a client does not take a malformed response: nothing of it is handed up", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.send(
    bench.headers(1, [...OK, ["Upper", "x"]]),
    data(1, 5),
    bench.headers(1, [["grpc-status", "0"]], true),
  );
  assertEquals(bench.sink.take(), ["closed 1 stream PROTOCOL_ERROR library"]);
});
