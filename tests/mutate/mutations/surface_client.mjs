// Faults of channels and calls.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/client/client_call.ts",
    before: "        this.onAbort = undefined; // the signal forgets",
    after: "        // the signal forgets",
    test: "tests/surface/nothing_left_test.ts",
    name: "an aborted signal ends its calls",
  },
  {
    file: "surface/client/client_call.ts",
    before: "      this.disarmDeadline();\n",
    after: "",
    test: "tests/surface/nothing_left_test.ts",
    name: "a call that ends before its deadline",
  },
  {
    file: "surface/client/client_call.ts",
    before: 'this.options.signal!.removeEventListener("abort", this.onAbort);',
    after: "{}",
    test: "tests/surface/nothing_left_test.ts",
    name: "listens to its signal no more",
  },
  {
    file: "surface/promise/client.ts",
    before:
      "const given = options === undefined ? NONE_GIVEN : readCallOptions(method.path, options);\n      if",
    after: "const given = NO_OPTIONS;\n      if",
    test: "tests/surface/options_test.ts",
    name: "call options: what is unknown",
  },
  {
    file: "surface/channel/channel.ts",
    before: 'checkConnectOptions("make a channel"',
    after: 'void ("make a channel"',
    test: "tests/surface/options_test.ts",
    name: "options of channels and servers",
  },
  {
    file: "transport/grpc/server_stream.ts",
    before: "if (bytes > this.limits.sendBytes) {",
    after: "if (false) {",
    test: "tests/surface/options_test.ts",
    name: "a message above a limit",
  },
  {
    file: "transport/grpc/client_stream.ts",
    before: "if (bytes > this.limits.sendBytes) {",
    after: "if (false) {",
    test: "tests/surface/options_test.ts",
    name: "a message above a limit",
  },
  {
    file: "surface/client/client_call.ts",
    before: "    if (!this.isOver) this.onCorked();\n",
    after: "",
    test: "tests/surface/client/corked_test.ts",
    name: "go at once",
  },
  {
    file: "surface/client/client_call.ts",
    before: "    this.awaitConfig();\n    this.context.route.pause(this);\n",
    after: "    this.awaitConfig();\n",
    test: "tests/surface/client/corked_test.ts",
    name: "corked: a call ends with its channel",
  },
  {
    file: "surface/client/client_call.ts",
    before: "    this.context.route.withdraw(this); // it was paused\n",
    after: "",
    test: "tests/surface/client/corked_test.ts",
    name: "corked: a call that has its stream",
  },
  {
    file: "surface/client/sending_call.ts",
    before: "this.stream === undefined ? !this.waitsForRequest : this",
    after: "this.stream === undefined ? true : this",
    test: "tests/surface/blocking/corked_test.ts",
    name: "corked: requests go",
    poller: "epoll",
  },
  {
    file: "surface/client/sending_call.ts",
    before: "this.waitsForRequest = options.corked && requestStream;",
    after: "this.waitsForRequest = false;",
    test: "tests/surface/client/corked_test.ts",
    name: "learns nothing",
  },
  {
    file: "surface/promise/producer.ts",
    before: 'this.state = "blocked";\n    this.execCtx.schedule(this);',
    after: 'this.state = "blocked";\n    this.runCallback();',
    test: "tests/surface/reentrancy_test.ts",
    name: "[Q121] every callback",
  },
];
