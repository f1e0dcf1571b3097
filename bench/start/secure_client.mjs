// What is bundled: a client of generated code with TLS.
import { Channel, createClient, tlsClient } from "pollwire/lean";
import { nativeClient } from "pollwire/pollers/native";
import { Greeter } from "./gen/greeter.mjs";

const channel = new Channel(process.argv[2], { poller: nativeClient, credentials: tlsClient() });
console.log((await createClient(Greeter, channel).sayHello({ name: "you" })).text);
channel.close();
