// Faults of channels and calls.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/client/client_call.ts",
    before: "if (this.deadlineTask !== undefined) this.context.engine.cancel(this.deadlineTask);",
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
];
