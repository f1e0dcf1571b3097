// Run by survival_test.ts in a process of its own: a server that is announced in the etcd at its argument, answers every
// call with its process id, and shuts down on SIGTERM. Prints its port once it is registered.
import process from "node:process";
import { announce, Server } from "pollwire";
import { Trial } from "../serving.ts";

const server = new Server();
server.addService(Trial, {
  one: async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { number: process.pid };
  },
});
const port = await server.listen("127.0.0.1:0");
const etcd = { endpoints: [process.argv[2]!] };
await announce(server, { etcd, prefix: "services/trial", ttlMs: 2_000 }).registered();
process.on("SIGTERM", () => void server.shutdown().then(() => process.exit(0)));
console.log(`registered ${port}`);
