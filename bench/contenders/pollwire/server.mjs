// The Echo service on pollwire, on Deno, Bun or Node, in this thread or in reactor workers: prints `listening PORT`.
import { Server, startReactorWorkers } from "pollwire";
import process from "node:process";
import { readArguments } from "../../../.ci/arguments.mjs";

const { poller, port, threads, sharing, service } = readArguments("The bench's Echo service on pollwire.", {
  poller: ["native", "pollers to choose from, in order"],
  port: [0, "port to listen on, 0 for any"],
  threads: [0, "reactor workers, 0 for this thread alone"],
  sharing: ["reuse-port", "how workers share the port", ["reuse-port", "boss"]],
  service: ["service", "what handlers do", ["service", "busy_service"]],
});
const module = new URL(`./${service}.mjs`, import.meta.url);
const address = `127.0.0.1:${port}`;
console.log(`listening ${threads === 0 ? await serve() : await serveOnWorkers()}`);
process.stdin.on("end", () => process.exit(0)).resume();

async function serve() {
  const { default: setUp } = await import(module.href);
  const server = new Server({ poller, maxReceiveMessageBytes: 2 ** 30 });
  setUp(server);
  return await server.listen(address);
}

async function serveOnWorkers() {
  return (await startReactorWorkers({ module, address, threads, poller, sharing })).port;
}
