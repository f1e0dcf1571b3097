// Serves on the epoll poller until SIGTERM, then shuts down gracefully; nobody calls process.exit.
import process from "node:process";
import { Server } from "pollwire";
import { Trial } from "../../../surface/serving.ts";
import { epollEngine } from "../setup.ts";

const own = process.argv[2] === "own";
const server = new Server({ poller: own ? epollEngine({ ownThread: true }) : "epoll" });
let began = 0;
server.addService(Trial, {
  async one(note) {
    console.log(`began ${++began}.`);
    await new Promise((resolve) => setTimeout(resolve, note.number));
    return { text: `after ${note.number} ms` };
  },
});
console.log(`port ${await server.listen("127.0.0.1:0")}.`);
process.once("SIGTERM", async () => {
  console.log("stopping");
  await server.shutdown({ graceMs: 10_000 });
  console.log("stopped");
});
