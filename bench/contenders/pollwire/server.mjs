// The Echo service on pollwire, on Deno, Bun or Node, in this thread or in reactor workers: prints `listening PORT`.
import { Server, startReactorWorkers } from "pollwire";
import process from "node:process";
import { readArguments } from "../../arguments.mjs";

const { poller, port, threads, sharing, service } = readArguments({
  poller: "native",
  port: 0,
  threads: 0,
  sharing: "reuse-port",
  service: "service",
});
const module = new URL(`./${service}.mjs`, import.meta.url);
const address = `127.0.0.1:${port}`;
console.log(`listening ${threads === 0 ? await serve() : await serveOnWorkers()}`);
process.stdin.on("end", () => process.exit(0)).resume();

async function serve() {
  const { default: setUp } = await import(module.href);
  const server = new Server({ poller });
  setUp(server);
  return await server.listen(address);
}

async function serveOnWorkers() {
  return (await startReactorWorkers({ module, address, threads, poller, sharing })).port;
}
