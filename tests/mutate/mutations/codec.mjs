// Faults of compiled and interpreted codecs.

const MODES = "tests/surface/proto/compile/modes_test.ts";
const SCALARS = "tests/surface/proto/scalars_test.ts";
const PACKED = "tests/surface/proto/compile/packed_test.ts";
const EMITTED = "tests/surface/proto/generate/round_trip_test.ts";
const DECODED = "tests/surface/proto/compile/decoded_messages_test.ts";
const STRINGS = "tests/surface/proto/strings_test.ts";
const MALFORMED = "tests/surface/proto/malformed_test.ts";

const DECODER = "surface/proto/compile/emit_decoder.ts";
const INTERPRETED = "surface/proto/compile/interpret_decoder.ts";
const WRITES = "surface/proto/compile/interpret_encoder.ts";
const COMPILE = "surface/proto/compile/compile.ts";
const READS = "surface/proto/compile/packed_read.ts";
const PACKS = "surface/proto/compile/packed_write.ts";
const MODULE = "surface/proto/generate/message_codec.ts";
const READER = "surface/proto/reader.ts";

const mutation = (file, before, after, test, name = "") => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  // What decoded messages are.
  {
    file: DECODER,
    before: 'const made = `new ${this.names.messageClass()}(${this.values().join(", ")})`;',
    after:
      'const made = `{ ${this.values().map((value, i) => `${JSON.stringify(plan.keys[i])}: ${value}`).join(", ")} }`;',
    test: DECODED,
    runtime: "deno",
  },
  mutation(DECODER, "isInherited(name)\n", 'name === "__proto__"\n', DECODED),
  mutation(COMPILE, '"Message.prototype = own.prototype;"', '""', DECODED),
  // What only one of the two ways does.
  mutation(DECODER, "${o} === ${name} ? ${v} : undefined`", "undefined`", MODES),
  mutation(
    INTERPRETED,
    "oneofs[oneof] === schema.name ? values[slot] : undefined;\n      steps",
    "undefined;\n      steps",
    MODES,
  ),
  mutation(INTERPRETED, "    reader.depth--;\n", "", MODES),
  mutation(INTERPRETED, "    reader.spend(1);\n", "", MODES),
  mutation(INTERPRETED, "if (closed && value === undefined)", "if (false)", MODES),
  mutation(WRITES, "if (set[oneof] !== undefined) helpers.twice(schema, set[oneof]);", "", MODES),
  mutation(
    WRITES,
    'if (omitsDefault && schema.type === "bytes" && (value as Uint8Array).length === 0) return;',
    "",
    MODES,
  ),
  mutation(COMPILE, "compiles = false;", "throw new Error();", MODES),
  mutation(COMPILE, 'return compiles ? "compiled"', 'return !compiles ? "compiled"', MODES),
  // Many values at once.
  mutation(READS, "value |= (byte & 127) << 14;", "value |= (byte & 127) << 15;", PACKED),
  mutation(READS, "} else if (pos > last) {", "} else if (false) {", PACKED),
  mutation(READS, "  if (pos !== end) reader.beyond(", "  if (false) reader.beyond(", PACKED),
  mutation(PACKS, "if (value >= 0) {", "if (true) {", PACKED),
  mutation(
    PACKS,
    "writer.reserve(length);\n  for (let i = 0; i < length; i++)",
    "writer.reserve(length);\n  for (let i = 0; i < list.length; i++)",
    PACKED,
    "bool: a list whose getter changes its length",
  ),
  mutation(READER, "if (byte >= 128) return this.anyUint32();", "", SCALARS),
  mutation(READER, "if (!this.another(tag, end)) return [a, b, c];", "", STRINGS),
  mutation(
    READER,
    "if (this.pos >= end || this.buf[this.pos] !== tag)",
    "if (this.buf[this.pos] !== tag)",
    STRINGS,
  ),
  mutation(
    "surface/proto/writer.ts",
    "      this.hasViews = true;\n",
    "",
    "tests/surface/proto/writer_test.ts",
  ),
  mutation(
    "surface/proto/compile/type_table.ts",
    '"writeSint32s", "Int32Array"),',
    '"writeSint32s"),',
    SCALARS,
    "typed arrays",
  ),
  mutation("surface/proto/json/write_json.ts", "  sfixed64: BigInt64Array,\n", "", SCALARS, "typed arrays"),
  // Which field an error names.
  mutation(READER, "${part}`, end - 1);", "${part}`);", MALFORMED),
  mutation(READER, "this.pos, false, message);", "this.pos);", MALFORMED),
  mutation(READER, "this.pos - 1, true);", "this.pos, true);", MALFORMED),
  mutation("surface/proto/compile/longs.ts", "reader.pos - 1,", "reader.pos,", MALFORMED),
  mutation(
    "surface/proto/writer.ts",
    "if (needed > MOST_BYTES) throw",
    "if (needed > MOST_BYTES * 8) throw",
    "tests/surface/proto/writer_test.ts",
  ),
  // Emitted modules.
  mutation(
    "surface/proto/runtime/message.ts",
    "if (defaults !== undefined) {",
    "if (defaults === null) {",
    EMITTED,
  ),
  mutation(MODULE, 'if (typeof value === "bigint") return `${value}n`;', "", EMITTED),
  mutation(MODULE, 'if (key === "messageType") return this.#schemaOf(target as MessageNode);', "", EMITTED),
  mutation(
    "surface/proto/runtime/message.ts",
    "if (!names.has(number)) names.set(number, name);",
    "",
    EMITTED,
  ),
];
