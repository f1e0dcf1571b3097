// Run by process_test.ts in a process of its own: a client that never closes its channel. Prints "ready" once it stands.
import process from "node:process";
import { Channel, createClient, type RpcError } from "pollwire";
import { Trial } from "../serving.ts";

const [, , scenario, address] = process.argv;
const channel = new Channel(address!, {
  initialBackoffMs: 100,
  holdsProcess: scenario !== "a call of a channel that does not hold it",
});
const client = createClient(Trial, channel);

/** Says how a call ended. */
const say = (call: Promise<unknown>): Promise<void> =>
  call.then(() => console.log("answered"), (error: RpcError) => console.log(`status ${error.code}`));

switch (scenario) {
  case "calls that are over":
    await client.one({});
    await client.one({}, { deadlineMs: 60_000 });
    for await (const note of client.down({ number: 3 })) if (note.number === 2) break;
    break;
  case "a call that was aborted": {
    const controller = new AbortController();
    const call = say(client.one({ text: "wait" }, { signal: controller.signal }));
    controller.abort();
    await call;
    break;
  }
  case "a connection nobody uses":
    channel.connect();
    await channel.stateChange("CONNECTING");
    if (channel.state !== "READY") throw new Error(channel.state);
    break;
  case "a watch":
    await client.one({});
    void channel.stateChange("READY");
    break;
  case "connecting":
    channel.connect();
    break;
  case "a call past its deadline":
    await say(client.one({}, { deadlineMs: 300 }));
    break;
  case "a call that is not answered":
    void say(client.one({ text: "wait" }));
    break;
  case "a call of a channel that does not hold it":
    void client.one({ text: "wait" }).catch(() => {});
    await client.one({});
    break;
  case "a call that nobody waits for":
    client.one({ text: "wait" }).catch(() => {});
    break;
  case "a stream that nobody reads":
    client.down({ text: "wait" });
    break;
  case "a call that waits for a connection":
    void say(client.one({}, { waitForReady: true }));
    break;
  default:
    throw new Error(`No scenario ${JSON.stringify(scenario)}`);
}
console.log("ready");
