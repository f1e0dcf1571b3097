// One call with the lean entry and generated code. `process` would have Deno load streams, which costs 14 ms of a start.
import { Channel, createClient, nativeClient } from "pollwire/lean/client";
import { Greeter } from "./gen/greeter.mjs";

const channel = new Channel(
  globalThis.Deno?.args[0] ?? process.argv[2],
  { poller: nativeClient },
);
console.log((await createClient(Greeter, channel).sayHello({ name: "you" })).text);
channel.close();
