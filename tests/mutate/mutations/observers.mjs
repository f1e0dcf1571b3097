// Faults of call observers.

const test = "tests/surface/call/call_observer_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/server/server_call_core.ts",
    before: "const code = status ?? (overdue",
    after: "const code = (overdue",
    test,
    name: "see the status that the client gets",
  },
  {
    file: "surface/client/client_call.ts",
    before: "if (this.replay === undefined) return;\n    for",
    after: "return;\n    for",
    test,
    name: "a queue's call was given before it began",
  },
  {
    file: "surface/client/sending_call.ts",
    before: "if (framed !== undefined && record.attempts === 1)",
    after: "if (framed !== undefined)",
    test: "tests/surface/client/replay_test.ts",
    name: "whose requests are counted once",
  },
  {
    file: "surface/client/sending_call.ts",
    before: "    if (this.record !== undefined && !this.isOver) this.record.messageSent(framed);\n",
    after: "",
    test,
    name: "observers count the messages of streams",
  },
  {
    file: "surface/call/call_observer.ts",
    before: "this.list = left.length === 0 ? undefined : left;",
    after: "void left;",
    test,
    name: "an observer that was removed",
  },
  {
    file: "surface/call/call_observer.ts",
    before: "    callApplication(\n      tell,",
    after: "    tell();\n    callApplication(\n      () => {},",
    test,
    name: "what observers throw",
  },
  {
    file: "surface/call/call_observer.ts",
    before: "    this.durationMs = now - this.startedAt;",
    after: "    this.durationMs = now;",
    test,
    name: "observers see the events of a unary call",
  },
  {
    file: "surface/server/server_call_core.ts",
    before: 'this.finish(code, details, NO_FIELDS, "library");',
    after: 'this.finish(code, details, NO_FIELDS, "user");',
    test,
    name: "observers are told who ended a call",
  },
  {
    file: "surface/server/server.ts",
    before: "    this.#host.observeUnserved(head, peer, code, details);\n",
    after: "",
    test,
    name: "observers are told who ended a call",
  },
];
