// Faults of messages on their way through: presence, unknown fields, what encoding refuses, and room in the writer.

const TRIP = "tests/surface/proto/round_trip_test.ts";
const REFUSALS = "tests/surface/proto/refusals_test.ts";
const WRITER = "tests/surface/proto/writer_test.ts";
const VALUES = "tests/surface/proto/well_known_values_test.ts";
const SERVICE = "tests/surface/proto/service_test.ts";
const OPTIONS = "tests/surface/options_test.ts";
const METADATA = "tests/surface/call/metadata_test.ts";

const ENCODER = "surface/proto/compile/emit_encoder.ts";
const DECODER = "surface/proto/compile/emit_decoder.ts";
const HELPERS = "surface/proto/compile/decode_helpers.ts";
const ENCODE_HELPERS = "surface/proto/compile/encode_helpers.ts";
const PLAN = "surface/proto/compile/plan.ts";
const TYPES = "surface/proto/compile/type_table.ts";
const SHAPE = "surface/proto/message_shape.ts";

const mutation = (file, before, after, test, name = "") => ({ file, before, after, test, name });

/** As `readMutations` describes them. */
export default [
  // Presence of fields with declared defaults.
  mutation(PLAN, " || field.explicitDefault !== undefined,", ",", TRIP),
  mutation(DECODER, 'const own = schema.explicitDefault === undefined ? "" : ', 'const own = ""; ', TRIP),
  mutation(DECODER, "if (a${i} !== undefined) ", "", TRIP),
  mutation("surface/proto/defaults.ts", "value.slice()", "value", TRIP),
  mutation(
    "surface/proto/defaults.ts",
    "{ value, writable: true, configurable: true };",
    "{ value, configurable: true };",
    TRIP,
  ),
  mutation(
    "surface/proto/defaults.ts",
    "return { value, writable",
    "return { value, enumerable: true, writable",
    TRIP,
  ),
  // Unknown fields and closed enums.
  mutation(DECODER, '"u = unknownOf(p);"', '""', TRIP),
  mutation(
    HELPERS,
    "const unknown = kept ?? new UnknownFields();\n  unknown.addWhole(",
    "const unknown = new UnknownFields();\n  unknown.addWhole(",
    TRIP,
  ),
  mutation(
    DECODER,
    "const unnamed = enumType?.closed === true",
    "const unnamed = enumType?.closed === false",
    TRIP,
  ),
  mutation(HELPERS, "?? (closed ? undefined : value)", "?? value", TRIP),
  mutation("surface/proto/build_schema.ts", 'type.features.enum_type === "CLOSED"', "false", TRIP),
  mutation(
    "surface/proto/unknown_fields.ts",
    "return this.length === this.bytes.length ?",
    "return this.length !== this.bytes.length ?",
    TRIP,
  ),
  mutation("surface/proto/unknown_fields.ts", "(tag & 127) | 128;", "tag & 127;", TRIP),
  mutation("surface/proto/unknown_fields.ts", "tag < 0x4000 ? 2 :", "tag < 0x4000 ? 1 :", TRIP),
  mutation("surface/proto/unknown_fields.ts", "if (value - start !== tagBytes(tag))", "if (false)", TRIP),
  mutation("surface/proto/unknown_fields.ts", "stretches[last] === start", "true", TRIP),
  mutation(
    ENCODER,
    "if (u !== undefined) writeUnknown(${this.names.schema()}, u, w);",
    "",
    TRIP,
  ),
  // What the schema does not have.
  mutation(ENCODER, "} if (!${KNOWN}.has(k)) stray(${S}, m, k); }", "} }", REFUSALS),
  mutation(ENCODE_HELPERS, "if (!known.has(key)) stray(schema, message, key);", "", REFUSALS),
  mutation(ENCODER, "if (m.constructor !== Obj) m = toMessage(${this.names.schema()}, m, f);", "", REFUSALS),
  mutation(ENCODER, "if (v !== undefined && v !== null) unset(", "if (false) unset(", REFUSALS),
  mutation(
    TYPES,
    '\'typeof v !== "number" || (Math.abs(v) >= FLOAT_BOUND',
    '\'typeof v !== "number" || (false',
    REFUSALS,
  ),
  mutation(
    SHAPE,
    "message[key] === undefined || message[key] === null",
    "message[key] === undefined",
    REFUSALS,
  ),
  mutation(SHAPE, "if (!Object.hasOwn(message, key) || ", "if (", REFUSALS),
  mutation(SHAPE, "?.get !== undefined) put(", " !== undefined) put(", REFUSALS),
  mutation(SHAPE, '?.value !== "function") continue;', '?.value === "never") continue;', REFUSALS),
  mutation(SHAPE, "hintFor(schema.fullName) || fieldHint(schema, key)", "fieldHint(schema, key)", REFUSALS),
  mutation("surface/proto/encode_values.ts", " || (closed && !names.has(value))", "", REFUSALS),
  mutation(
    "surface/proto/encode_values.ts",
    "return isRecord(value) ? Object.keys(value)",
    'return typeof value === "object" && value !== null ? Object.keys(value)',
    REFUSALS,
  ),
  mutation(
    "surface/records.ts",
    'typeof (value as PromiseLike<unknown>).then !== "function"',
    "true",
    REFUSALS,
  ),
  mutation(
    "surface/records.ts",
    'Object.prototype.toString.call(value) === "[object Object]" &&',
    "",
    REFUSALS,
  ),
  mutation("surface/nearest.ts", "if (same !== undefined) return same;", "", "tests/surface/nearest_test.ts"),
  mutation("surface/nearest.ts", "a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]", "false", REFUSALS),
  mutation(
    "surface/options.ts",
    "if (!isRecord(given)) {",
    'if (typeof given !== "object" || given === null) {',
    OPTIONS,
  ),
  mutation(
    "surface/call/metadata.ts",
    "if (!isRecord(init)) throw",
    'if (typeof init !== "object" || init === null) throw',
    OPTIONS,
  ),
  mutation(
    "surface/call/metadata.ts",
    "!Array.isArray(pair) || pair.length !== 2",
    "!(Symbol.iterator in Object(pair))",
    METADATA,
  ),
  mutation("surface/proto/well_known_values.ts", "Math.floor(ms / 1000)", "Math.trunc(ms / 1000)", VALUES),
  mutation(
    "surface/proto/well_known_values.ts",
    "if (Math.abs(nanos) === 1000 * NANOS_PER_MS)",
    "if (false)",
    VALUES,
  ),
  mutation(
    "surface/proto/well_known_values.ts",
    " || !isPlain(object)) throw noJson(",
    ") throw noJson(",
    VALUES,
  ),
  mutation(
    "surface/proto/codec.ts",
    "if (bytes.byteLength !== length) throw",
    "if (false) throw",
    "tests/surface/proto/malformed_test.ts",
  ),
  // Names that JavaScript calls, and services that are none.
  mutation("surface/proto/service.ts", '  "then",\n', "", SERVICE),
  mutation(
    "surface/proto/assemble.ts",
    "return Object.hasOwn(types, name) ? `${name}$` : name;",
    "return name;",
    SERVICE,
  ),
  mutation("surface/promise/intercepted_client.ts", "  checkService(purpose, service);\n", "", SERVICE),
  mutation("surface/server/service.ts", '  checkService("add a service", service);\n', "", SERVICE),
  mutation("surface/server/service.ts", '  checkService("remove a service", service);\n', "", SERVICE),
  mutation(
    "surface/server/service.ts",
    "if (!isPlain(handlers)) {",
    "if (false) {",
    "tests/surface/bad_input_test.ts",
  ),
  mutation(
    "surface/server/service.ts",
    "added.set(descriptor.path",
    "into.set(descriptor.path",
    "tests/surface/bad_input_test.ts",
  ),
  mutation(
    "surface/promise/client_calls.ts",
    "const code = unfit ? Status.INTERNAL",
    "const code = unfit ? Status.CANCELLED",
    "tests/surface/bad_input_test.ts",
  ),
  mutation(
    "surface/proto/load.ts",
    "  checkArguments(source, options);\n",
    "",
    "tests/surface/proto/load_test.ts",
  ),
  mutation(
    "surface/workers/reactor_workers.ts",
    "  checkWorkersOptions(options);\n",
    "",
    "tests/surface/workers/reactor_workers_test.ts",
    "wrong options are refused",
  ),
  // Room in the writer, and views of it.
  mutation(
    "surface/proto/writer.ts",
    "this.reserve(length + 5 + ROOM_BYTES);",
    "this.reserve(length + 5);",
    WRITER,
  ),
  mutation(
    "surface/proto/writer.ts",
    "NATIVE_STRING_UNITS * 3 + 2 + ROOM_BYTES",
    "NATIVE_STRING_UNITS * 3 + 2",
    WRITER,
  ),
  mutation(
    "surface/proto/writer.ts",
    "this.reserve(units * 3 + 5 + ROOM_BYTES);",
    "this.reserve(units * 3 + 5);",
    WRITER,
  ),
  mutation("surface/proto/writer.ts", " || framed.byteOffset !== this.start) {", ") {", WRITER),
  mutation("surface/proto/writer.ts", "    this.views.fill(undefined);\n", "", WRITER),
  mutation(
    "surface/proto/writer.ts",
    "this.views[framed.length] = framed",
    "this.views[framed.length - 1] = framed",
    WRITER,
  ),
  mutation(ENCODER, "this.left = Math.min(this.left, ROOM_BYTES)", "this.left = ROOM_BYTES", WRITER),
  mutation(ENCODER, "else this.left -= needed;", "", WRITER),
  mutation(ENCODER, "w.reserve(${1 + NUMBER_BYTES});", "", WRITER),
  mutation(ENCODER, 'field.type === "message") this.left = 0;', "false) this.left = 0;", WRITER),
];
