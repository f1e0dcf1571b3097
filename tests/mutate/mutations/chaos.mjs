// Faults of channels that a chaos run must see.

const SIMULATED = "tests/chaos/simulated_test.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "transport/grpc/status_of_error.ts",
    before: "const { unprocessed } = error;",
    after: "const unprocessed = error.kind !== undefined;",
    test: SIMULATED,
    name: "seeds 1 to 8",
  },
  {
    file: "surface/client/attempts/attempts.ts",
    before: "this.most = (retry ?? hedging)!.maxAttempts;",
    after: "this.most = 2;",
    test: SIMULATED,
    name: "seeds 1 to 8",
  },
];
