// How a channel ends: at once, or when its calls have ended; and several addresses in its target.
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Channel, createClient, insecure, RpcError, Server } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { Trial } from "../serving.ts";

/** A server and a channel to it in virtual time, whose calls take a second. */
async function slowWorld() {
  const simulation = new Simulation();
  const [at, client] = [simulation.host(), simulation.host()];
  const server = new Server({ poller: at, credentials: insecure });
  server.addService(Trial, {
    one: (request) =>
      new Promise((resolve) => simulation.schedule(simulation.now + 1_000, () => resolve(request))),
  });
  await server.listen("0.0.0.0:80");
  const channel = new Channel(`${at.hostAddress}:80`, { poller: client, credentials: insecure });
  return { simulation, server, client, channel, one: createClient(Trial, channel).one };
}

test("[C7] drain: running calls go on, later ones fail at once, and it resolves when the last one has ended", async () => {
  const { simulation, server, client, channel, one } = await slowWorld();
  const running = one({ text: "a" });
  await simulation.run({ until: 500 });
  let drained = false;
  const done = channel.drain().then(() => drained = true);
  const error = await assertRejects(() => one({ text: "b" }, { waitForReady: true }), RpcError);
  assertMatch(error.message, /UNAVAILABLE.*channel is closed/);
  await simulation.run({ until: 900 });
  assertEquals([drained, channel.state], [false, "SHUTDOWN"]);
  await simulation.run({ until: 2_000 });
  assertEquals([(await running).text, await done, client.opened.size], ["a", true, 0]);
  server.close();
  await simulation.run();
});

test("[C7] drain without calls ends at once; close ends what a drain waits for", async () => {
  const { simulation, server, channel, one } = await slowWorld();
  const running = assertRejects(() => one({ text: "a" }), RpcError, "channel closed by the application");
  await simulation.run({ until: 500 });
  const drained = channel.drain();
  channel.close();
  await simulation.run({ until: 600 });
  await Promise.all([running, drained, channel.drain()]);
  server.close();
  await simulation.run();
});

test("[C22] the addresses of a list are those of servers: the second is taken where the first is away", async () => {
  const { simulation, server, client, channel } = await slowWorld();
  const [, at] = [simulation.host(), /10[^:]*/.exec(channel.describePending())![0]];
  const both = new Channel(`ipv4:10.9.9.9:80,${at}:80`, { poller: client, credentials: insecure });
  const answer = createClient(Trial, both).one({ text: "a" });
  await simulation.run({ until: 5_000 });
  assertEquals((await answer).text, "a");
  for (const one of [both, channel]) one.close();
  server.close();
  await simulation.run();
});
