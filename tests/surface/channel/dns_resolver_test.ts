// When a name is looked up, and what becomes of what it gives.
import { assertEquals, assertMatch } from "@std/assert";
import type { DnsTarget, EventEngine, IoResult, SocketAddress } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { DnsResolver } from "../../../surface/channel/resolver/dns_resolver.ts";
import { test } from "../../harness.ts";
import { resolverContext } from "./resolver/context.ts";

const NAME: DnsTarget = { family: "dns", host: "service.test", port: 80 };

/** A resolver in virtual time that writes down what it finds, with the time. */
class Bench {
  readonly simulation = new Simulation();
  readonly engine = this.simulation.host();
  readonly found: string[] = [];
  readonly lookups: number[] = [];
  readonly resolver = new DnsResolver(resolverContext(this.noting(), NAME), {
    onResolved: (endpoints) =>
      this.note(endpoints.map(({ addresses }) => addresses.map((one) => "host" in one && one.host)).join()),
    onResolveFailed: (reason) => this.note(reason),
  });

  names(...addresses: string[]): void {
    this.simulation.network.names.set(NAME.host, addresses);
  }

  until(ms: number): Promise<void> {
    return this.simulation.run({ until: ms });
  }

  private note(what: string): void {
    this.found.push(`${Math.round(this.simulation.now)} ${what}`);
  }

  private noting(): EventEngine {
    const { engine } = this;
    const resolver = engine.resolver();
    engine.resolver = () => ({
      lookup: (host: string, port: number, done: (result: IoResult<SocketAddress[]>) => void) => {
        this.lookups.push(Math.round(this.simulation.now));
        resolver.lookup(host, port, done);
      },
    });
    return engine;
  }
}

test("[C24] each address of a name is a server of its own, in the order of the lookup", async () => {
  const bench = new Bench();
  bench.names("10.0.0.9", "10.0.0.8");
  bench.resolver.start();
  await bench.until(100);
  assertEquals(bench.found, ["2 10.0.0.9,10.0.0.8"]);
});

test("[C23] whoever asks for new addresses, 30 s lie between two lookups that succeed", async () => {
  const bench = new Bench();
  bench.names("10.0.0.9");
  bench.resolver.start();
  await bench.until(1_000);
  for (let i = 0; i < 3; i++) bench.resolver.requestReresolution();
  await bench.until(29_000);
  assertEquals(bench.lookups, [0]);
  bench.resolver.requestReresolution();
  await bench.until(32_000);
  assertEquals(bench.lookups, [0, 30_002]);
  await bench.until(100_000); // it is a hint: nothing is repeated without one
  bench.resolver.requestReresolution();
  await bench.until(100_100);
  assertEquals(bench.lookups, [0, 30_002, 100_000]);
});

test("[C24] a lookup that fails is repeated by the backoff, and the first that succeeds begins it anew", async () => {
  const bench = new Bench();
  bench.resolver.start();
  await bench.until(3_000);
  assertEquals(bench.lookups, [0, 1_000, 2_600]);
  assertMatch(bench.found[0]!, /^2 cannot resolve .*service\.test:80/);
  bench.names("10.0.0.9");
  await bench.until(6_000);
  assertEquals(bench.found.at(-1), "5162 10.0.0.9");
  bench.simulation.network.names.delete(NAME.host);
  bench.resolver.requestReresolution();
  await bench.until(39_000);
  assertEquals(bench.lookups.slice(4), [35_162, 36_162, 37_762]);
});

test("[C11] resetBackoff looks a name up now that was not found, and no other", async () => {
  const bench = new Bench();
  bench.resolver.start();
  await bench.until(1_500);
  bench.names("10.0.0.9");
  bench.resolver.resetBackoff();
  await bench.until(2_000);
  bench.resolver.requestReresolution();
  bench.resolver.resetBackoff();
  await bench.until(3_000);
  assertEquals(bench.lookups, [0, 1_000, 1_500]);
});

test("a lookup that fails after it was given up says nothing of the next one, and one that succeeds then serves it", async () => {
  const bench = new Bench();
  bench.simulation.network.lookupMs = 7_000;
  bench.resolver.start();
  await bench.until(12_100);
  assertEquals(bench.found.map((line) => line.split(" ")[0]), ["5000", "10000"]);
  bench.names("10.0.0.9");
  await bench.until(18_000);
  assertEquals([bench.lookups, bench.found.at(-1)], [[0, 5_000, 10_000, 15_000], "17000 10.0.0.9"]);
});

test("no answer in time is a failure; close ends it for good", async () => {
  const bench = new Bench();
  bench.simulation.network.lookupMs = Infinity;
  bench.resolver.start();
  await bench.until(5_500);
  assertMatch(bench.found.join(), /^5000 cannot resolve service\.test:80: no answer within 5000 ms$/);
  bench.resolver.close();
  bench.resolver.requestReresolution();
  await bench.until(60_000);
  assertEquals([bench.found.length, bench.simulation.pending], [1, 0]);
});
