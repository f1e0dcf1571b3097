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
];
