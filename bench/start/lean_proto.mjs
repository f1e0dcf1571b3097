// One call with the lean entry and a .proto file.
import { Channel, createClient, nativeClient } from "pollwire/lean/client";
import { loadProto } from "pollwire/proto";

const { Greeter } = await loadProto(new URL("./greeter.proto", import.meta.url));
const channel = new Channel(
  globalThis.Deno?.args[0] ?? process.argv[2],
  { poller: nativeClient },
);
console.log((await createClient(Greeter, channel).sayHello({ name: "you" })).text);
channel.close();
