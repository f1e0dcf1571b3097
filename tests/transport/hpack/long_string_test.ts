// A Huffman-coded string longer than any that was decoded before (RFC 7541, section 5.2), in a file of its own: decoders
// of a thread share their memory, and the first string of a process meets the smallest.
import { assertEquals } from "@std/assert";
import { ByteSink } from "../../../transport/hpack/byte_sink.ts";
import { Decoder } from "../../../transport/hpack/decoder.ts";
import type { HeaderList } from "../../../transport/hpack/header_list.ts";
import { huffmanEncode, huffmanLength } from "../../../transport/hpack/huffman.ts";
import { encodeInteger } from "../../../transport/hpack/integer.ts";
import { fromHex } from "../../bytes.ts";
import { test } from "../../harness.ts";

for (const length of [130, 350, 1_000, 15_000]) {
  test(`5.2 a value of ${length} characters comes out whole on a fresh decoder`, () => {
    // Five bits each: the codes that make the most characters of an octet.
    const value = "aeiost012".repeat(length).slice(0, length);
    const out = new ByteSink();
    out.append(fromHex("00 0178"));
    encodeInteger(huffmanLength(value), 7, 0x80, out);
    huffmanEncode(value, out);
    const decoded = new Decoder({ maxTableSize: 4_096, maxHeaderListSize: 65_536 }).decode(
      out.bytes,
      0,
      out.length,
    ) as HeaderList;
    assertEquals(decoded.get("x")?.length, length);
    assertEquals(decoded.get("x"), value);
  });
}
