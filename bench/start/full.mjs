// One call with the full entry and a .proto file.
import { Channel, createClient, loadProto } from "pollwire";

const { Greeter } = await loadProto(new URL("./greeter.proto", import.meta.url));
const channel = new Channel(globalThis.Deno?.args[0] ?? process.argv[2]);
console.log((await createClient(Greeter, channel).sayHello({ name: "you" })).text);
channel.close();
