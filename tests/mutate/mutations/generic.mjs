// Faults of calls without their schema.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/server/server.ts",
    before: 'this.#methods.setFallback("generic service", genericStyle(handler));',
    after: "genericStyle(handler);",
    test: "tests/surface/promise/generic_test.ts",
    name: "serves what no service has",
  },
  {
    file: "surface/server/service.ts",
    before: "styleOf(handler, GENERIC) ?? functionStyle(handler, undefined, GENERIC);",
    after: "styleOf(handler, GENERIC)!;",
    test: "tests/surface/promise/generic_test.ts",
    name: "what is no handler, is refused",
  },
  {
    file: "surface/promise/generic_client.ts",
    before: "const key = `${kind} ${path}`;",
    after: "const key = kind;",
    test: "tests/surface/promise/generic_test.ts",
    name: "calls more methods than it keeps",
  },
  {
    file: "surface/promise/raw.ts",
    before: "promiseStyle(withoutSchema(descriptor), handler as AnyHandler)",
    after: "promiseStyle(descriptor, handler as AnyHandler)",
    test: "tests/surface/promise/generic_test.ts",
    name: "one method of a service is served as octets",
  },
  {
    file: "examples/proxy/forward.ts",
    before: "      parent: call,\n",
    after: "",
    test: "tests/examples/proxy_test.ts",
    name: "the deadline goes on",
  },
  {
    file: "examples/proxy/forward.ts",
    before: "      metadata: call.metadata,\n",
    after: "",
    test: "tests/examples/proxy_test.ts",
    name: "metadata both ways",
  },
  {
    file: "examples/proxy/forward.ts",
    before: "      onHeaders: (metadata) => call.sendMetadata(metadata),\n",
    after: "",
    test: "tests/examples/proxy_test.ts",
    name: "initial metadata comes before any message",
  },
  {
    file: "examples/proxy/forward.ts",
    before: "    call.trailers.appendAll(trailers);\n",
    after: "",
    test: "tests/examples/proxy_test.ts",
    name: "metadata both ways",
  },
  {
    file: "surface/call/metadata.ts",
    before: "this.#takeAll(Metadata.from(metadata));",
    after: "for (const [name, value] of Metadata.from(metadata)) this.append(name, value);",
    test: "tests/surface/call/metadata_test.ts",
    name: "appendAll passes on what a peer sent",
  },
];
