// Servers that come and go, found in etcd: a channel calls whoever is there.
//
// Needs an etcd (Debian: etcd-server; `etcd --data-dir $(mktemp -d)`): npx bun examples/etcd/fleet.ts
import process from "node:process";
import { announce, Channel, createClient, parseProto, Server, type ServiceOf, type Unary } from "pollwire";
import { COMMON, readFlags } from "../route_guide/flags.ts";

interface Proto {
  Fleet: ServiceOf<{ who: Unary<object, { name: string }> }>;
}

const { Fleet } = parseProto<Proto>(`
  syntax = "proto3";
  package fleet;
  message Nothing {}
  message Name { string name = 1; }
  service Fleet { rpc Who(Nothing) returns (Name); }
`);

const { etcd: endpoint, poller } = readFlags("Servers that come and go, found in etcd.", {
  poller: COMMON.poller,
  etcd: ["127.0.0.1:2379", "where etcd listens"],
});
const prefix = `examples/fleet-${process.pid}`;

/** A server that is in etcd from now until its shutdown, or for 5 s after its death. */
async function start(name: string): Promise<Server> {
  const server = new Server({ poller });
  server.addService(Fleet, { who: () => ({ name }) });
  await server.listen("127.0.0.1:0");
  await announce(server, { etcd: { endpoints: [endpoint] }, prefix, ttlMs: 5_000 }).registered();
  return server;
}

const channel = new Channel(`etcd://${endpoint}/${prefix}`, { poller, loadBalancing: "round_robin" });
const client = createClient(Fleet, channel);

/** Calls until `count` servers answer, and no other one. */
async function ask(when: string, count: number): Promise<void> {
  for (;;) {
    const answers = await Promise.all(
      Array.from({ length: 3 * count }, () => client.who({}, { waitForReady: true })),
    );
    const names = [...new Set(answers.map(({ name }) => name))].sort();
    if (names.length === count) return console.log(`${when}: ${names.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const anna = await start("anna");
const bert = await start("bert");
await ask("two servers", 2);
const carl = await start("carl");
await ask("one more", 3);
await anna.shutdown(); // out of etcd first, then its calls end: none is lost
await ask("without anna", 2);
await channel[Symbol.asyncDispose]();
await Promise.all([bert.shutdown(), carl.shutdown()]);
