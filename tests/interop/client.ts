// A client of gRPC's interop tests: `client.ts --server_host=localhost --server_port=10000 --test_case=large_unary`.
import { readFileSync } from "node:fs";
import process from "node:process";
import { Channel, insecure, tls } from "pollwire";
import { POLLERS, PORT, readArguments, refuse } from "../../.ci/arguments.mjs";
import { ALL_CASES, CASES, type Outcome, runCase } from "./cases.ts";
import { SMALL_SOAK as SOAK } from "./soak.ts";

const NAMES = Object.keys(CASES);
const flags = readArguments(
  `The client of gRPC's interop tests on pollwire; ends with 0 where every case passed, with 1 where one failed.
Cases: ${Object.keys(ALL_CASES).join(", ")}

  client.ts --server_host=127.0.0.1 --server_port=10000 --test_case=all`,
  {
    server_host: ["localhost", "host of the server"],
    server_host_override: ["", "what :authority says instead, and the host that a certificate must be for"],
    server_port: [10000, "port of the server", PORT],
    test_case: [
      "large_unary",
      "cases, with commas between them, or all: those without compression, which few servers check",
    ],
    use_tls: [false, "connections are TLS"],
    use_test_ca: [false, "servers are trusted by ca_file, not by the system's authorities"],
    ca_file: ["", "certificate of the test authority, PEM"],
    poller: [process.env["POLLWIRE_POLLER"] || "native", "pollers to choose from, in order", POLLERS],
    limit_ms: [60_000, "milliseconds after which a case has failed; soaks have limits of their own"],
    soak_iterations: [SOAK.iterations, "calls of a soak"],
    soak_max_failures: [SOAK.maxFailures, "calls of a soak that may fail or take too long"],
    soak_per_iteration_max_acceptable_latency_ms: [
      SOAK.maxLatencyMs,
      "milliseconds a call of a soak may take",
    ],
    soak_min_time_ms_between_rpcs: [
      SOAK.intervalMs,
      "milliseconds between the beginnings of two calls of a soak",
    ],
    soak_overall_timeout_seconds: [
      SOAK.overallLimitMs / 1000,
      "seconds after which a soak makes no further call",
    ],
    soak_request_size: [SOAK.requestSize, "bytes of a soak's request payloads"],
    soak_response_size: [SOAK.responseSize, "bytes of a soak's response payloads"],
  },
);
if (flags.use_tls && flags.use_test_ca && flags.ca_file === "") {
  refuse("Cannot use the test authority: give its certificate as --ca_file=FILE");
}
const ca = flags.use_test_ca && flags.use_tls ? { ca: readFileSync(flags.ca_file) } : {};
const credentials = flags.use_tls ? tls.client(ca) : insecure;

const soak = {
  iterations: flags.soak_iterations,
  maxFailures: flags.soak_max_failures,
  maxLatencyMs: flags.soak_per_iteration_max_acceptable_latency_ms,
  intervalMs: flags.soak_min_time_ms_between_rpcs,
  overallLimitMs: flags.soak_overall_timeout_seconds * 1000,
  requestSize: flags.soak_request_size,
  responseSize: flags.soak_response_size,
};
const host = flags.server_host.includes(":") ? `[${flags.server_host}]` : flags.server_host;
const authority = flags.server_host_override === "" ? {} : { authority: flags.server_host_override };
const connect = () =>
  new Channel(`${host}:${flags.server_port}`, {
    poller: flags.poller,
    credentials,
    shareConnections: false, // a case that makes a channel means a connection
    ...authority,
  });

const outcomes: Outcome[] = [];
for (const name of wanted(flags.test_case)) {
  const limitMs = name.endsWith("_soak") ? soak.overallLimitMs + flags.limit_ms : flags.limit_ms;
  const outcome = await runCase(name, connect, { soak, limitMs });
  const { ms, failure } = outcome;
  console.log(failure === undefined ? `ok ${name} (${ms.toFixed(1)} ms)` : `FAILED ${name}: ${failure}`);
  outcomes.push(outcome);
}
const passed = outcomes.filter(({ failure }) => failure === undefined).length;
console.log(`${passed} of ${outcomes.length} passed`);
process.exit(passed === outcomes.length ? 0 : 1);

function wanted(given: string): string[] {
  if (given === "all") return NAMES;
  const names = given.split(",");
  for (const name of names) {
    if (Object.hasOwn(ALL_CASES, name)) continue;
    refuse(`Cannot run ${JSON.stringify(name)}: there are ${Object.keys(ALL_CASES).join(", ")}, and all`);
  }
  return names;
}
