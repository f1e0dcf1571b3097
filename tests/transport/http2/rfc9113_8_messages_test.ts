// RFC 9113, sections 8.1 to 8.3: what a message must look like.
import { assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import { Bench, data, END_STREAM, REQUEST } from "./wire.ts";

type Field = readonly [string, string];

const OK: Field[] = [[":status", "200"]];
const without = (name: string) => REQUEST.filter(([field]) => field !== name);

const malformedRequests: Array<[string, Field[]]> = [
  ["no :method", without(":method")],
  ["no :scheme", without(":scheme")],
  ["no :path", without(":path")],
  ["an empty :path", [...without(":path"), [":path", ""]]],
  [":method twice", [...REQUEST, [":method", "GET"]]],
  [":status", [...REQUEST, [":status", "200"]]],
  ["an unknown pseudo-header field", [...REQUEST, [":foo", "x"]]],
  ["a pseudo-header field after a regular one", [["a", "b"], ...REQUEST]],
  ["an upper-case name", [...REQUEST, ["Content-Type", "x"]]],
  ["an empty name", [...REQUEST, ["", "x"]]],
  ["a space in a name", [...REQUEST, ["a b", "x"]]],
  ["a colon in a name", [...REQUEST, ["a:b", "x"]]],
  ["a byte above 0x7f in a name", [...REQUEST, ["a\xe4", "x"]]],
  ["NUL in a value", [...REQUEST, ["a", "x\0"]]],
  ["CR in a value", [...REQUEST, ["a", "x\ry"]]],
  ["LF in a value", [...REQUEST, ["a", "x\ny"]]],
  ["connection", [...REQUEST, ["connection", "close"]]],
  ["keep-alive", [...REQUEST, ["keep-alive", "1"]]],
  ["proxy-connection", [...REQUEST, ["proxy-connection", "1"]]],
  ["transfer-encoding", [...REQUEST, ["transfer-encoding", "chunked"]]],
  ["upgrade", [...REQUEST, ["upgrade", "h2c"]]],
  ["te: gzip", [...REQUEST, ["te", "gzip"]]],
  ["content-length: x", [...REQUEST, ["content-length", "x"]]],
];
test("8.1: a section that is well-formed as a request is not so as trailers, though its block comes again", () => {
  const bench = new Bench("server");
  for (const id of [1, 3, 5]) bench.send(bench.headers(id));
  bench.sent();
  bench.send(bench.headers(5, REQUEST, true));
  assertEquals(bench.sent(), ["RST_STREAM 5 PROTOCOL_ERROR"]);
  bench.send(bench.headers(7));
  assertEquals([bench.sink.take().at(-1), bench.outcome], ["headers 7", "open"]);
});

for (const [what, fields] of malformedRequests) {
  test(`8.1.1: a request with ${what} is a PROTOCOL_ERROR of its stream`, () => {
    const bench = new Bench("server");
    bench.send(bench.headers(1, fields));
    assertEquals(bench.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
    bench.send(data(1, 5), bench.headers(3, [...REQUEST, ["te", "trailers"]], true));
    assertEquals([bench.outcome, bench.sink.take().pop()], ["open", "headers 3 end"]);
  });
}

const malformedResponses: Array<[string, Field[]]> = [
  ["no :status", [["a", "b"]]],
  [":status of two digits", [[":status", "20"]]],
  [":status that is no number", [[":status", "2x0"]]],
  [":path", [...OK, [":path", "/"]]],
  [":status twice", [...OK, ...OK]],
  ["status 101", [[":status", "101"]]],
];
for (const [what, fields] of malformedResponses) {
  test(`8.1.1: a response with ${what} is a PROTOCOL_ERROR of its stream`, () => {
    const bench = new Bench("client");
    bench.open(true);
    bench.send(bench.headers(1, fields));
    assertEquals(bench.sent(), ["HEADERS 1 end", "RST_STREAM 1 PROTOCOL_ERROR"]);
    assertEquals(bench.sink.take(), ["closed 1 stream PROTOCOL_ERROR library"]);
  });
}

test("8.1: trailers end the stream, and have no pseudo-header fields", () => {
  for (
    const [fields, end] of [[[["a", "b"]], false], [[[":path", "/"]], true]] as Array<[Field[], boolean]>
  ) {
    const bench = new Bench("server");
    bench.send(bench.headers(1), data(1, 3), bench.headers(1, fields, end));
    assertEquals(bench.sent(), ["RST_STREAM 1 PROTOCOL_ERROR"]);
  }
  const bench = new Bench("server");
  bench.send(bench.headers(1), data(1, 3), bench.headers(1, [["a", "b"]], true));
  assertEquals(bench.sink.take(), ["headers 1", "data 1 3", "trailers 1"]);
});

test("8.1: interim responses are swallowed, and cannot end a stream", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.send(bench.headers(1, [[":status", "100"]]), bench.headers(1, [[":status", "103"], ["link", "x"]]));
  assertEquals(bench.sink.take(), []);
  bench.send(bench.headers(1, OK, true));
  assertEquals(bench.sink.take(), ["headers 1 end", "closed 1 ok"]);
  bench.open(true);
  bench.send(bench.headers(3, [[":status", "100"]], true));
  assertEquals(bench.sink.take(), ["closed 3 stream PROTOCOL_ERROR library"]);
});

test("8.1: DATA before the response's header section is a PROTOCOL_ERROR of the stream", () => {
  const bench = new Bench("client");
  bench.open(true);
  bench.send(data(1, 5));
  assertEquals(bench.sink.take(), ["closed 1 stream PROTOCOL_ERROR library"]);
});

test("8.1.1: content that is not as long as content-length says is malformed", () => {
  const length = (value: string): Field[] => [...REQUEST, ["content-length", value]];
  const cases: Array<[Uint8Array[], (bench: Bench) => Uint8Array | undefined, boolean]> = [
    [[data(1, 4), data(1, 1, END_STREAM)], () => undefined, true],
    [[data(1, 6)], () => undefined, false],
    [[data(1, 4, END_STREAM)], () => undefined, false],
    [[data(1, 4)], (bench) => bench.headers(1, [["a", "b"]], true), false],
    [[data(1, 5)], (bench) => bench.headers(1, [["a", "b"]], true), true],
  ];
  for (const [frames, trailers, good] of cases) {
    const bench = new Bench("server");
    bench.send(bench.headers(1, length("5")), ...frames);
    const last = trailers(bench);
    if (last !== undefined) bench.send(last);
    assertEquals(bench.sent(), good ? [] : ["RST_STREAM 1 PROTOCOL_ERROR"]);
  }
});
