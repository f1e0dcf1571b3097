// Run by tests of etcd in a process of its own: a server that is announced in the etcd at its first argument, answers every
// call with its process id, and shuts down on SIGTERM. With a second argument, a folder of certificates, all is TLS, and the
// first call fails. Prints its port once it is registered.
import { readFileSync } from "node:fs";
import process from "node:process";
import { announce, type EtcdOptions, RpcError, Server, tls } from "pollwire";
import { Trial } from "../serving.ts";

const [, , endpoint, folder] = process.argv;
const pem = (name: string) => readFileSync(`${folder}/${name}.pem`, "utf8");
const shown = folder === undefined ? undefined : { cert: pem("cert"), key: pem("key") };
const server = new Server(shown === undefined ? {} : { credentials: tls.server(shown) });
let toFail = shown === undefined ? 0 : 1;
server.addService(Trial, {
  one: async () => {
    if (toFail-- > 0) throw new RpcError("UNAVAILABLE", "not yet");
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { number: process.pid };
  },
});
const port = await server.listen("127.0.0.1:0");
const etcd: EtcdOptions = {
  endpoints: [endpoint!],
  ...(shown === undefined ? {} : { credentials: tls.client({ ca: pem("ca"), ...shown }) }),
};
await announce(server, { etcd, prefix: "services/trial", ttlMs: 2_000 }).registered();
process.on("SIGTERM", () => void server.shutdown().then(() => process.exit(0)));
console.log(`registered ${port}`);
