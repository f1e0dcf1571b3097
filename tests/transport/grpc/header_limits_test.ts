// RFC 9113, sections 6.5.2 and 10.5.1: what a server sends is no larger than its client takes, and says what it was.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { RESPONSE_HEADERS } from "../../../transport/grpc/headers.ts";
import { decodePercent, encodePercent } from "../../../transport/grpc/percent.ts";
import { GrpcStatus, type StatusCode } from "../../../transport/grpc/status_mapping.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import {
  UNANNOUNCED_HEADER_LIST_BYTES,
  UNANNOUNCED_STATUS_MESSAGE_BYTES,
} from "../../../transport/http2/limits.ts";
import { test } from "../../harness.ts";
import { REQUEST, ServerCalls } from "./recording_call.ts";

const MAX_HEADER_LIST_SIZE = 6;
const LIMIT = 1_000;
/** What trailers with a status of one digit have beside message and metadata. */
const BARE = "grpc-status".length + 1 + 32;

/** A server's call whose client takes header lists of `limit`; of any size where it says nothing. */
function calling(limit?: number): ServerCalls {
  const calls = new ServerCalls(limit === undefined ? [] : [[MAX_HEADER_LIST_SIZE, limit]]);
  calls.bench.send(calls.bench.headers(1, REQUEST));
  return calls;
}

/** The trailers of a call with one message, or the trailers-only response, with `status`. */
function ended(
  limit: number | undefined,
  [code, message, metadata]: [code: StatusCode, message: string, metadata?: HeaderList | undefined],
  only: boolean,
): HeaderList {
  const calls = calling(limit);
  if (!only) calls.stream!.sendHeaders(undefined);
  calls.stream!.sendStatus(code, message, metadata);
  assertEquals(calls.bench.outcome, "open");
  return calls.answeredLists().at(-1)!;
}

const metadataOf = (octets: number) => HeaderList.of([["x", "v".repeat(octets - 1 - 32)]]);

test("a status message is cut to what is left of the client's limit, to the octet, in trailers and trailers-only", () => {
  const message = "why it failed, at length. ".repeat(1_000);
  for (const only of [false, true]) {
    for (const metadata of [undefined, metadataOf(400)]) {
      const list = ended(LIMIT, [GrpcStatus.NOT_FOUND, message, metadata], only);
      assertEquals(list.get("grpc-status"), "5");
      const sent = list.get("grpc-message")!;
      assert(message.startsWith(sent));
      // Room is kept for a status of two digits, and no value may end with a space.
      const spare = LIMIT - list.octets;
      assert(spare >= 1 && spare <= 2, `${spare} octets are left`);
    }
  }
});

test("a status message that just fits is whole", () => {
  const most = LIMIT - BARE - 1 - "grpc-message".length - 32;
  for (const length of [most, most + 1]) {
    const list = ended(LIMIT, [GrpcStatus.NOT_FOUND, "x".repeat(length)], false);
    assertEquals(list.get("grpc-message")!.length, most);
  }
});

test("a client that announced no limit gets messages of 8 KiB, and metadata of what none is known to close for", () => {
  const long = ended(undefined, [GrpcStatus.ABORTED, "x".repeat(300_000)], false);
  assertEquals(long.get("grpc-message")!.length, UNANNOUNCED_STATUS_MESSAGE_BYTES);
  const fits = metadataOf(UNANNOUNCED_HEADER_LIST_BYTES - BARE - 1);
  assertEquals(ended(undefined, [GrpcStatus.ABORTED, "", fits], false).get("x"), fits.get("x"));
  const above = metadataOf(UNANNOUNCED_HEADER_LIST_BYTES - BARE);
  const refused = ended(undefined, [GrpcStatus.ABORTED, "", above], false);
  assertEquals(refused.get("grpc-status"), String(GrpcStatus.RESOURCE_EXHAUSTED));
  assertMatch(refused.get("grpc-message")!, /131072, the most that is sent to a peer without SETTINGS_MAX/);
});

test("a large limit lets a large message through", () => {
  const message = "x".repeat(300_000);
  assertEquals(ended(1_000_000, [GrpcStatus.ABORTED, message], true).get("grpc-message"), message);
});

test("trailing metadata above the limit: RESOURCE_EXHAUSTED, names, sizes, and what the status was", () => {
  const metadata = HeaderList.of([["x-a", "a".repeat(500)], ["x-b", "b"], ["x-a", "a".repeat(500)]]);
  for (const only of [false, true]) {
    const list = ended(LIMIT, [GrpcStatus.FAILED_PRECONDITION, "too early", metadata], only);
    assertEquals([list.get("grpc-status"), list.get("x-a")], ["8", undefined]);
    const own = 45 + (only ? RESPONSE_HEADERS.octets : 0);
    assertEquals(
      list.get("grpc-message"),
      `trailing metadata of ${
        1_106 + own
      } bytes is above the peer's SETTINGS_MAX_HEADER_LIST_SIZE of 1000: ` +
        `x-a 1070, x-b 36, the protocol's own ${own}; the status was FAILED_PRECONDITION: too early`,
    );
  }
});

