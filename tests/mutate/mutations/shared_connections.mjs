// Faults of connections that channels share.

const test = "tests/surface/channel/shared_connections_test.ts";
const file = "surface/channel/connection_pool.ts";

/** As `readMutations` describes them. */
export default [
  {
    file: "surface/channel/channel.ts",
    before: "{ shared: this.#shared(options, credentials) }",
    after: "{}",
    test,
    name: "[C49] two channels with the same",
  },
  {
    file: "surface/channel/channel.ts",
    before: "options.shareConnections === false ? {} : {",
    after: "false ? {} : {",
    test,
    name: "[C49] a channel that opts out",
  },
  {
    file: "surface/channel/shared_connections.ts",
    before: "settings: true,",
    after: "",
    test,
    name: "[C49] a channel that has other settings",
  },
  {
    file: "surface/channel/shared_connections.ts",
    before: "${identityOf(onError)} ",
    after: "",
    test,
    name: "[C49] a channel that reports to another",
  },
  {
    file,
    before: "    this.transport!.endStreamsOf(link.channel, reason);\n",
    after: "",
    test,
    name: "[C49] close ends the calls",
  },
  {
    file,
    before: "if (this.links.size === 1) return this.transport!.close(reason);",
    after: "return this.transport!.close(reason);",
    test,
    name: "[C49] close ends the calls",
  },
  {
    file,
    before: "if (this.links.size > this.leaving.size) return false;",
    after: "",
    test,
    name: "[C49] drain waits",
  },
  {
    file,
    before: "if (!this.transport!.hasStreamsOf(link.channel)) this.end(link);",
    after: "this.end(link);",
    test,
    name: "[C49] one that drains and then closes",
  },
  {
    file,
    before: "link.owner.onConnectFailed(`cannot connect to",
    after: "void (`cannot connect to",
    test,
    name: "[C49] where a poller throws then",
  },
  {
    file: "surface/channel/subchannel.ts",
    before: "for (const link of this.draining) link.endIfUnused();",
    after: "",
    test,
    name: "[C49] what a channel has left",
  },
  {
    file,
    before: "if (this.isOpen) return this.connected(link, this.transport!);",
    after: "return this.connected(link, this.transport!);",
    test,
    name: "[C49] a channel that begins while",
  },
  {
    file,
    before: "    this.peers.delete(this);\n",
    after: "",
    test,
    name: "[C49] keys of connections that are gone",
  },
  {
    file,
    before: "if (this.links.size > 1) {",
    after: "if (false) {",
    test,
    name: "[C49] channels that wait for streams",
  },
  {
    file,
    before: "if (link.owner === owner) return false;",
    after: "void owner;",
    test: "tests/surface/channel/shared_connections_test.ts",
    name: "[C48][C49] a channel that needs another",
  },
  {
    file,
    before:
      "for (const [other, { size }] of this.connections) if (size === 0) this.connections.delete(other);",
    after: "",
    test,
    name: "[C49] keys of connections that are gone",
  },
  {
    file: "surface/credentials/channel_credentials.ts",
    before: "ofTheSystem.set(known, credentials = new ChannelCredentials({}, known));",
    after: "credentials = new ChannelCredentials({}, known);",
    test,
    name: "[C48] channels to https:",
  },
  {
    file: "surface/channel/subchannel.ts",
    before: "    if (!this.links.includes(link)) return;\n",
    after: "",
    test: test,
    name: "[C49] one that is given up",
  },
];
