// Faults of how header fields are coded, remembered and read late.

const REFERENCE = "tests/transport/hpack/reference_test.ts";
const VALUES = "tests/transport/hpack/value_memory_test.ts";
const RECENT = "tests/transport/hpack/recent_values_test.ts";
const HUFFMAN = "tests/transport/hpack/rfc7541_appendix_b_test.ts";
const REPRESENTATION = "tests/transport/hpack/rfc7541_6_representations_test.ts";
const REMEMBERED = "tests/transport/hpack/remembered_blocks_test.ts";
const PAIR = "tests/transport/http2/pair_test.ts";
const METADATA = "tests/surface/call/metadata_test.ts";
const CODING = "tests/transport/grpc/coding_test.ts";

const mutation = (file, before, after, test, name = "") => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  mutation(
    "transport/hpack/name_history.ts",
    "if (this.worth > 0) this.worth--;",
    "",
    REPRESENTATION,
    "stops putting them into the table",
  ),
  mutation(
    "transport/hpack/name_history.ts",
    "if (sent.number < 0) this.hit();",
    "",
    REPRESENTATION,
    "values that come again later",
  ),
  mutation(
    "transport/hpack/encoder.ts",
    "const isWorth = isKnownName ? text !== undefined && history.isWorthIndexing : true;",
    "const isWorth = text !== undefined && history.isWorthIndexing;",
    REPRESENTATION,
    "get an index for their name",
  ),
  mutation(
    "transport/hpack/encoder.ts",
    "name.neverIndexed || (field.flags & NEVER) !== 0",
    "name.neverIndexed",
    REPRESENTATION,
    "passed on never indexed",
  ),
  mutation(
    "transport/hpack/encoder.ts",
    "if (number >= 0 && table.has(number)) {",
    "if (number >= 0) {",
    REFERENCE,
    "plain decoder reads",
  ),
  mutation(
    "transport/hpack/encoder.ts",
    "return known !== undefined && known.generation === this.table.generation ? known.bytes : undefined;",
    "return known?.bytes;",
    REMEMBERED,
    "once its table has changed",
  ),
  mutation(
    "transport/http2/header_sections.ts",
    "const known = extra === undefined && more === undefined ?",
    "const known = more === undefined ?",
    PAIR,
    "sent again and again",
  ),
  mutation(
    "transport/http2/header_sections.ts",
    "const known = extra === undefined && more === undefined ?",
    "const known = extra === undefined ?",
    PAIR,
    "sent again and again",
  ),
  mutation(
    "transport/hpack/value_memory.ts",
    "(comparedWords[i + 2]! ^ words[at + i + 2]!) | ",
    "",
    VALUES,
    "differs in one octet",
  ),
  mutation("transport/hpack/value_memory.ts", "field.name !== name || ", "", VALUES, "under another name"),
  mutation(
    "transport/hpack/value_memory.ts",
    " || (field.flags & WIRE_FLAGS) !== flags",
    "",
    VALUES,
    "under another name",
  ),
  mutation(
    "transport/hpack/value_memory.ts",
    "const MOST_WORDS = MAX_OCTETS / 4;",
    "const MOST_WORDS = MAX_OCTETS;",
    VALUES,
    "fills no memory",
  ),
  mutation(
    "transport/hpack/value_memory.ts",
    "    this.lengths.fill(0);\n",
    "",
    VALUES,
    "more values than there is memory for",
  ),
  mutation(
    "transport/hpack/value_memory.ts",
    "for (let i = count - STEP; i < count; i++) comparedWords[i] = 0;",
    "",
    VALUES,
    "more values than there is memory for",
  ),
  mutation(
    "transport/hpack/octet_text.ts",
    "this.used = at + count;",
    "this.used = at;",
    REFERENCE,
    "then or later",
  ),
  mutation(
    "transport/hpack/huffman.ts",
    "table.fill(first | (bits << BITS_SHIFT) | (1 << COUNT_SHIFT), window, end);",
    "",
    HUFFMAN,
    "code by code",
  ),
  mutation(
    "transport/hpack/huffman_table.ts",
    "counts[length - 1]!);",
    "counts[length]!);",
    HUFFMAN,
    "code by code",
  ),
  mutation(
    "transport/hpack/huffman.ts",
    "const next = i < end ? bytes[i]! : 0xff;",
    "const next = bytes[i]!;",
    HUFFMAN,
    "code by code",
  ),
  mutation(
    "transport/hpack/huffman.ts",
    "return rest < 0 ? -1 : at - from;",
    "return rest < -2 ? -1 : at - from;",
    HUFFMAN,
    "code by code",
  ),
  mutation(
    "transport/hpack/huffman.ts",
    "found.classes |= CLASS[-1 - node]! & (CONTROL | NOT_ASCII);",
    "found.classes |= CLASS[-1 - node]! & NOT_ASCII;",
    HUFFMAN,
    "what they have is found",
  ),
  mutation(
    "transport/hpack/recent_values.ts",
    "if (octets[i] !== bytes[start + i]) return false;",
    "if (i !== 5 && octets[i] !== bytes[start + i]) return false;",
    RECENT,
    "differs in any octet",
  ),
  mutation(
    "transport/hpack/recent_values.ts",
    "field.name !== name || ",
    "",
    RECENT,
    "under another name",
  ),
  mutation("transport/hpack/recent_values.ts", " || flags !== wireFlags", "", RECENT, "under another name"),
  mutation(
    "transport/hpack/recent_values.ts",
    "if (this.misses[name.slot]! <= FUTILE_MISSES) this.misses[name.slot]!++;",
    "",
    RECENT,
    "changes from block to block",
  ),
  mutation(
    "transport/hpack/name_history.ts",
    "if (this.found === undefined && this.worth > DESPAIR) this.worth--;",
    "",
    REPRESENTATION,
    "move the table seldom",
  ),
  mutation(
    "transport/hpack/name_history.ts",
    "if (this.worth === DESPAIR) this.worth = 0;",
    "if (this.worth === DESPAIR) return;",
    REPRESENTATION,
    "values that come again later",
  ),
  mutation(
    "transport/grpc/binary_header.ts",
    "if (all < INVALID && rest !== 1)",
    "if (all < INVALID)",
    "tests/transport/grpc/metadata_fields_test.ts",
    "is read at once",
  ),
  mutation(
    "transport/hpack/name_memory.ts",
    "if (octets[i] !== bytes[start + i]) return false;",
    "if (i === length - 1 && octets[i] !== bytes[start + i]) return false;",
    REFERENCE,
    "then or later",
  ),
  mutation(
    "transport/hpack/decoder.ts",
    " && index <= STATIC_ENTRIES + table.count",
    "",
    "tests/transport/hpack/rfc7541_decoding_errors_test.ts",
  ),
  mutation(
    "transport/grpc/timeout.ts",
    " && keptMs[slot] === steps * step",
    "",
    CODING,
    "a header that is kept",
  ),
  mutation(
    "transport/grpc/binary_header.ts",
    "  } catch {\n    return undefined;",
    "  } catch {\n    return [];",
    CODING,
  ),
  mutation(
    "surface/call/metadata.ts",
    "if (value === undefined) return false;",
    "if (value === undefined) continue;",
    METADATA,
    "others are sent as ours",
  ),
  mutation(
    "surface/call/metadata.ts",
    "      fields.splice(i + 1, 0, field);\n      return;\n",
    "",
    METADATA,
    "has the wire form",
  ),
  mutation(
    "surface/call/metadata.ts",
    "this.#fields = [...this.#fields];",
    "",
    METADATA,
    "what was sent stays",
  ),
  mutation(
    "surface/client/client_call.ts",
    "    asking = undefined;\n",
    "",
    "tests/surface/call/deadline_test.ts",
    "past the deadline is not taken",
  ),
  mutation(
    "surface/call/metadata_fields.ts",
    "if (known?.name === name) {",
    "if (known !== undefined) {",
    METADATA,
    "long value under two names",
  ),
  {
    file: "surface/client/client_call.ts",
    before: "asking === this ? askedMs : -this.lateMs",
    after: "-this.lateMs",
    test: "tests/surface/call/deadline_test.ts",
    name: "a deadline goes over the wire as it was said",
  },
];
