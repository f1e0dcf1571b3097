// The examples of RFC 7541, Appendix C: what each block decodes to, and what the dynamic table holds after it.
import { assert, assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import { Encoder } from "../../../transport/hpack/encoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";
import { encodeInteger, IntegerReader } from "../../../transport/hpack/integer.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

type Field = [name: string, value: string];

interface Step {
  readonly section: string;
  /** Octets in hex; the blanks are the RFC's. */
  readonly block: string;
  readonly fields: Field[];
  /** The dynamic table afterwards, newest first. */
  readonly table: Field[];
}

const AUTHORITY: Field = [":authority", "www.example.com"];
const NO_CACHE: Field = ["cache-control", "no-cache"];
const CUSTOM: Field = ["custom-key", "custom-value"];
const GET: Field = [":method", "GET"];

function requests(section: string, blocks: [string, string, string]): Step[] {
  const [one, two, three] = blocks;
  const http: Field[] = [GET, [":scheme", "http"], [":path", "/"], AUTHORITY];
  return [
    { section: `${section}.1`, block: one, fields: http, table: [AUTHORITY] },
    { section: `${section}.2`, block: two, fields: [...http, NO_CACHE], table: [NO_CACHE, AUTHORITY] },
    {
      section: `${section}.3`,
      block: three,
      fields: [GET, [":scheme", "https"], [":path", "/index.html"], AUTHORITY, CUSTOM],
      table: [CUSTOM, NO_CACHE, AUTHORITY],
    },
  ];
}

const PRIVATE: Field = ["cache-control", "private"];
const DATE_21: Field = ["date", "Mon, 21 Oct 2013 20:13:21 GMT"];
const DATE_22: Field = ["date", "Mon, 21 Oct 2013 20:13:22 GMT"];
const LOCATION: Field = ["location", "https://www.example.com"];
const GZIP: Field = ["content-encoding", "gzip"];
const COOKIE: Field = ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"];
const status = (code: string): Field => [":status", code];

function responses(section: string, blocks: [string, string, string]): Step[] {
  const [one, two, three] = blocks;
  return [
    {
      section: `${section}.1`,
      block: one,
      fields: [status("302"), PRIVATE, DATE_21, LOCATION],
      table: [LOCATION, DATE_21, PRIVATE, status("302")],
    },
    {
      section: `${section}.2`,
      block: two,
      fields: [status("307"), PRIVATE, DATE_21, LOCATION],
      table: [status("307"), LOCATION, DATE_21, PRIVATE],
    },
    {
      section: `${section}.3`,
      block: three,
      fields: [status("200"), PRIVATE, DATE_22, LOCATION, GZIP, COOKIE],
      table: [COOKIE, GZIP, DATE_22],
    },
  ];
}

const C3 = requests("C.3", [
  "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
  "8286 84be 5808 6e6f 2d63 6163 6865",
  "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
]);
const C4 = requests("C.4", [
  "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
  "8286 84be 5886 a8eb 1064 9cbf",
  "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
]);
const C5 = responses("C.5", [
  "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 " +
  "474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
  "4803 3330 37c1 c0bf",
  "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 " +
  "666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 " +
  "3630 303b 2076 6572 7369 6f6e 3d31",
]);
const C6 = responses("C.6", [
  "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 " +
  "63c7 8f0b 97c8 e9ae 82ae 43d3",
  "4883 640e ffc1 c0bf",
  "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 " +
  "b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
]);

const octets = (hex: string) => fromHex(hex.replaceAll(" ", ""));

function decode(decoder: Decoder, hex: string): Field[] {
  const block = octets(hex);
  const list = decoder.decode(block, 0, block.length);
  assert(list instanceof HeaderList, JSON.stringify(list));
  return [...list];
}

/** The dynamic table, newest first, as indexed fields from 62 on show it. */
function tableOf(decoder: Decoder): Field[] {
  const table: Field[] = [];
  for (let index = 62;; index++) {
    const list = decoder.decode(Uint8Array.of(0x80 | index), 0, 1);
    if (!(list instanceof HeaderList)) return table;
    table.push(...list);
  }
}

function follow(steps: readonly Step[], maxTableSize: number): void {
  const decoder = new Decoder({ maxTableSize, maxHeaderListSize: 16_384 });
  for (const { section, block, fields, table } of steps) {
    assertEquals(decode(decoder, block), fields, section);
    assertEquals(tableOf(decoder), table, section);
  }
}

test("C.1 integer representation", () => {
  for (const [value, prefix, hex] of [[10, 5, "0a"], [1337, 5, "1f9a0a"], [42, 8, "2a"]] as const) {
    const out = new ByteSink(8);
    encodeInteger(value, prefix, 0, out);
    assertEquals(out.bytes.slice(0, out.length), fromHex(hex));
    const reader = new IntegerReader();
    assertEquals(reader.read(fromHex(hex), hex.length / 2, prefix), value);
    assertEquals(reader.at, hex.length / 2);
  }
});

test("C.2 header field representations", () => {
  const examples: Array<[hex: string, field: Field, indexed: boolean]> = [
    [
      "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
      ["custom-key", "custom-header"],
      true,
    ],
    ["040c 2f73 616d 706c 652f 7061 7468", [":path", "/sample/path"], false],
    ["1008 7061 7373 776f 7264 0673 6563 7265 74", ["password", "secret"], false],
    ["82", GET, false],
  ];
  for (const [hex, field, indexed] of examples) {
    const decoder = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 16_384 });
    assertEquals(decode(decoder, hex), [field]);
    assertEquals(tableOf(decoder), indexed ? [field] : []);
  }
});

test("C.3 requests without Huffman coding", () => follow(C3, 4_096));
test("C.4 requests with Huffman coding", () => follow(C4, 4_096));
test("C.5 responses without Huffman coding, evicting", () => follow(C5, 256));
test("C.6 responses with Huffman coding, evicting", () => follow(C6, 256));

test("C.4 our encoder writes the RFC's own octets for its requests", () => {
  const encoder = new Encoder();
  for (const { section, block, fields } of C4) {
    const out = new ByteSink(64);
    encoder.encode(HeaderList.of(fields), undefined, out);
    assertEquals(out.bytes.slice(0, out.length), octets(block), section);
  }
});
