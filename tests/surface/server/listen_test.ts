// listen(): what comes while a name is looked up or an address is bound, in virtual time.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Server, type ServerOptions } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import type { Endpoint } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";

const NAME = "service.test:80";

function start(lookupMs: number | undefined, options: ServerOptions = {}) {
  const simulation = new Simulation();
  const host = simulation.host();
  simulation.network.names.set("service.test", [host.hostAddress]);
  simulation.network.lookupMs = lookupMs;
  return { simulation, host, server: new Server({ ...options, poller: host }) };
}

test("a name is looked up, and its address listened on", async () => {
  const { simulation, host, server } = start(100);
  const listening = server.listen(NAME);
  await simulation.run();
  assertEquals([await listening, host.opened.size, simulation.now], [80, 1, 100]); // and no timer was left
  server.close();
});

test("a shutdown while the name is looked up: nothing is listened on, and listen() says why", async () => {
  const { simulation, host, server } = start(100);
  const listening = assertRejects(() => server.listen(NAME), TypeError, "the server was shut down");
  await simulation.run({ until: 50 });
  server.close();
  await simulation.run();
  await Promise.all([listening, server.shutdown()]);
  assertEquals(host.opened.size, 0);
});

test("a shutdown while an address is bound: the same", async () => {
  const { simulation, host, server } = start(undefined);
  const address = `${host.hostAddress}:80`;
  const listening = assertRejects(() => server.listen(address), TypeError, "the server was shut down");
  server.close();
  await simulation.run();
  await Promise.all([listening, server.shutdown()]);
  assertEquals(host.opened.size, 0);
});

test("a resolver that never answers: listen() rejects after handshakeTimeoutMs", async () => {
  const { simulation, server } = start(Infinity, { handshakeTimeoutMs: 5_000 });
  const listening = assertRejects(() => server.listen(NAME), Error);
  await simulation.run();
  assertStringIncludes((await listening).message, "was not resolved within 5000 ms");
  assertEquals(simulation.now, 5_000);
  server.close();
});

test("a name of several addresses: all are listened on, at the port that the first was given", async () => {
  const { simulation, host, server } = start(100);
  const others = ["10.0.0.77", "10.0.0.78"];
  simulation.network.names.set("service.test", [host.hostAddress, ...others]);
  const listening = server.listen("service.test:0");
  await simulation.run();
  const port = await listening;
  const at = [host.hostAddress, ...others].map((address) => `${address}:${port}`);
  assertEquals([...host.opened].map((one) => one.describe()), [`listener on ${at.join(" and ")}`]);
  const freed = server.unbind(`service.test:${port}`);
  await simulation.run();
  await freed;
  assertEquals(host.opened.size, 0);
  server.close();
});

test("a name of several addresses, one of which is taken: nothing is listened on", async () => {
  const { simulation, host, server } = start(100);
  simulation.network.names.set("service.test", [host.hostAddress, "10.0.0.77", "10.0.0.77"]);
  const listening = assertRejects(() => server.listen(NAME), Error);
  await simulation.run();
  assertStringIncludes((await listening).message, `Cannot listen on ${NAME}: `);
  await server.shutdown();
  assertEquals(host.opened.size, 0);
});

test("a name that is not known: listen() rejects and names it, and another address may be tried", async () => {
  const { simulation, host, server } = start(100);
  simulation.network.names.clear();
  const listening = assertRejects(() => server.listen(NAME), Error);
  await simulation.run();
  assertStringIncludes((await listening).message, `Cannot listen on ${NAME}: `);
  assertEquals(simulation.now, 100); // and no timer was left
  assertEquals(await server.listen(`${host.hostAddress}:80`), 80);
  server.close();
});

test("an endpoint that somebody else accepted is served, and closed once the server was shut down", async () => {
  const { simulation, host, server } = start(undefined);
  const client = simulation.host();
  const accepted: Endpoint[] = [];
  const { at } = await listenAt(host, (endpoint) => accepted.push(endpoint));
  const peers: RawPeer[] = [];
  for (let round = 1; round <= 2; round++) {
    client.connect(at, {}, (result) => result.ok && peers.push(new RawPeer(result.value)));
    await simulation.run();
    server.serveEndpoint(accepted[round - 1]!);
    await simulation.run({ until: simulation.now + 10 });
    if (round === 1) {
      assertEquals([peers[0]!.frames[0], peers[0]!.ended], ["SETTINGS", "open"]);
      server.close();
    } else assertEquals([peers[1]!.frames, peers[1]!.ended], [[], "end-of-stream"]);
  }
  await simulation.run();
  await server.shutdown();
  assertEquals([host.opened.size, peers[0]!.ended], [1, "end-of-stream"]); // the listener of the test
});
