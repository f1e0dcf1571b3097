// Faults of adapters for the code of other libraries.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/adapters/protobuf_es/message_codec.ts",
    before: "toBinary(this.desc, create(this.desc, message), this.options)",
    after: "toBinary(this.desc, message as never, this.options)",
    test: "tests/surface/adapters/protobuf_es_test.ts",
  },
  {
    file: "surface/adapters/protobuf_es/message_codec.ts",
    before: "if ($typeName === undefined || $typeName === this.typeName) return;",
    after: "return;",
    test: "tests/surface/adapters/protobuf_es_test.ts",
  },
  {
    file: "surface/adapters/protobuf_es/message_codec.ts",
    before: "return fromBinary(this.desc, bytes, this.options);",
    after: "return fromBinary(this.desc, bytes);",
    test: "tests/surface/adapters/protobuf_es_test.ts",
  },
  {
    file: "surface/adapters/protobuf_es/gen_service.ts",
    before: "localName: safeMethodName(method.localName),",
    after: "localName: method.localName,",
    test: "tests/surface/adapters/protobuf_es_test.ts",
  },
  {
    file: "surface/adapters/protobuf_es/gen_service.ts",
    before: "return file.dependencies.map(protoFile);",
    after: "return [];",
    test: "tests/surface/adapters/protobuf_es_test.ts",
  },
  {
    file: "surface/adapters/protobuf_es/gen_service.ts",
    before: "if (options === undefined) services.set(service, made);",
    after: "",
    test: "tests/surface/adapters/protobuf_es_test.ts",
  },
];
