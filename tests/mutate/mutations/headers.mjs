// Faults of how header fields are coded, remembered and read late.

const REFERENCE = "tests/transport/hpack/reference_test.ts";
const VALUES = "tests/transport/hpack/value_memory_test.ts";
const REPRESENTATION = "tests/transport/hpack/rfc7541_6_representations_test.ts";
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
    "transport/hpack/value_memory.ts",
    "  for (let i = 0; i < words.length; i++) if (comparedWords[i] !== words[i]) return false;\n",
    "",
    VALUES,
    "differs in one octet",
  ),
  mutation("transport/hpack/value_memory.ts", " || field.name !== name", "", VALUES, "under another name"),
  mutation(
    "transport/hpack/value_memory.ts",
    " || (field.flags & WIRE_FLAGS) !== flags",
    "",
    VALUES,
    "under another name",
  ),
  mutation(
    "transport/hpack/value_memory.ts",
    "if (this.octets + end - start <= MAX_OCTETS) break;",
    "break;",
    VALUES,
    "fills no memory",
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
    "if (pair !== 0 && bit + bits <= bitsEnd) {",
    "if (pair !== 0) {",
    "tests/transport/hpack/rfc7541_appendix_b_test.ts",
  ),
  mutation(
    "transport/hpack/name_memory.ts",
    "if (octets[i] !== bytes[start + i]) return false;",
    "if (i === length - 1 && octets[i] !== bytes[start + i]) return false;",
    REFERENCE,
    "then or later",
  ),
  mutation("transport/grpc/binary_header.ts", "(count & 3) === 1 || ", "", CODING, "as atob"),
  mutation("surface/call/metadata.ts", "if (isBinary) return false;", "", METADATA, "over the wire and back"),
  mutation(
    "surface/call/metadata.ts",
    "this.#fields = [...this.#fields];",
    "",
    METADATA,
    "what was sent stays",
  ),
  mutation(
    "surface/call/metadata_fields.ts",
    "if (known?.name === name) {",
    "if (known !== undefined) {",
    METADATA,
    "long value under two names",
  ),
];
