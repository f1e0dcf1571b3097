// A script: calls that block, by the poller and the port that it is given, and nothing closed. It ends by itself.
import process from "node:process";
import { Channel, createSyncClient } from "pollwire";
import { Trial } from "../../serving.ts";

const [poller = "native", port] = process.argv.slice(2);
const client = createSyncClient(Trial, new Channel(`127.0.0.1:${port}`, { poller }));
const numbers = [...client.down({ number: 3 })].map(({ number }) => number);
console.log(client.one({ text: "done" }).text, numbers.join(","));
