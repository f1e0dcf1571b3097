// listen(): what comes while a name is looked up or an address is bound, in virtual time.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Server, type ServerOptions } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";

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
