// A server of gRPC's interop tests: `server.ts --port=10000`; prints `listening PORT`, and ends at SIGTERM or SIGINT.
import process from "node:process";
import { insecure, pemFiles, Server, tls, type TlsServerOptions } from "pollwire";
import { POLLERS, PORT, readArguments, refuse } from "../../.ci/arguments.mjs";
import { handlers, TestService, watchCompression } from "./service.ts";

const flags = readArguments(
  "The server of gRPC's interop tests on pollwire; prints the port it listens on.",
  {
    host: ["127.0.0.1", "address to listen on; 0.0.0.0 for clients on other machines"],
    port: [10000, "port to listen on, 0 for any", PORT],
    use_tls: [false, "connections are TLS"],
    tls_cert_file: ["", "certificate that is shown, PEM"],
    tls_key_file: ["", "its private key, PEM"],
    poller: [process.env["POLLWIRE_POLLER"] || "native", "pollers to choose from, in order", POLLERS],
  },
);
if (flags.use_tls && (flags.tls_cert_file === "" || flags.tls_key_file === "")) {
  refuse("Cannot use TLS: give --tls_cert_file=FILE and --tls_key_file=FILE");
}
const credentials = flags.use_tls
  ? tls.server(pemFiles<TlsServerOptions>({ cert: flags.tls_cert_file, key: flags.tls_key_file }))
  : insecure;

const server = new Server({ poller: flags.poller, credentials });
server.addService(TestService, handlers);
watchCompression(server);
const host = flags.host.includes(":") ? `[${flags.host}]` : flags.host;
console.log(`listening ${await server.listen(`${host}:${flags.port}`)}`);
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => void server.shutdown({ graceMs: 5_000 }).then(() => process.exit(0)));
}
