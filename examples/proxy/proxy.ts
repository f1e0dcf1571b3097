// The proxy: `deno run -A proxy.ts` or `bun proxy.ts`, with --poller, --host, --port and --target.
import { Channel, insecure, Server } from "pollwire";
import process from "node:process";
import { checkPort, COMMON, readFlags } from "../route_guide/flags.ts";
import { forwardTo } from "./forward.ts";

const flags = readFlags("A proxy that forwards calls of any method; prints the port it listens on.", {
  ...COMMON,
  port: ["50052", "port of the proxy", checkPort],
  target: ["127.0.0.1:50051", "where calls are forwarded to"],
});
const { poller } = flags;
const server = new Server({ poller, credentials: insecure });
server.addGenericService(forwardTo(new Channel(flags.target, { poller, credentials: insecure })));
process.on("SIGTERM", () => void server.shutdown({ graceMs: 5000 }).then(() => process.exit(0)));
console.log(`listening ${await server.listen(`${flags.host}:${flags.port}`)}`);
