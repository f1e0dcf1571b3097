// The Echo service on pollwire, on Deno, Bun or Node, in this thread or in reactor workers: prints `listening PORT`.
import * as pollwire from "pollwire";
import { Server, startReactorWorkers } from "pollwire";
import { readFileSync } from "node:fs";
import process from "node:process";
import { readArguments } from "../../../.ci/arguments.mjs";

const { poller, port, threads, sharing, service, tls: folder, provider } = readArguments(
  "The bench's Echo service on pollwire.",
  {
    poller: ["native", "pollers to choose from, in order"],
    port: [0, "port to listen on, 0 for any"],
    threads: [0, "reactor workers, 0 for this thread alone"],
    sharing: ["reuse-port", "how workers share the port", ["reuse-port", "boss"]],
    tls: ["", "folder with certificates; else plaintext"],
    provider: ["", "TLS libraries to choose from, in order; else the default"],
    service: ["service", "what handlers do", ["service", "busy_service"]],
  },
);
const module = new URL(`./${service}.mjs`, import.meta.url);
const address = `127.0.0.1:${port}`;
const pem = (name) => readFileSync(`${folder}/server.${name}`, "utf8");
const secured = folder === "" ? {} : {
  credentials: pollwire.tls.server({ // an older checkout (`--beside`) has none
    cert: pem("pem"),
    key: pem("key"),
    ...(provider === "" ? {} : { provider }),
  }),
};
console.log(`listening ${threads === 0 ? await serve() : await serveOnWorkers()}`);
process.stdin.on("end", () => process.exit(0)).resume();

async function serve() {
  const { default: setUp } = await import(module.href);
  const server = new Server({ poller, ...secured, maxReceiveMessageBytes: 2 ** 30 });
  setUp(server);
  return await server.listen(address);
}

async function serveOnWorkers() {
  return (await startReactorWorkers({ module, address, threads, poller, sharing, server: secured }))
    .port;
}
