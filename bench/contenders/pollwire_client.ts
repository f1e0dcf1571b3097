// A closed loop of unary calls on pollwire: prints its figures as JSON.
import { Channel, loadProto, type ServiceOf, type Unary } from "pollwire";
import process from "node:process";
import { readArguments } from "./arguments.mjs";
import { closedLoop } from "./closed_loop.mjs";

const options = readArguments({
  port: 0,
  "in-flight": 1,
  seconds: 2,
  "warm-up": 1000,
  bytes: 16,
  poller: "native",
});
interface Payload {
  body: Uint8Array;
}
const { Echo } = await loadProto<{ Echo: ServiceOf<{ unary: Unary<Payload, Payload> }> }>(
  new URL("../echo.proto", import.meta.url),
);
const channel = new Channel(`127.0.0.1:${options.port}`, { poller: options.poller });
const client = channel.client(Echo);
const request = { body: new Uint8Array(options.bytes).fill(120) };
const figures = await closedLoop({
  call: () => client.unary(request).then((response: Payload) => response.body.length),
  inFlight: options["in-flight"],
  seconds: options.seconds,
  warmUpMs: options["warm-up"],
  bodyBytes: options.bytes,
});
console.log(JSON.stringify(figures));
channel.close();
process.exit(0);
