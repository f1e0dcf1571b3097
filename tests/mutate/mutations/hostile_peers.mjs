// Faults that let a peer cost more than it may.

/** As `readMutations` describes them. */
export default [
  {
    file: "transport/driver.ts",
    before: "return this.engine.now() >= this.turnEnds || this.connection.outputBytes > TURN_OUTPUT_BYTES;",
    after: "return this.connection.outputBytes > TURN_OUTPUT_BYTES;",
    test: "tests/transport/driver_test.ts",
  },
  {
    file: "transport/driver.ts",
    before: "return this.engine.now() >= this.turnEnds || this.connection.outputBytes > TURN_OUTPUT_BYTES;",
    after: "return this.engine.now() >= this.turnEnds;",
    test: "tests/transport/driver_test.ts",
  },
  {
    file: "transport/driver.ts",
    before: "else input.drop(taken);",
    after: "else input.clear();",
    test: "tests/transport/driver_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "if (now - this.armedAt < LATE_MS && this.waiting.length === 0) return true;",
    after: "return true;",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "if (now - this.restedAt < EVERY_MS) return true;",
    after: "",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "if (this.armed !== undefined) this.loop.disarm(this.armed);",
    after: "",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
  {
    file: "pollers/native/deno_rest.ts",
    before: "    this.beginWaiting();\n  }\n\n  private rested",
    after: "    this.waiting = [];\n  }\n\n  private rested",
    test: "tests/pollers/native/deno_rest_test.ts",
  },
];
