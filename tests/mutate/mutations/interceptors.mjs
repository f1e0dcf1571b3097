// Faults of interceptors.

const server = "tests/surface/promise/server_interceptor_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/server/server_call_core.ts",
    before: "if (this.host.interceptors !== undefined) this.intercept(this.host.interceptors);\n    else ",
    after: "",
    test: server,
    name: "calls of other styles wait for their admission",
  },
  {
    file: "surface/server/server_call_core.ts",
    before: "      this.abandon(new RpcError(code, details));\n    }\n    this.handlerEnded();",
    after: "      this.abandon(new RpcError(code, details));\n    }",
    test: server,
    name: "the slot of each is free again",
  },
  {
    file: "surface/server/server_call_core.ts",
    before: "      if (this.isOver) this.handlerEnded();\n      else this.onTurn();",
    after: "      this.onTurn();",
    test: server,
    name: "that ends while it waits for its admission",
  },
  {
    file: "surface/server/interceptor.ts",
    before: 'if (core.isOver) ended(Status.CANCELLED, "call is over");\n        else ',
    after: "",
    test: server,
    name: "that ends while it waits for its admission",
  },
  {
    file: "surface/server/interceptor.ts",
    before: "    this.isRun = true;\n",
    after: "",
    test: server,
    name: "a handler runs once",
  },
  {
    file: "surface/server/interceptor.ts",
    before: "else if (error !== status) core",
    after: "else core",
    test: server,
    name: "and nobody's error",
  },
  {
    file: "surface/server/interceptor.ts",
    before: "return list.reduceRight(",
    after: "return list.reduce(",
    test: server,
    name: "interceptors run in their order",
  },
  {
    file: "surface/promise/server_calls.ts",
    before: 'if (response?.["kind"] === kind) return',
    after: "return",
    test: server,
    name: "what interceptors throw, or forget",
  },
];
