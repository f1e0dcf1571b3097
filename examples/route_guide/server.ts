// The RouteGuide server: `deno run -A server.ts` or `bun server.ts`, with --poller, --host, --port and --threads.
import { Server, type ShutdownOptions, startReactorWorkers } from "pollwire";
import process from "node:process";
import { COMMON, readFlags } from "./flags.ts";
import setUp from "./service.ts";

const flags = readFlags("The RouteGuide server; prints the port it listens on.", {
  ...COMMON,
  threads: ["0", "reactor workers that share the port; 0 for this thread alone"],
});
const { poller } = flags;
const address = `${flags.host}:${flags.port}`;
const threads = Number(flags.threads);
const { port, shutdown } = threads === 0 ? await serve() : await serveOnWorkers();
console.log(`listening ${port}`);
process.on("SIGTERM", () => void shutdown({ graceMs: 5000 }).then(() => process.exit(0)));

/** In this thread. */
async function serve() {
  const server = new Server({ poller });
  await setUp(server, { index: 0, data: undefined });
  const port = await server.listen(address);
  return { port, shutdown: (options: ShutdownOptions) => server.shutdown(options) };
}

/** In `threads` threads that share the port. */
async function serveOnWorkers() {
  const module = new URL("./service.ts", import.meta.url);
  const workers = await startReactorWorkers({ module, address, threads, poller });
  return { port: workers.port, shutdown: (options: ShutdownOptions) => workers.shutdown(options) };
}