test("trailing metadata above the limit, of a call that was OK: the same", () => {
  const list = ended(LIMIT, [GrpcStatus.OK, "", metadataOf(2_000)], false);
  assertEquals(list.get("grpc-status"), "8");
  assertMatch(list.get("grpc-message")!, /the status was OK$/);
});

test("of many names a refusal has the largest, and of long ones the beginning", () => {
  const fields = Array.from({ length: 20 }, (_, i): [string, string] => [`n${i}`, "v".repeat(100 + i)]);
  const many = ended(LIMIT, [GrpcStatus.OK, "", HeaderList.of(fields)], false).get("grpc-message")!;
  assertMatch(many, /: n19 154, n18 153, n17 152, .*n12 147, 12 other names, the protocol's own 45;/);
  const long = ended(LIMIT, [GrpcStatus.OK, "", HeaderList.of([["n".repeat(5_000), "v"]])], false);
  assertMatch(long.get("grpc-message")!, /: n{64} 5033, the/);
});

test("initial metadata above the limit is not sent, and the call may still end with a status", () => {
  const calls = calling(LIMIT);
  const excess = calls.stream!.sendHeaders(metadataOf(LIMIT));
  assertMatch(excess!, /^initial metadata of \d+ bytes is above .* of 1000: x 1000, the protocol's own \d+$/);
  assertEquals(calls.bench.sent(), []);
  calls.stream!.sendStatus(GrpcStatus.RESOURCE_EXHAUSTED, excess!, undefined);
  assertEquals(calls.answeredLists().map((list) => list.get("grpc-status")), ["8"]);
  const fits = calling(LIMIT);
  const most = metadataOf(LIMIT - RESPONSE_HEADERS.octets);
  assertEquals([fits.stream!.sendHeaders(most), fits.bench.sent()], [undefined, ["HEADERS 1"]]);
});

test("a limit that leaves no room for anything: the bare status goes out all the same", () => {
  for (const only of [false, true]) {
    const list = ended(0, [GrpcStatus.NOT_FOUND, "no", metadataOf(50)], only);
    assertEquals([list.get("grpc-status"), list.get("grpc-message"), list.get("x")], [
      "8",
      undefined,
      undefined,
    ]);
    assertEquals(ended(0, [GrpcStatus.NOT_FOUND, "no"], only).get("grpc-status"), "5");
  }
});

test("what begins no call, quoted at its client: cut like every message", () => {
  const calls = new ServerCalls([[MAX_HEADER_LIST_SIZE, LIMIT]]);
  const contentType = `application/grpc+${"x".repeat(5_000)}`;
  calls.bench.send(calls.bench.headers(1, [...REQUEST.slice(0, 5), ["content-type", contentType]]));
  const [list] = calls.answeredLists();
  assertEquals(list!.get("grpc-status"), String(GrpcStatus.UNIMPLEMENTED));
  assert(list!.octets <= LIMIT && list!.get("grpc-message")!.length > 500);
});

test("Percent-Encoded, cut: never within an escape or a character, never with a space at the end", () => {
  const cuts: Array<[message: string, room: number, expected: string]> = [
    ["abc", 3, "abc"],
    ["abcd", 3, "abc"],
    ["abcd", 0, ""],
    ["abcd", -5, ""],
    ["ab%", 4, "ab"],
    ["ab%", 5, "ab%25"],
    ["aé", 6, "a"],
    ["aé", 7, "a%C3%A9"],
    ["a☃b", 9, "a"],
    ["a☃b", 10, "a%E2%98%83"],
    ["a😀b", 2, "a"],
    ["a😀b", 12, "a"],
    ["a😀b", 13, "a%F0%9F%98%80"],
    ["ab  cd", 4, "ab"],
    ["ab  cd", 5, "ab  c"],
    ["é  cd", 8, "%C3%A9"],
    [" ab", 4, "%20a"],
    ["ab ", 4, "ab"],
    ["ab ", 5, "ab%20"],
  ];
  for (const [message, room, expected] of cuts) {
    assertEquals(encodePercent(message, room), expected, `${message} ${room}`);
  }
});

for (const seed of [1, 2]) {
  test(`Percent-Encoded, cut, seed ${seed}: a beginning of the message, as long as it may be`, () => {
    const random = new SeededRandom(seed);
    for (let round = 0; round < 2_000; round++) {
      const characters = Array.from({ length: random.below(40) }, () => [..."ab %é☃😀\n"][random.below(8)]!);
      const message = characters.join("");
      const room = random.below(80);
      const sent = encodePercent(message, room);
      const what = `${JSON.stringify(message)} in ${room}`;
      assert(sent.length <= room && sent.trim() === sent, what);
      const read = decodePercent(sent);
      assert(message.startsWith(read), what);
      const next = message.slice(read.length);
      if (next === "" || message.includes(" ")) continue; // where spaces are cut, more would have fitted
      assert(encodePercent(read + [...next][0]).length > room, what);
    }
  });
}
