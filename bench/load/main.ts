// The raw load generator as a process: unary gRPC calls from pre-encoded frames, over any poller. Takes the arguments
// of `contenders/drive.mjs` and prints the same figures.
import process from "node:process";
import { createEngine, selectPoller } from "../../pollers/mod.ts";
import { readArguments } from "../../.ci/arguments.mjs";
import { HEADERS } from "../headers.mjs";
import { templatesOf } from "./call_template.ts";
import { LoadConnection } from "./connection.ts";
import { Tally } from "./tally.ts";

const options = readArguments("Loads a server of the bench by raw unary calls; the bench starts it.", {
  port: 0,
  kind: "unary",
  connections: 1,
  streams: 1,
  bytes: 16,
  seconds: 1,
  "warm-up": 500,
  poller: "native",
  headers: ["none", "which headers calls have", Object.keys(HEADERS)],
  indexing: ["go", "how they are sent: as Go's client does, or as C++'s", ["go", "literal"]],
});
if (!["unary", "headers"].includes(options.kind)) {
  throw new Error(`The generator has no ${options.kind}: it makes unary calls`);
}
const engine = createEngine(selectPoller(options.poller).name);
engine.hold(); // until the figures are printed
const tally = new Tally(() => engine.now());
const { port, streams, bytes, headers, indexing } = options;
const templates = templatesOf({ port, bodyBytes: bytes, headers, indexing });
for (let i = 0; i < options.connections; i++) {
  LoadConnection.open(engine, { port, streams }, templates, tally, fail);
}
await pause(options["warm-up"]);
tally.restart();
console.log("measuring");
const cpuBefore = process.cpuUsage();
await pause(options.seconds * 1_000);
const cpu = process.cpuUsage(cpuBefore);
console.log(
  JSON.stringify({
    ...tally.figures(),
    cpuMicroseconds: cpu.user + cpu.system,
    rssBytes: process.memoryUsage().rss,
  }),
);
process.exit(0);

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => engine.runAt(engine.now() + ms, resolve));
}

function fail(reason: string): void {
  console.error(reason);
  process.exit(1);
}
