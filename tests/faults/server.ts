// The server of a fault: answers every call, and permits its client's PINGs. Prints its port.
import process from "node:process";
import { insecure, Server } from "pollwire";
import { readArguments } from "../../.ci/arguments.mjs";
import { Trial } from "../surface/serving.ts";

const { poller, host } = readArguments("The server of a fault.", {
  poller: ["native", "what moves its bytes"],
  host: ["127.0.0.1", "where it listens"],
});
const server = new Server({
  poller,
  credentials: insecure,
  keepalive: { permitTimeMs: 5_000, permitWithoutCalls: true },
});
server.addService(Trial, { one: (request) => request });
console.log(`port ${await server.listen(`${host}:0`)}`);
process.stdin.on("end", () => server.close()).resume(); // it goes with whoever started it
