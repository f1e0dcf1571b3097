// Faults of what tests know of the programs that they start.

const HARNESS = "tests/harness_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "tests/harness.ts",
    before: "for (const outsider of outsiders) outsider.end();",
    after: "",
    test: HARNESS,
    name: "a test that fails says what its programs have done",
  },
  {
    file: "tests/harness.ts",
    before: "for (const outsider of outsiders) error.message +=",
    after: "for (const outsider of []) error.message +=",
    test: HARNESS,
    name: "a test that fails says what its programs have done",
  },
  {
    file: "tests/pollers/program.ts",
    before: "await Promise.race([this.ended, new Promise<void>((resolve) => this.hear = resolve)]);",
    after: "await new Promise<void>((resolve) => this.hear = resolve);",
    test: HARNESS,
    name: "a program that has ended is not waited for",
  },
  {
    file: "tests/surface/serving.ts",
    before: "await use.end(); // or the tests after one that failed fail too",
    after: "if (isSound) await use.end();",
    test: "tests/surface/nothing_left_test.ts",
    name: "leaves no engine for the tests after it",
  },
];
