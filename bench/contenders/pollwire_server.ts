// The Echo service on pollwire: prints `listening PORT`.
import { loadProto, Server, type ServiceOf, type Unary } from "pollwire";
import process from "node:process";
import { readArguments } from "./arguments.mjs";

const options = readArguments({ poller: "native", port: 0 });
interface Payload {
  body: Uint8Array;
}
const { Echo } = await loadProto<{ Echo: ServiceOf<{ unary: Unary<Payload, Payload> }> }>(
  new URL("../echo.proto", import.meta.url),
);
const server = new Server({ poller: options.poller });
server.addService(Echo, { unary: (payload: Payload) => payload });
console.log(`listening ${await server.listen(`127.0.0.1:${options.port}`)}`);
process.stdin.on("end", () => process.exit(0));
process.stdin.resume();
