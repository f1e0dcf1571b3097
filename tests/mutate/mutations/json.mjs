// ProtoJSON, extensions and Any.

const JSON_TEST = "tests/surface/proto/json/json_test.ts";
const PEER_TEST = "tests/surface/proto/json/protobuf_es_test.ts";
const EXTENSION_TEST = "tests/surface/proto/extension_test.ts";
const VALUES_TEST = "tests/surface/proto/well_known_values_test.ts";

const read = "surface/proto/json/read_json.ts";
const write = "surface/proto/json/write_json.ts";
const text = "surface/proto/json/json_text.ts";
const extension = "surface/proto/extension.ts";

export default [
  {
    file: "surface/proto/json/plan.ts",
    before: "if (byKey.get(field.jsonName) !== field) field.jsonName = field.originalName;",
    after: "",
    test: JSON_TEST,
    name: "fields that have one JSON name",
  },
  {
    file: "surface/proto/json/own_form.ts",
    before: "form !== undefined && form === ",
    after: "form !== undefined || form === ",
    test: JSON_TEST,
    name: "types of one's own with names of protobuf's",
  },
  {
    file: "surface/proto/json/write_context.ts",
    before: "if (!(error instanceof DecodeError)) throw error;",
    after: "if (error instanceof DecodeError) throw error;",
    test: "tests/surface/proto/json/json_test.ts",
    name: "what is malformed inside an Any",
  },
  {
    file: write,
    before: "Typed !== undefined && value instanceof Typed",
    after: "ArrayBuffer.isView(value)",
    test: JSON_TEST,
    name: "typed arrays are lists where they are so to encoding",
  },
  {
    file: write,
    before: '"string" ? value.toWellFormed()',
    after: '"string" ? value',
    test: JSON_TEST,
    name: "half a pair of code units",
  },
  {
    file: read,
    before: "if (reader.members === quick.members) return message;",
    after: "return message;",
    test: JSON_TEST,
  },
  {
    file: read,
    before: "if (skipped !== undefined) this.members -= keys!.length;",
    after: "",
    test: JSON_TEST,
  },
  {
    file: text,
    before: 'const UNCLEAR = /"\\s+:|(?:^|[:,[\\s])-?\\d{16}/;',
    after: "const UNCLEAR = /(?:^|[:,[\\s])-?\\d{16}/;",
    test: JSON_TEST,
  },
  {
    file: text,
    before: "(?:^|[:,[\\s])-?",
    after: "[:,[\\s]-?",
    test: JSON_TEST,
    name: "integers keep their digits",
  },
  {
    file: text,
    before: 'const UNCLEAR = /"\\s+:|(?:^|[:,[\\s])-?\\d{16}/;',
    after: 'const UNCLEAR = /"\\s+:/;',
    test: JSON_TEST,
  },
  {
    file: text,
    before: "if (Object.hasOwn(object, key)) {",
    after: "if (false) {",
    test: JSON_TEST,
  },
  { file: text, before: "if (++this.depth > MOST_NESTED) {", after: "if (false) {", test: JSON_TEST },
  { file: read, before: "if (depth > MOST_NESTED)", after: "if (depth >= MOST_NESTED)", test: JSON_TEST },
  { file: read, before: "this.spend(plan.elements);", after: "", test: JSON_TEST },
  {
    file: read,
    before: "if (json === undefined || (json === null && !field.takesNull)) return;",
    after: "if (json === undefined || json === null) return;",
    test: JSON_TEST,
  },
  {
    file: read,
    before: "if (message[property] !== undefined) {",
    after: "if (false) {",
    test: JSON_TEST,
  },
  {
    file: read,
    before: "if (plan.prototype !== undefined) sortDefaults(plan, message);",
    after: "",
    test: JSON_TEST,
  },
  {
    file: read,
    before: "if (extension === undefined || extension.extendee !== schema.fullName) {",
    after: "if (extension === undefined) {",
    test: EXTENSION_TEST,
  },
  {
    file: "surface/proto/json/read_scalar.ts",
    before: "if (value !== undefined) return Number.isFinite(value) ? value : undefined;",
    after: "if (value !== undefined) return value;",
    test: JSON_TEST,
  },
  {
    file: "surface/proto/json/read_scalar.ts",
    before: "json.isWellFormed() ? json",
    after: "true ? json",
    test: JSON_TEST,
  },
  {
    file: "surface/proto/json/base64.ts",
    before: "if (bytes !== undefined && bytes.length === (length * 3) >> 2) return bytes;",
    after: "if (bytes !== undefined) return bytes;",
    test: JSON_TEST,
  },
  {
    file: "surface/proto/json/times.ts",
    before: "if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;",
    after: "",
    test: JSON_TEST,
  },
  {
    file: "surface/proto/json/times.ts",
    before: "{ seconds: -seconds, nanos: 0 - nanos }",
    after: "{ seconds: -seconds, nanos }",
    test: JSON_TEST,
  },
  {
    file: "surface/proto/json/field_paths.ts",
    before: "if (/[A-Z,]|__|_(?![a-z])/.test(path)) return undefined;",
    after: "",
    test: JSON_TEST,
  },
  {
    file: "surface/proto/json/field_paths.ts",
    before: "[A-Z,]",
    after: "[A-Z]",
    test: VALUES_TEST,
    name: "a FieldMask is its paths",
  },
  {
    file: "surface/proto/json/plan.ts",
    before: "byKey.get(originalName) === field;",
    after: "true;",
    test: JSON_TEST,
    name: "original names are keys too",
  },
  {
    file: write,
    before: "if (!field.implicit || this.emitDefaults || !isDefault(field, value))",
    after: "if (!field.implicit || !isDefault(field, value))",
    test: PEER_TEST,
  },
  { file: write, before: "checkKeys(plan, message);", after: "", test: JSON_TEST },
  {
    file: "surface/proto/json/write_well_known.ts",
    before: "if (second !== undefined) twice(second.schema, field.name);",
    after: "",
    test: JSON_TEST,
    name: "field masks, structs, values, wrappers",
  },
  {
    file: write,
    before: "value !== 0 || Object.is(value, 0)",
    after: "value !== 0 || true",
    test: JSON_TEST,
  },
  {
    file: write,
    before: 'if (type.fullName === "google.protobuf.NullValue") return null;',
    after: "",
    test: JSON_TEST,
  },
  {
    file: extension,
    before: "(tag === plain ? own : rest).addWhole",
    after: "rest.addWhole",
    test: EXTENSION_TEST,
  },
  {
    file: extension,
    before: "if (!(error instanceof WireError)) throw error;",
    after: "throw error;",
    test: EXTENSION_TEST,
    name: "what is malformed in a message set",
  },
  {
    file: extension,
    before: "if (end === 0) own.add(plain, NO_CONTENT, 0, NO_CONTENT.length);",
    after: "if (end === 0) return true;",
    test: EXTENSION_TEST,
    name: "a message set of many items",
  },
  {
    file: extension,
    before: "return extension.inMessageSet ? fromSet(bytes, extension).rest :",
    after: "return",
    test: EXTENSION_TEST,
  },
  {
    file: extension,
    before: 'found.value !== undefined : Object.hasOwn(found, "value")',
    after: "found.value !== undefined : found.value !== undefined",
    test: EXTENSION_TEST,
  },
  {
    file: "surface/proto/json/registry.ts",
    before: "if (this.extension(fullName) !== undefined) return;",
    after: "return;",
    test: EXTENSION_TEST,
  },
  {
    file: "surface/proto/json/registry.ts",
    before: "if (this.message(codec.typeName) === undefined) this",
    after: "this",
    test: EXTENSION_TEST,
    name: "a registry has what all those have",
  },
  {
    file: "surface/proto/json/registry.ts",
    before: "if (this.#others.length === 0) return own;",
    after: "if (own !== undefined) return own;",
    test: EXTENSION_TEST,
    name: "a registry has what all those have",
  },
  {
    file: "surface/proto/json/registry.ts",
    before: "if (!isTaken) ofType",
    after: "ofType",
    test: EXTENSION_TEST,
    name: "a registry has what all those have",
  },
  {
    file: "surface/proto/any.ts",
    before: "return by.typeName === name ? by.decode(any.value) : undefined;",
    after: "return by.decode(any.value);",
    test: VALUES_TEST,
  },
  {
    file: "surface/proto/json/json_text.ts",
    before: "2 * (RECURSION_LIMIT + 1) + RECURSION_LIMIT",
    after: "99",
    test: "tests/surface/proto/json/json_test.ts",
    name: "what is ignored is as deep",
  },
  {
    file: "surface/proto/json/json_text.ts",
    before: "if (most === 0) return undefined;",
    after: "if (most < -20) return undefined;",
    test: "tests/surface/proto/json/json_test.ts",
    name: "what is ignored is as deep",
  },
  {
    file: "surface/proto/defaults.ts",
    before: "if (prototype === undefined) prototypes.set(schema, prototype = makePrototype(schema));",
    after: "prototype = makePrototype(schema);",
    test: PEER_TEST,
  },
];
