// Faults of ring_hash and random_subsetting.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/channel/balancer/xxh64.ts",
    before: "(sum > 0xffffffff ? 1 : 0)",
    after: "0",
    test: "tests/surface/channel/xxh64_test.ts",
    name: "[C44] XXH64 of xxHash",
  },
  {
    file: "surface/channel/balancer/xxh64.ts",
    before: "if (length > this.octets.length) this.octets = new Uint8Array(2 * length);",
    after: "",
    test: "tests/surface/channel/xxh64_test.ts",
    name: "[C44] a text longer",
  },
  {
    file: "surface/channel/balancer/hash_ring.ts",
    before: "return from === highs.length ? 0 : from;",
    after: "return from;",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] a ring's places",
  },
  {
    file: "surface/channel/balancer/hash_ring.ts",
    before: "Math.ceil(least * minSize) / least",
    after: "minSize",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] a ring has minRingSize places",
  },
  {
    file: "surface/channel/balancer/hash_ring.ts",
    before: "end += weight * perWeight;",
    after: "end += perWeight;",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] weights of servers",
  },
  {
    file: "surface/channel/balancer/ring_hash.ts",
    before: "protected override readonly lazy = true;",
    after: "protected override readonly lazy = false;",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] it connects to no server before a call",
  },
  {
    file: "surface/channel/balancer/ring_hash.ts",
    before: 'if (state === "TRANSIENT_FAILURE") continue;',
    after: "",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] a call whose server fails goes on",
  },
  {
    file: "surface/channel/balancer/ring_hash.ts",
    before: "if (failed > 0 && count.CONNECTING === 0) this.connectOne();",
    after: "",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] two that fail",
  },
  {
    file: "surface/channel/balancer/ring_hash.ts",
    before: "      connecting = true;\n",
    after: "",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] calls without the header",
  },
  {
    file: "surface/channel/balancer/ring_hash.ts",
    before: "minRingSize: Math.min(minRingSize, MOST_PLACES),",
    after: "minRingSize,",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] config",
  },
  {
    file: "surface/channel/channel_route.ts",
    before: "if (this.asked) this.balancer.exitIdle();",
    after: "",
    test: "tests/surface/channel/ring_hash_test.ts",
    name: "[C44] a channel that is to connect",
  },
];
