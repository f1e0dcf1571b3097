// The raw load generator as a process: unary gRPC calls from pre-encoded frames, over any poller. Takes the arguments
// of `contenders/drive.mjs` and prints the same lines.
import { createEngine, selectPoller } from "../../pollers/mod.ts";
import { readArguments } from "../../.ci/arguments.mjs";
import { HEADERS } from "../headers.mjs";
import { flood, handshakes, large, paced } from "./kinds.ts";

const options = readArguments("Loads a server of the bench by raw unary calls; the bench starts it.", {
  port: 0,
  kind: ["unary", "what is done", ["unary", "headers", "await", "large", "paced", "handshake"]],
  connections: 1,
  streams: 1,
  bytes: 16,
  seconds: 1,
  calls: [0, "calls that are waited for, however long they take"],
  "warm-up": 500,
  every: [16, "one latency in so many is kept"],
  poller: "native",
  method: ["", "method to call, as echo.proto has it, in place of the usual one"],
  headers: ["none", "which headers calls have", Object.keys(HEADERS)],
  tls: ["", "folder with the authority's certificate; else plaintext"],
  resumed: [false, "handshakes resume earlier sessions"],
  indexing: ["go", "how they are sent: as Go's client does, or as C++'s", ["go", "literal"]],
});
const engine = createEngine(selectPoller(options.poller).name);
engine.hold(); // until the figures are printed
const kinds = { unary: flood, headers: flood, await: flood, large, paced, handshake: handshakes };
await kinds[options.kind as keyof typeof kinds](engine, { ...options, warmUpMs: options["warm-up"] });
