// What a message may be when it is decoded: its elements are counted, for memory and time go by them and not by octets.
//
// An empty submessage is two octets on the wire and an object with its lists and maps in memory, 50 to 250 octets, and
// takes as long as 100 octets of text. So a decoder counts what it makes: a message counts one, with one for each of its
// repeated and map fields, which are made with it; an entry of a map counts one, and so does a value of type bytes, which
// is a view. Numbers, strings and the items of lists cost what they are on the wire, and do not count. But a message has
// all its properties, however few were sent: so one of many fields counts for these too.

import type { MessageSchema } from "./schema.ts";

/** Octets of a message for which one element is allowed: then no message takes four times as long as plain text. */
const BYTES_AN_ELEMENT = 5;

/** Elements that a message of any size may have: 100 ms and 120 MB on Bun, half of that on Deno (measured). */
const LEAST_LIMIT = 800_000;

/** Singular fields whose properties cost what an element does: 100 of them take 0.7 us and 1.2 kB (measured). */
const FIELDS_AN_ELEMENT = 32;

/**
 * From so many on both engines keep an object as a table, and what it costs grows by the square: 200 take 2.5 us and 3.5 kB,
 * 1,000 take 160 us and 40 kB (measured).
 */
const LEAST_TABLE_FIELDS = 128;

/** The default limit of elements of a message of `bytes` octets. */
export function defaultElementLimit(bytes: number): number {
  return bytes < LEAST_LIMIT * BYTES_AN_ELEMENT ? LEAST_LIMIT : Math.floor(bytes / BYTES_AN_ELEMENT);
}

/** What one message of `schema` counts, without what is in it. */
export function elementsOf({ fields }: MessageSchema): number {
  const singular = fields.filter(({ shape }) => shape === "singular").length;
  const shares = Math.floor(singular / FIELDS_AN_ELEMENT);
  return 1 + fields.length - singular + (singular < LEAST_TABLE_FIELDS ? shares : shares * shares);
}
