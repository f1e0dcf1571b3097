// Faults of HPACK, HTTP/2 and gRPC framing.

/** As `readMutations` describes them. */
export default [
  {
    file: "transport/hpack/decoder.ts",
    before: "scratch = new Uint8Array(4 * length)",
    after: "scratch = new Uint8Array(256)",
    test: "tests/transport/hpack/long_string_test.ts",
  },
];
