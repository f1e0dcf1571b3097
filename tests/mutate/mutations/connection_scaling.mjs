// Faults of several connections to one address.

const test = "tests/surface/channel/connection_scaling_test.ts";
const file = "surface/channel/subchannel.ts";

/** As `readMutations` describes them. */
export default [
  {
    file,
    before: "this.cancelBackoff(); // that of a further",
    after: "// that of a further",
    test,
    name: "[C48] a further connection that comes to nothing while",
  },
  {
    file,
    before: "if (useful) this.backoff.reset();\n    else if (this",
    after: "if (this",
    test,
    name: "[C48] further connections that come to nothing",
  },
  {
    file,
    before: "else if (this.uselessBefore && this.backoffTask === undefined) {",
    after: "else if (false) {",
    test,
    name: "[C48] further connections that come to nothing",
  },
  {
    file: "surface/channel/channel_route.ts",
    before: "this.settings.maxConnections = this.config?.maxConnectionsPerSubchannel ?? 1;",
    after: "",
    test,
    name: "[C48] when every stream is used",
  },
  {
    file: "surface/channel/channel_route.ts",
    before: "    for (const subchannel of this.subchannels.keys()) subchannel.onCanOpen();\n",
    after: "",
    test,
    name: "[C48] a service config that allows more",
  },
  {
    file,
    before: "length >= this.settings.maxConnections || ",
    after: "",
    test,
    name: "[C48] when every stream is used",
  },
  {
    file,
    before: "if (this.attempt === undefined && this.backoffTask === undefined) this.beginHandshake();",
    after: "this.beginHandshake();",
    test,
    name: "[C48] one attempt at a time",
  },
  {
    file,
    before: "transport.canOpen ? transport : this.transportWithRoom();",
    after: "transport.canOpen ? transport : undefined;",
    test,
    name: "[C48] no connection is made while",
  },
  {
    file,
    before: "    else this.connectBeside();\n",
    after: "",
    test,
    name: "[C48] a further connection that cannot be made",
  },
  {
    file,
    before: " || this.waiting.size === 0) return;",
    after: ") return;",
    test,
    name: "[C48] no attempt where nothing waits",
  },
  {
    file,
    before: "this.links.splice(this.links.indexOf(link), 1);",
    after: "this.links.length = 0;",
    test,
    name: "[C48] the first connection is lost",
  },
  {
    file,
    before: "if (this.links.length > 0) return this.detachedBeside(link);",
    after: "if (this.links.length > 0) return;",
    test,
    name: "[C48] a connection that is lost while calls wait",
  },
  {
    file,
    before: "    this.cancelAttempt();\n    this.cancelBackoff();\n    this.failure",
    after: "    this.failure",
    test,
    name: "[C48] the last connection is lost",
  },
  {
    file,
    before: "for (const link of [...this.links, ...this.draining]) end(link);",
    after: "for (const link of [...this.links.slice(0, 1), ...this.draining]) end(link);",
    test,
    name: "[C48] close: all",
  },
];
