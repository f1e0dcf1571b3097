// Faults of .proto files and codecs.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/proto/reader.ts",
    before: "      this.skip(tag);\n    }\n    this.depth--;",
    after: "      this.skip(tag);\n    }",
    test: "tests/surface/proto/wire_test.ts",
    name: "groups that follow one another",
  },
  {
    file: "surface/proto/load.ts",
    before: '["ENOENT", "ENOTDIR", "EISDIR"]',
    after: '["ENOTDIR", "EISDIR"]',
    test: "tests/surface/proto/load_disk_test.ts",
  },
  {
    file: "pollers/native/files.ts",
    before: "{ cause }), { code });",
    after: "{ cause }), {});",
    test: "tests/surface/proto/load_disk_test.ts",
  },
  {
    file: "surface/proto/load.ts",
    before: "if (text === undefined) continue;",
    after: "if (text === undefined) return undefined;",
    test: "tests/surface/proto/load_disk_test.ts",
  },
  {
    file: "surface/proto/compile_decoder.ts",
    before: 'return name === "__proto__" ? \'["__proto__"]\' : JSON.stringify(name);',
    after: "return JSON.stringify(name);",
    test: "tests/surface/proto/literals_test.ts",
  },
  {
    file: "surface/proto/language/literals.ts",
    before: "Number.parseInt(octal, 8)",
    after: "Number.parseInt(octal, 10)",
    test: "tests/surface/proto/literals_test.ts",
  },
  {
    file: "surface/proto/language/parse_options.ts",
    before: 'return type === "float" ? Math.fround(signed) : signed;',
    after: "return signed;",
    test: "tests/surface/proto/literals_test.ts",
  },
  {
    file: "surface/proto/language/cursor.ts",
    before: "const MOST_NESTED = 31;",
    after: "const MOST_NESTED = 32;",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/source.ts",
    before: "column += TAB_WIDTH - (column % TAB_WIDTH);",
    after: "column++;",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/source.ts",
    before: "if (code < 0x80) return 1;",
    after: "return 1;",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/declare.ts",
    before: "const LAST_OWN_NUMBER = 19_999;",
    after: "const LAST_OWN_NUMBER = 19_998;",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/symbols.ts",
    before: "} else if (isScope(found)) {",
    after: "} else if (isScope(found) && this.#all.has(inner + name)) {",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/symbols.ts",
    before: 'next.file.imports.filter(({ kind }) => kind === "public")',
    after: "next.file.imports",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/features.ts",
    before: 'if (field.label === "required") result',
    after: 'if (field.label === "repeated") result',
    test: "tests/surface/proto/proto2_test.ts",
  },
  {
    file: "surface/proto/language/text_format.ts",
    before: 'const end = this.take("<") ? ">" : "}";',
    after: 'const end = "}";',
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/text_format.ts",
    before: "this.#depth--;",
    after: "",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/language/number_ranges.ts",
    before: "if (b.start > a.end) continue;",
    after: "if (b.start >= a.end) continue;",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
  {
    file: "surface/proto/build_schema.ts",
    before: "field.oneof === undefined ? field.defaultValue : undefined",
    after: "undefined",
    test: "tests/surface/proto/proto2_test.ts",
  },
  {
    file: "surface/proto/language/options.ts",
    before: 'if (field.label !== "repeated" && into.has(key)) {',
    after: "if (false) {",
    test: "tests/surface/proto/language/complaints_test.ts",
  },
];
