// Calls that wait for a stream and are given up together: none of them opens one.
import { assertEquals } from "@std/assert";
import { type CallOptions, Channel, createClient, insecure, Server, Status } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { failure, Trial } from "../serving.ts";

/** 20 calls with the options that `begin` gives, on a connection with 3 streams, until it gives them up. */
async function givenUp(
  begin: (simulation: Simulation) => Promise<{ options: CallOptions; giveUp(): void }>,
): Promise<void> {
  const simulation = new Simulation();
  const { options, giveUp } = await begin(simulation);
  const host = simulation.host();
  let server: RawPeer | undefined;
  const { listener } = await listenAt(host, (endpoint) => {
    server = new RawPeer(endpoint);
    server.send(setting([3, 3]), SETTINGS_ACK);
  });
  const channel = new Channel(`${host.hostAddress}:80`, { poller: simulation.host() });
  const client = createClient(Trial, channel);
  const calls = Array.from({ length: 20 }, () => failure(client.one({}, options)));
  const opened = () => server!.frames.filter((frame) => frame.startsWith("HEADERS")).length;
  await simulation.run({ until: simulation.now + 100 });
  assertEquals(opened(), 3);
  giveUp();
  await simulation.run({ until: simulation.now + 100 });
  assertEquals((await Promise.all(calls)).map(({ code }) => code), new Array(20).fill(Status.CANCELLED));
  assertEquals(opened(), 3);
  channel.close();
  listener.shutdown();
  server!.close();
  await simulation.run();
}

test("calls that wait for a stream and are given up by one signal open none as the others end", async () => {
  await givenUp(() => {
    const controller = new AbortController();
    return Promise.resolve({ options: { signal: controller.signal }, giveUp: () => controller.abort() });
  });
});

test("[C18] calls that wait for a stream and end with their parent open none as the others end", async () => {
  await givenUp(async (simulation) => {
    const host = simulation.host();
    const front = new Server({ poller: host, credentials: insecure });
    let options: CallOptions | undefined;
    front.addService(Trial, {
      one: (_request, call) => {
        options = { parent: call };
        return new Promise(() => {});
      },
    });
    await front.listen("0.0.0.0:80");
    const channel = new Channel(`${host.hostAddress}:80`, { poller: simulation.host() });
    void failure(createClient(Trial, channel).one({}));
    await simulation.run({ until: 100 });
    const giveUp = (): void => {
      channel.close();
      front.close();
    };
    return { options: options!, giveUp };
  });
});
