// Decodes without reading: a message made of a list, as `JSON.stringify` makes it, would read every value of it.

import { assert } from "@std/assert";
import type { Decoder } from "../../../transport/hpack/decoder.ts";
import { HeaderList } from "../../../transport/hpack/header_list.ts";

/** The fields of a block, whose values stay octets; fails where the block is refused. */
export function decoded(decoder: Decoder, bytes: Uint8Array, length: number = bytes.length): HeaderList {
  const list = decoder.decode(bytes, 0, length);
  if (list instanceof HeaderList) return list;
  assert(false, JSON.stringify(list));
}
