// Calls that wait for a stream and are given up together: none of them opens one.
import { assertEquals } from "@std/assert";
import { Channel, createClient, Status } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { failure, Trial } from "../serving.ts";

test("calls that wait for a stream and are given up by one signal open none as the others end", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  let server: RawPeer | undefined;
  const { listener } = await listenAt(host, (endpoint) => {
    server = new RawPeer(endpoint);
    server.send(setting([3, 3]), SETTINGS_ACK);
  });
  const channel = new Channel(`${host.hostAddress}:80`, { poller: simulation.host() });
  const client = createClient(Trial, channel);
  const giveUp = new AbortController();
  const calls = Array.from({ length: 20 }, () => failure(client.one({}, { signal: giveUp.signal })));
  const opened = () => server!.frames.filter((frame) => frame.startsWith("HEADERS")).length;
  await simulation.run({ until: simulation.now + 100 });
  assertEquals(opened(), 3);
  giveUp.abort();
  await simulation.run({ until: simulation.now + 100 });
  assertEquals((await Promise.all(calls)).map(({ code }) => code), new Array(20).fill(Status.CANCELLED));
  assertEquals(opened(), 3);
  channel.close();
  listener.shutdown();
  server!.close();
  await simulation.run();
});
