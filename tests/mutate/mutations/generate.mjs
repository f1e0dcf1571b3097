// Generated code: names, types, comments, 64-bit integers and imports.

const TYPES = "tests/surface/proto/generate/types_test.ts";
const MODULES = "tests/surface/proto/generate/modules_test.ts";
const COMMENTS = "tests/surface/proto/generate/comments_test.ts";
const LONGS = "tests/surface/proto/generate/longs_test.ts";
const BUNDLE = "tests/surface/proto/generate/bundle_test.ts";
const ENTRY = "tests/surface/proto/generate/entry_test.ts";

const mutation = (file, before, after, test) => ({ file, before, after, test, runtime: "deno" });

/** As `readMutations` describes them. */
export default [
  mutation("surface/proto/generate/identifiers.ts", "this.#taken.has(free); i++", "i < 0; i++", TYPES),
  mutation("surface/proto/generate/identifiers.ts", "RESERVED.has(name) || ", "", TYPES),
  mutation("surface/proto/generate/identifiers.ts", " || VARIABLES.test(name)", "", TYPES),
  mutation("surface/proto/generate/identifiers.ts", "return /^\\d/.test(name) ?", "return false ?", MODULES),
  mutation("surface/proto/generate/identifiers.ts", "readonly unique satisfies", "readonly", TYPES),
  mutation("surface/proto/generate/module.ts", "this.#scope.take(`${name}$`)", "{}", TYPES),
  mutation(
    "surface/proto/generate/module.ts",
    "this.#runtime && HELPERS.includes(exported)",
    "this.#runtime",
    TYPES,
  ),
  mutation("surface/proto/generate/declarations.ts", '? " as const" : ""', '? "" : ""', TYPES),
  mutation(
    "surface/proto/generate/generate.ts",
    "const MOST_CHECKED_FIELDS = 200",
    "const MOST_CHECKED_FIELDS = 1e9",
    TYPES,
  ),
  mutation("surface/proto/generate/module.ts", "/\\W|^(?=\\d)/g", "/\\W/g", MODULES),
  mutation(
    "surface/proto/generate/types.ts",
    "combinations > MOST_COMBINATIONS",
    "combinations > 1e9",
    MODULES,
  ),
  mutation(
    "surface/proto/generate/types.ts",
    "return absent ? `${value} | undefined` : value;",
    "return value;",
    TYPES,
  ),
  mutation(
    "surface/proto/message_types.ts",
    "T extends bigint ? bigint | number",
    "T extends bigint ? bigint",
    TYPES,
  ),
  mutation("surface/proto/generate/module.ts", "if (!typeOnly) known.typeOnly = false;", "", MODULES),
  mutation("surface/proto/generate/module.ts", '"../".repeat(from.length - same)', '""', MODULES),
  mutation("surface/proto/generate/message_codec.ts", "usedAsGroup: true", "usedAsGroup: false", MODULES),
  mutation("surface/proto/generate/generate.ts", "settings.json)", "true)", MODULES),
  mutation("surface/proto/generate/generate.ts", "settings.descriptors ?", "true ?", MODULES),
  mutation(
    "surface/proto/language/comments.ts",
    "last.lastLine >= this.line - 1",
    "last !== undefined",
    COMMENTS,
  ),
  mutation(
    "surface/proto/language/comments.ts",
    " && !this.endsLine(last)",
    "",
    COMMENTS,
  ),
  mutation("surface/proto/language/comments.ts", "last?.ofLines === true && last", "last && last", COMMENTS),
  mutation("surface/proto/language/comments.ts", " || this.blocks.length > 1", "", COMMENTS),
  mutation("surface/proto/language/comments.ts", "if (this.values > 0 || ", "if (", COMMENTS),
  mutation("surface/proto/generate/comments.ts", 'line.replaceAll("*/", "*\\\\/")', "line", COMMENTS),
  mutation("surface/proto/generate/comments.ts", 'path.replaceAll("*/", "*\\\\/")', "path", COMMENTS),
  mutation("surface/proto/generate/comments.ts", "/[\\n\\r\\u2028\\u2029]/g", "/\\r/g", COMMENTS),
  mutation(
    "surface/proto/compile/longs.ts",
    "if (!Number.isSafeInteger(number)) {",
    "if (number === 0) {",
    LONGS,
  ),
  mutation("surface/proto/build_schema.ts", 'if (jsType === "JS_STRING") return "string";', "", LONGS),
  mutation(
    "surface/proto/build_schema.ts",
    'file.path.startsWith("google/protobuf/") ? undefined : this.longs',
    "this.longs",
    LONGS,
  ),
  mutation("surface/proto/json/read_json.ts", 'if (longs === "string") return String(value);', "", LONGS),
  mutation("surface/proto/writer.ts", '"../../transport/framing.ts"', '"../../transport/mod.ts"', ENTRY),
  mutation(
    "surface/proto/generate/message_codec.ts",
    "return `${PURE} Uint8Array.of(",
    "return `Uint8Array.of(",
    BUNDLE,
  ),
  mutation(
    "surface/proto/generate/types.ts",
    "parts.push(`  & ${unknown}`);",
    "",
    TYPES,
  ),
  mutation(
    "surface/proto/extension.ts",
    "[Exclude<keyof Given, keyof T>] extends [never] ? unknown : T",
    "unknown",
    TYPES,
  ),
  mutation(
    "surface/proto/generate/declarations.ts",
    "`${module.docs.of(node)}export const ${name}: ${type}<",
    "`export const ${name}: ${type}<",
    "tests/surface/proto/generate/comments_test.ts",
  ),
  mutation(
    "surface/proto/generate/declarations.ts",
    "`${PURE} ${codecText(module, name, false)}`",
    "codecText(module, name, false)",
    BUNDLE,
  ),
];
