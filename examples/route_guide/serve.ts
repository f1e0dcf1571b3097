// What every server of RouteGuide does beside its service: flags, a port, threads, an end.
import { insecure, Server, type ServiceSetup, type ShutdownOptions, startReactorWorkers } from "pollwire";
import process from "node:process";
import { printIdentities, serverCredentials } from "../tls/mutual.ts";
import { COMMON, readFlags, TLS } from "./flags.ts";

/**
 * Serves what `setUp` adds to a server, and prints the port: in this thread, or in `--threads` of them, which load
 * `module`, whose default export `setUp` is.
 */
export async function serve(usage: string, setUp: ServiceSetup, module: string): Promise<void> {
  const { host, port, poller, threads, tls } = readFlags(`${usage} Prints the port it listens on.`, {
    ...COMMON,
    ...TLS,
    threads: ["0", "reactor workers that share the port; 0 for this thread alone"],
  });
  const address = `${host}:${port}`;
  const served = threads === "0" ? await serveHere(setUp, address, poller, tls) : await startReactorWorkers({
    module: new URL(module),
    address,
    threads: Number(threads),
    poller,
    server: { credentials: tls === "" ? insecure : serverCredentials(tls) },
  });
  process.on("SIGTERM", () => void served.shutdown({ graceMs: 5_000 }).then(() => process.exit(0)));
  console.log(`listening ${served.port}`);
}

async function serveHere(setUp: ServiceSetup, address: string, poller: string, tls: string) {
  const secured = tls === ""
    ? { credentials: insecure }
    : { credentials: serverCredentials(tls), interceptors: [printIdentities()] };
  const server = new Server({ poller, ...secured });
  await setUp(server, { index: 0, data: undefined });
  const port = await server.listen(address);
  return { port, shutdown: (options: ShutdownOptions) => server.shutdown(options) };
}
