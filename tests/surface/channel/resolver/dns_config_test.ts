// Service configs of names in DNS: when they are asked for, and what comes of the answers. In virtual time.
import { assertEquals, assertMatch } from "@std/assert";
import { Channel, createClient, insecure, Server } from "pollwire";
import type { DnsTarget } from "../../../../pollers/mod.ts";
import { Simulation } from "../../../../pollers/simulated/mod.ts";
import { ConfigLookups } from "../../../../surface/channel/resolver/config_lookup.ts";
import { DnsResolver, MIN_INTERVAL_MS } from "../../../../surface/channel/resolver/dns_resolver.ts";
import type { ResolverSink } from "../../../../surface/channel/resolver/resolver.ts";
import { test } from "../../../harness.ts";
import { echo, failure, Trial } from "../../serving.ts";
import { resolverContext } from "./context.ts";

const text = (timeout: number) =>
  `grpc_config=${JSON.stringify([{ serviceConfig: { methodConfig: [{ timeout: `${timeout}s` }] } }])}`;

/** A resolver in virtual time that writes down what it finds, with the time. */
class Bench {
  readonly simulation = new Simulation();
  readonly engine = this.simulation.host();
  readonly found: string[] = [];
  /** Names whose TXT records were asked for, with the time. */
  readonly asked: string[] = [];
  readonly resolver: DnsResolver;

  constructor(host = "service.test", looksUp = true) {
    const { network } = this.simulation;
    network.names.set(host, ["10.0.0.9"]);
    const resolver = this.engine.resolver();
    this.engine.resolver = () => ({
      lookup: resolver.lookup.bind(resolver),
      lookUpTexts: (name, done) => {
        this.asked.push(`${Math.round(this.simulation.now)} ${name}`);
        resolver.lookUpTexts!(name, done);
      },
    });
    const target: DnsTarget = { family: "dns", host, port: 80 };
    const sink: ResolverSink = {
      onResolved: (endpoints, config) => {
        const what = config instanceof Error ? config.message : JSON.stringify(config);
        this.note(`${endpoints.length} ${what}`);
      },
      onResolveFailed: (reason) => this.note(reason),
    };
    const context = resolverContext(this.engine, target, looksUp);
    this.resolver = new DnsResolver(context, sink, (engine) => new ConfigLookups(engine));
  }

  set texts(texts: string[] | undefined) {
    this.simulation.network.texts.set("_grpc_config.service.test", texts);
  }

  until(ms: number): Promise<void> {
    return this.simulation.run({ until: ms });
  }

  private note(what: string): void {
    this.found.push(`${Math.round(this.simulation.now)} ${what}`);
  }
}

test("[C25] the config comes with the addresses, and is asked for with each lookup of them", async () => {
  const bench = new Bench();
  bench.texts = [text(1)];
  bench.resolver.start();
  await bench.until(100);
  assertEquals(bench.found, ['2 1 {"methodConfig":[{"timeout":"1s"}]}']);
  bench.texts = [text(2)];
  bench.resolver.requestReresolution();
  await bench.until(MIN_INTERVAL_MS + 100);
  assertEquals(bench.found.length, 2);
  assertMatch(bench.found[1]!, /"timeout":"2s"/);
  assertEquals(bench.asked, [
    "0 _grpc_config.service.test",
    `${MIN_INTERVAL_MS + 2} _grpc_config.service.test`,
  ]);
});

test("[C25] nothing is asked for where the channel does not want it, nor of localhost", async () => {
  for (
    const [host, looksUp] of [["service.test", false], ["localhost", true], ["a.LOCALHOST", true]] as const
  ) {
    const bench = new Bench(host, looksUp);
    bench.resolver.start();
    await bench.until(100);
    assertEquals([bench.asked, bench.found], [[], ["2 1 undefined"]]);
  }
});

test("[C25] no record is no config; one that is wrong, and a name server that fails, are errors", async () => {
  const bench = new Bench();
  bench.resolver.start();
  await bench.until(100);
  assertEquals(bench.found.splice(0), ["2 1 undefined"]);
  for (
    const [texts, error] of [
      [["grpc_config={}"], /1 Cannot read the service config: it is an object; give a list of choices$/],
      [undefined, /1 the TXT record of _grpc_config.service.test cannot be looked up: .*\(ESERVFAIL\)$/],
    ] as const
  ) {
    bench.texts = texts as string[] | undefined;
    bench.resolver.requestReresolution();
    await bench.until(bench.simulation.now + MIN_INTERVAL_MS + 100);
    assertMatch(bench.found.splice(0).join("|"), error);
  }
});

test("[C25] a name server that does not answer for the config delays the addresses by the time a lookup has", async () => {
  const bench = new Bench();
  const resolver = bench.engine.resolver();
  let asked = 0;
  bench.engine.resolver = () => ({ lookup: resolver.lookup.bind(resolver), lookUpTexts: () => void asked++ });
  bench.resolver.start();
  await bench.until(100);
  bench.resolver.requestReresolution(); // it is under way
  await bench.until(4_999);
  assertEquals([bench.found, asked], [[], 1]);
  await bench.until(5_100);
  assertEquals(bench.found, [
    "5000 1 the TXT record of _grpc_config.service.test cannot be looked up: no answer within 5000 ms",
  ]);
});

test("[C25] nothing comes of an answer after the end", async () => {
  const bench = new Bench();
  bench.texts = [text(1)];
  bench.resolver.start();
  bench.resolver.close();
  await bench.simulation.run();
  assertEquals(bench.found, []);
});

test("[C25] where the addresses are not found the config does not matter, and both are asked for again", async () => {
  const bench = new Bench();
  bench.texts = [text(1)];
  bench.simulation.network.names.delete("service.test");
  bench.resolver.start();
  await bench.until(500);
  assertMatch(bench.found.splice(0).join("|"), /^2 cannot resolve service.test:80/);
  bench.simulation.network.names.set("service.test", ["10.0.0.9"]);
  await bench.until(2_000);
  assertEquals([bench.found.length, bench.asked.length], [1, 2]);
});

test("[C25] a channel that asks for it has its calls by the config in DNS, and by its own where there is none", async () => {
  for (
    const [lookUpServiceConfig, texts, waitsMs] of [
      [true, [text(1)], 1_000],
      [true, undefined, 3_000],
      [false, [text(1)], 3_000],
    ] as const
  ) {
    const simulation = new Simulation();
    const [host, poller] = [simulation.host(), simulation.host()];
    const server = new Server({ poller: host, credentials: insecure });
    server.addService(Trial, { ...echo, one: () => new Promise(() => {}) });
    await server.listen("0.0.0.0:80");
    simulation.network.names.set("service.test", [host.hostAddress]);
    const named = texts?.map((one) => one.replace('"timeout"', '"name":[{}],"timeout"'));
    if (named !== undefined) simulation.network.texts.set("_grpc_config.service.test", named);
    const channel = new Channel("service.test", {
      poller,
      credentials: insecure,
      lookUpServiceConfig,
      serviceConfig: { methodConfig: [{ name: [{}], timeout: "3s" }] },
    });
    let endedAt = 0;
    const call = failure(createClient(Trial, channel).one({})).then(() => endedAt = simulation.now);
    await simulation.run({ until: 10_000 });
    await call;
    assertEquals(Math.round(endedAt), waitsMs);
  }
});
