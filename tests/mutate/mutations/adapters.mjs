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
  {
    file: "surface/adapters/connect/headers.ts",
    before: "if (isReserved(name)) continue;",
    after: "",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/headers.ts",
    before: 'for (const one of value.split(",")) metadata.append(name, base64Decode(one.trim()));',
    after: "metadata.append(name, base64Decode(value));",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/headers.ts",
    before: "m: 1,",
    after: "m: 10,",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/errors.ts",
    before: "return ConnectError.from(cause, Code.Internal);",
    after: "return ConnectError.from(cause);",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/errors.ts",
    before: "header.forEach((value, name) => metadata.append(name, value));",
    after: "",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/errors.ts",
    before: 'typeUrl.slice(typeUrl.lastIndexOf("/") + 1)',
    after: "typeUrl",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/limited_codec.ts",
    before: "if (length > writeMaxBytes) {",
    after: "if (length > writeMaxBytes && length > 1_000) {",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/limited_codec.ts",
    before: "if (length < compressMinBytes) uncompressed(message);",
    after: "",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/transport.ts",
    before: "return timeoutMs <= 0 ? undefined : timeoutMs;",
    after: "return timeoutMs <= 0 ? this.defaultTimeoutMs : timeoutMs;",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/transport.ts",
    before: "if (!response.hasHeader) await messages.peek();",
    after: "",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/transport.ts",
    before: "if (result.done === true) this.response.succeeded();",
    after: "",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/transport_options.ts",
    before: 'new URL(baseUrl).pathname.replace(/\\/+$/, "")',
    after: "new URL(baseUrl).pathname",
    test: "tests/surface/adapters/connect_test.ts",
  },
  {
    file: "surface/adapters/connect/routes.ts",
    before: "`${Math.ceil(timeRemainingMs)}m`",
    after: "`${Math.ceil(timeRemainingMs)}S`",
    test: "tests/surface/adapters/connect_routes_test.ts",
  },
  {
    file: "surface/adapters/connect/routes.ts",
    before: "if (initial.size > 0) call.sendMetadata(initial);",
    after: "",
    test: "tests/surface/adapters/connect_routes_test.ts",
  },
  {
    file: "surface/adapters/connect/routes.ts",
    before: "if (code === 0) return call.trailers.appendAll(metadata);",
    after: "if (code === 0) return;",
    test: "tests/surface/adapters/connect_routes_test.ts",
  },
  {
    file: "surface/adapters/connect/routes.ts",
    before: 'decodeURIComponent(trailer.get("grpc-message") ?? "")',
    after: 'trailer.get("grpc-message") ?? ""',
    test: "tests/surface/adapters/connect_routes_test.ts",
  },
  {
    file: "surface/adapters/connect/routes.ts",
    before: "signal: call.signal,",
    after: "signal: new AbortController().signal,",
    test: "tests/surface/adapters/connect_routes_test.ts",
  },
  {
    file: "surface/adapters/connect/routes.ts",
    before: "const end = at + PREFIX_BYTES + view.getUint32(at + 1);",
    after: "const end = at + PREFIX_BYTES + view.getUint8(at + 4);",
    test: "tests/surface/adapters/connect_routes_test.ts",
  },
];
