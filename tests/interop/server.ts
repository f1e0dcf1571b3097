// A server of gRPC's interop tests: `server.ts --port=10000`; prints `listening PORT`, and ends at SIGTERM or SIGINT.
import process from "node:process";
import { insecure, Server } from "pollwire";
import { readArguments, refuse } from "../../.ci/arguments.mjs";
import { handlers, TestService } from "./service.ts";

const flags = readArguments(
  "The server of gRPC's interop tests on pollwire; prints the port it listens on.",
  {
    host: ["127.0.0.1", "address to listen on; 0.0.0.0 for clients on other machines"],
    port: [10000, "port to listen on, 0 for any"],
    use_tls: [false, "there is no TLS here, so true is refused"],
    poller: [process.env["POLLWIRE_POLLER"] || "native", "pollers to choose from, in order"],
  },
);
if (flags.use_tls) refuse("Cannot use TLS: pollwire has none; give --use_tls=false, and the client too");

const server = new Server({ poller: flags.poller, credentials: insecure });
server.addService(TestService, handlers);
const host = flags.host.includes(":") ? `[${flags.host}]` : flags.host;
console.log(`listening ${await server.listen(`${host}:${flags.port}`)}`);
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => void server.shutdown({ graceMs: 5_000 }).then(() => process.exit(0)));
}
