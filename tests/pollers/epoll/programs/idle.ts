// Has a listener, a connection with reads pending on both ends and a far task, and nothing to do.
import process from "node:process";
import { Acceptor, connect, LOOPBACK, read, write } from "../../promised.ts";
import { epollEngine } from "../setup.ts";

const engine = epollEngine(process.argv[2] === "own" ? { ownThread: true } : {});
const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
const server = await acceptor.accept();
await write(client, "used once");
await read(server);
void read(client);
void read(server);
engine.runAt(engine.now() + 3_600_000, () => {});
console.log("idle");
