// Faults of servers and the calls they serve.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/server/server_call_core.ts",
    before:
      "if (this.request !== undefined) this.request = ownBytes(this.request);\n  }\n\n  /** The peer took",
    after: "}\n\n  /** The peer took",
    test: "tests/surface/server/handlers_test.ts",
    name: "holds its own bytes",
  },
  {
    file: "transport/grpc/server_stream.ts",
    before: "    else if (!this.done) this.sink!.onMoreToCome?.();\n",
    after: "",
    test: "tests/surface/server/handlers_test.ts",
    name: "holds its own bytes",
  },
  {
    file: "surface/promise/server_calls.ts",
    before: "    this.requests?.end(error);\n",
    after: "",
    test: "tests/surface/server/handlers_test.ts",
    name: "requests that the library cuts off",
  },
  {
    file: "surface/call/call_core.ts",
    before: "if (this.deadlineTask !== undefined) this.engine.cancel(this.deadlineTask);",
    after: "",
    test: "tests/surface/nothing_left_test.ts",
    name: "a call that ends before its deadline",
  },
  {
    file: "surface/promise/server_calls.ts",
    before: '    this.sendStatus(OK, "");\n    this.requests?.end();\n',
    after: '    this.sendStatus(OK, "");\n',
    test: "tests/surface/nothing_left_test.ts",
    name: "a handler that has answered can read",
  },
  {
    file: "surface/server/server_call_core.ts",
    before: "if (this.wasCancelled) this.abort.abort",
    after: "if (this.isOver) this.abort.abort",
    test: "tests/surface/nothing_left_test.ts",
    name: "a call's signal that is first read",
  },
  {
    file: "surface/server/server.ts",
    before: "void stopped.then(() => this.engine.cancel(task));",
    after: "",
    test: "tests/surface/nothing_left_test.ts",
    name: "a graceful shutdown that is over before its grace",
  },
  {
    file: "surface/server/server.ts",
    before: "        listener.shutdown();\n        throw new Error(`Cannot listen on",
    after: "        throw new Error(`Cannot listen on",
    test: "tests/surface/nothing_left_test.ts",
    name: "a listen that fails",
  },
  {
    file: "surface/server/handler_slots.ts",
    before: "return this.running < this.limit && !this.owner.stalled;",
    after: "return !this.owner.stalled;",
    test: "tests/surface/server/handler_slots_test.ts",
  },
  {
    file: "surface/server/handler_slots.ts",
    before: "if (this.waiting?.delete(call)) this.owner.waitingChanged(-1);",
    after: "",
    test: "tests/surface/server/handler_slots_test.ts",
  },
  {
    file: "surface/server/handler_slots.ts",
    before: "if (this.waiting !== undefined && !this.starting) this.resume();",
    after: "",
    test: "tests/surface/server/handler_slots_test.ts",
  },
  {
    file: "surface/server/server_call_core.ts",
    before: 'if (this.handlerState !== "runs") return;',
    after: 'if (this.handlerState !== "runs" || this.wasCancelled) return;',
    test: "tests/surface/server/handler_slots_test.ts",
  },
  {
    file: "surface/server/server_options.ts",
    before: 'if (typeof graceMs === "number" && !Number.isNaN(graceMs)) return;',
    after: "if (!Number.isNaN(graceMs)) return;",
    test: "tests/surface/options_test.ts",
    name: "options of channels and servers",
  },
  {
    file: "surface/promise/server_calls.ts",
    before: "result.then((value) => this.settled(value),",
    after: "result.then((value) => this.returned(value),",
    test: "tests/surface/error_path_test.ts",
    name: "error path: responses that throw",
  },
  {
    file: "surface/promise/producer.ts",
    before: "if (Object(iterator) !== iterator) {",
    after: "if (Object(iterator) !== iterator && iterator !== undefined) {",
    test: "tests/surface/promise/producer_test.ts",
  },
  {
    file: "surface/promise/producer.ts",
    before: "if (leaving === undefined && this.pending) {",
    after: "if (this.pending) {",
    test: "tests/surface/promise/producer_test.ts",
  },
  {
    file: "surface/promise/producer.ts",
    before: "else if (this.endsWithNext) this.over();",
    after: "",
    test: "tests/surface/promise/producer_test.ts",
  },
  {
    file: "surface/server/service.ts",
    before: '|| typeof handlers[written] !== "function") continue;',
    after: "|| true) continue;",
    test: "tests/surface/bad_input_test.ts",
  },
];
