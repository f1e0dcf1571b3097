// Which service config a channel uses, as resolvers find one, none, or what is none.
import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { Reporter } from "../../../../pollers/mod.ts";
import type { EndpointAddresses } from "../../../../surface/channel/resolver/endpoint.ts";
import type { ResolverFactory, ResolverSink } from "../../../../surface/channel/resolver/resolver.ts";
import type { ResolvedConfig } from "../../../../surface/channel/service_config/config_in_use.ts";
import { readConfig } from "../every_feature.ts";
import { test } from "../../../harness.ts";
import { Bench, type BenchOptions } from "../connecting.ts";

/** A channel whose resolver finds what the test says. */
class ConfigBench extends Bench {
  private sink: ResolverSink | undefined;
  private endpoints: readonly EndpointAddresses[] = [];
  /** It finds nothing before it is told to. */
  waits = false;
  /** What it finds first. */
  found: ResolvedConfig | undefined;
  reresolutions = 0;
  /** Lines of the log. */
  readonly lines: string[];

  constructor(options: BenchOptions = {}) {
    const lines: string[] = [];
    const logger = { error() {}, warn: (line: string) => void lines.push(line), info() {}, debug() {} };
    const made: { factory: ResolverFactory | undefined } = { factory: undefined };
    const ipv4: ResolverFactory = { make: (context, sink) => made.factory!.make(context, sink) };
    super({ ...options, resolvers: [{ ipv4 }], reporter: new Reporter({ logger }) });
    this.lines = lines;
    this.endpoints = [{ addresses: [{ family: "ipv4", host: this.server.hostAddress, port: 80 }] }];
    made.factory = {
      make: (_context, sink) => {
        this.sink = sink;
        return {
          start: () => this.waits || this.find(this.found),
          requestReresolution: () => void this.reresolutions++,
          resetBackoff() {},
          describeWait: () => "the test",
          close() {},
        };
      },
    };
  }

  /** Has the resolver find a list of one server and `config`. */
  find(config: ResolvedConfig | undefined): void {
    if (config === undefined) this.sink!.onResolved(this.endpoints);
    else this.sink!.onResolved(this.endpoints, config);
  }
}

const timed = (timeout: string) => ({ methodConfig: [{ name: [{}], timeout }] });

test("[C26] the default config is used where the resolver has none, and only there", async () => {
  const bench = new ConfigBench({ config: readConfig(timed("1s")) });
  await bench.listen();
  const first = bench.call();
  await bench.pass(10);
  bench.find(timed("2s"));
  const second = bench.call();
  bench.find(undefined);
  const third = bench.call();
  assertEquals([first, second, third].map(({ config }) => config?.timeoutMs), [1_000, 2_000, 1_000]);
});

test("[C26] while the first config found is invalid the channel is in TRANSIENT_FAILURE, until a good one comes", async () => {
  const bench = new ConfigBench({ config: readConfig(timed("1s")) });
  await bench.listen();
  bench.found = timed("1");
  bench.call();
  const waiting = bench.call(true);
  await bench.pass(10);
  assertEquals(bench.states, ["0 CONNECTING", "0 TRANSIENT_FAILURE"]);
  assertEquals(bench.reresolutions, 1);
  const why =
    'Cannot read the service config: methodConfig[0].timeout is the string "1"; give a duration, as "0.1s"';
  const name = `${bench.server.hostAddress}:80`;
  assertEquals(bench.log.splice(0), [`call 1 unavailable: ${name}: ${why}`]);
  assertEquals(bench.lines, [`${name}: ${why}; calls fail until there is one`]);
  bench.find(timed("2s"));
  await bench.pass(10);
  assertEquals(bench.log, ["call 2 attached"]);
  assertEquals([waiting.config?.timeoutMs, bench.route.state], [2_000, "READY"]);
});

test("[C26] an invalid config leaves the last good one in use, and the new list of servers counts", async () => {
  const bench = new ConfigBench();
  await bench.listen();
  bench.found = timed("1s");
  bench.call();
  await bench.pass(10);
  for (const bad of ["no JSON", new Error("the name server is away"), "no JSON"]) {
    bench.find(bad);
    assertEquals([bench.call().config?.timeoutMs, bench.route.state], [1_000, "READY"]);
  }
  assertEquals(bench.lines.map((line) => line.split("config: ")[1]!.slice(0, 12)), [
    "it is no JSO",
    "the name ser",
    "it is no JSO",
  ]);
  assertMatch(bench.lines[0]!, /; the one before stays in use$/);
});

test("[C26] where no config was in use an invalid one changes nothing", async () => {
  const bench = new ConfigBench();
  await bench.listen();
  bench.call();
  await bench.pass(10);
  for (let times = 0; times < 2; times++) bench.find("{");
  assertEquals([bench.call().config, bench.route.state, bench.lines.length], [undefined, "READY", 1]);
});

test("[C26] the same config again is the same object, whatever its spelling as an object", async () => {
  const bench = new ConfigBench();
  await bench.listen();
  bench.found = timed("1s");
  const calls = [bench.call()];
  await bench.pass(10);
  bench.find(timed("1s"));
  calls.push(bench.call());
  bench.find(JSON.stringify(timed("1s")));
  calls.push(bench.call());
  for (const { config } of calls) assertStrictEquals(config, calls[0]!.config);
});

test("[C30] each call gets the config of its path, once, and before it has a stream", async () => {
  const config = readConfig({
    methodConfig: [{ name: [{ service: "a.B", method: "C" }], waitForReady: true }],
  });
  const bench = new ConfigBench({ config });
  await bench.listen();
  bench.waits = true;
  const call = bench.call();
  let given = 0;
  call.configure = (config) => {
    given++;
    call.config = config;
    assertEquals(call.transport, undefined);
    return true;
  };
  bench.find(undefined);
  await bench.pass(10);
  call.pickAgain();
  assertEquals([given, call.config?.waitForReady], [1, true]);
});
