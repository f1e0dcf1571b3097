// Faults of balancing policies.

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/channel/balancer/round_robin.ts",
    before: "Math.floor(this.helper.engine.random() * ready.length)",
    after: "0",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C39] clients begin",
  },
  {
    file: "surface/channel/balancer/round_robin.ts",
    before: "this.next = next + 1 === this.pickers.length ? 0 : next + 1;",
    after: "",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C39] it connects",
  },
  {
    file: "surface/channel/balancer/endpoint_children.ts",
    before: "      if (this.children.has(name)) continue;\n",
    after: "",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C39] a server that is there twice",
  },
  {
    file: "surface/channel/balancer/endpoint_children.ts",
    before: 'if (child.state === "IDLE") this.helper.run(() => this.reconnect(child));',
    after: "",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C39] a server whose connection",
  },
  {
    file: "surface/channel/balancer/endpoint_children.ts",
    before: "if (ready.length > 0) this",
    after: "if (ready.length === children.length) this",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C38] READY while any",
  },
  {
    file: "surface/channel/balancer/endpoint_children.ts",
    before: 'children.some(({ state }) => state !== "TRANSIENT_FAILURE")',
    after: "children.length < 0",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C38][C40] CONNECTING",
  },
  {
    file: "surface/channel/balancer/endpoint_children.ts",
    before: 'if (child.state === "TRANSIENT_FAILURE") this.failed = child.picker;',
    after: "",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C38][C40] all fail",
  },
  {
    file: "surface/channel/balancer/endpoint_children.ts",
    before: "for (const gone of before.values()) gone.balancer.close();",
    after: "",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C23] a new list",
  },
  {
    file: "surface/channel/balancer/endpoint_children.ts",
    before: "if (this.children.size === 0) this.helper.requestReresolution();",
    after: "",
    test: "tests/surface/channel/round_robin_test.ts",
    name: "[C36] an empty list",
  },
  {
    file: "surface/channel/channel.ts",
    before: 'balancerOf(options.loadBalancing ?? "pick_first")',
    after: 'balancerOf("pick_first")',
    test: "tests/surface/channel/round_robin_test.ts",
    name: "loadBalancing: a channel",
  },
];
