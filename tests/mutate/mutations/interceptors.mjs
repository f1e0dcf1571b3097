// Faults of interceptors.

const server = "tests/surface/promise/server_interceptor_test.ts";

const client = "tests/surface/promise/client_interceptor_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/server/interceptor.ts",
    before:
      "      response.catch(() => {}); // its client has the status, whether or not the interceptor waits for it yet\n",
    after: "",
    test: server,
    name: "no unhandled rejection where an interceptor waits for it later",
  },
  {
    file: "surface/promise/intercepted_call.ts",
    before:
      '      this.fail(Status.INTERNAL, `cannot start the call: ${messageOf(error)}`, "user", error);\n',
    after: "      throw error;\n",
    test: client,
    name: "whose signal throws",
  },
  {
    file: "surface/promise/server_calls.ts",
    before: "        ofHandler = { error };\n",
    after: "",
    test: server,
    name: "what a handler throws is the handler's error",
  },
  {
    file: "surface/promise/server_calls.ts",
    before: "thrown !== undefined && thrown.error === error",
    after: "thrown !== undefined",
    test: server,
    name: "theirs where they throw their own",
  },
  {
    file: "surface/server/server_call_core.ts",
    before: "    this.hasEarlyMetadata = true;\n",
    after: "",
    test: server,
    name: "where an interceptor has sent initial metadata",
  },
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
    before: 'if (response?.["kind"] !== kind) {',
    after: "if (false) {",
    test: server,
    name: "what interceptors throw, or forget",
  },
  {
    file: "surface/promise/intercepted_call.ts",
    before: "for (const child of [...this.children]) child.onParentOver();",
    after: "",
    test: client,
    name: "cancels those which it does not need any more",
  },
  {
    file: "surface/promise/intercepted_call.ts",
    before: "    this.armDeadline(at);",
    after: "    this.deadlineAt = at;",
    test: client,
    name: "a call ends by its deadline and its signal",
  },
  {
    file: "surface/promise/intercepted_call.ts",
    before: "this.ending = this.engine.runAt(this.engine.now() + PATIENCE_MS, () => {",
    after: "this.ending = this.engine.runAt(this.deadlineAt - 1, () => {",
    test: client,
    name: "the deadline of the caller holds",
  },
  {
    file: "surface/promise/intercepted_call.ts",
    before: "    else parent?.addChild(this);",
    after: "",
    test: client,
    name: "a call that is made for another one ends with it",
  },
  {
    file: "surface/promise/intercepted_call.ts",
    before: "    if (isRpcError(thrown)) return thrown;",
    after: "",
    test: client,
    name: "errors pass through interceptors",
  },
  {
    file: "surface/promise/intercepted_call.ts",
    before: "    if (this.hasBegun && this.children.size === 0) this.detach();",
    after: "",
    test: client,
    name: "responses that nobody reads",
  },
  {
    file: "surface/promise/intercepted_method.ts",
    before: "if (inner.outcome !== undefined && !answered) throw",
    after: "if (false) throw",
    test: client,
    name: "an interceptor may answer itself, and may call next again",
  },
  {
    file: "surface/promise/intercepted_method.ts",
    before: "      return parent.options.onTrailers?.(trailers);",
    after: "",
    test: client,
    name: "onHeaders and onTrailers of a call",
  },
  {
    file: "surface/promise/intercepted_responses.ts",
    before: "this.started?.then((iterator) => iterator.return?.(), () => {})",
    after: "this.started?.then(() => {}, () => {})",
    test: client,
    name: "leaving the loop over responses",
  },
  {
    file: "surface/promise/server_calls.ts",
    before: 'if (this.isOver) throw new RpcError(Status.CANCELLED, "call is over");',
    after: "",
    test: server,
    name: "does not begin when its call is over",
  },
  {
    file: "surface/promise/intercepted_responses.ts",
    before: "    for (const { resolve } of others) resolve(DONE);\n    this.leave();\n",
    after: "    for (const { resolve } of others) resolve(DONE);\n",
    test: client,
    name: "an interceptor's own source",
  },
];
