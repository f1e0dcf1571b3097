// RFC 7541, Appendix A: what each index of the static table stands for, whole and as a name.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { test } from "../../harness.ts";

/** Index 1 to 14 and 16, the entries with a value and the one before them. */
const VALUES: Array<[index: number, name: string, value: string]> = [
  [1, ":authority", ""],
  [2, ":method", "GET"],
  [3, ":method", "POST"],
  [4, ":path", "/"],
  [5, ":path", "/index.html"],
  [6, ":scheme", "http"],
  [7, ":scheme", "https"],
  [8, ":status", "200"],
  [9, ":status", "204"],
  [10, ":status", "206"],
  [11, ":status", "304"],
  [12, ":status", "400"],
  [13, ":status", "404"],
  [14, ":status", "500"],
  [16, "accept-encoding", "gzip, deflate"],
];

/** Index 15 to 61. */
const NAMES = ("accept-charset accept-encoding accept-language accept-ranges accept " +
  "access-control-allow-origin age allow authorization cache-control content-disposition content-encoding " +
  "content-language content-length content-location content-range content-type cookie date etag expect " +
  "expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified " +
  "link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after " +
  "server set-cookie strict-transport-security transfer-encoding user-agent vary via www-authenticate")
  .split(" ");

const TABLE = new Map<number, [name: string, value: string]>([
  ...NAMES.map((name, i): [number, [string, string]] => [15 + i, [name, ""]]),
  ...VALUES.map(([index, name, value]): [number, [string, string]] => [index, [name, value]]),
]);

function decode(...octets: number[]): Array<[string, string]> {
  const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
  const list = decoder.decode(Uint8Array.from(octets), 0, octets.length);
  assert(list instanceof HeaderList, JSON.stringify(list));
  return [...list];
}

test("Appendix A: each of the 61 indexes as a field, and as a name with a value of its own", () => {
  assertEquals(TABLE.size, 61);
  for (const [index, [name, value]] of TABLE) {
    assertEquals(decode(0x80 | index), [[name, value]], `index ${index}`);
    const rest = index < 15 ? [index] : [0x0f, index - 15];
    assertEquals(decode(...rest, 1, 0x21), [[name, "!"]], `name of index ${index}`);
  }
});

test("Appendix A: the encoder sends what is in the table as its index, one octet", () => {
  const secret = new Set(["authorization", "proxy-authorization", "cookie", "set-cookie"]);
  for (const [index, [name, value]] of TABLE) {
    if (secret.has(name)) continue; // sent as never indexed, for their values
    const out = new ByteSink(8);
    new Encoder().encode(HeaderList.of([[name, value]]), undefined, out);
    assertEquals([...out.bytes.subarray(0, out.length)], [0x80 | index], name);
  }
});
