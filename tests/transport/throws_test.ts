// A throw that reaches the transport ends the connection: it never stays as one that neither works nor ends.
import { assert, assertEquals } from "@std/assert";
import { type ErrorContext, Reporter } from "../../pollers/log/mod.ts";
import type { EventEngine } from "../../pollers/mod.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { Driver } from "../../transport/driver.ts";
import { Connection } from "../../transport/http2/connection.ts";
import { concat } from "../bytes.ts";
import { test } from "../harness.ts";
import { describe, frame, parse, REQUEST_LIST, rst, setting, SETTINGS_ACK, uint32 } from "./http2/wire.ts";
import { brief, DrivenRecorder } from "./pair.ts";
import { ScriptedEndpoint } from "./scripted_endpoint.ts";

const boom = new Error("boom");
const throwing = (): never => {
  throw boom;
};

/** A client's connection with two open streams, whose engine and endpoint are what the test makes of them. */
class Bench {
  readonly simulation = new Simulation();
  readonly engine: EventEngine = this.simulation.host();
  readonly endpoint = new ScriptedEndpoint(this.engine);
  readonly sink = new DrivenRecorder();
  readonly connection = new Connection({}, this.sink);
  readonly reported: Array<[error: unknown, context: ErrorContext]> = [];
  released = 0;
  readonly driver = new Driver(
    this.engine,
    this.endpoint,
    this.connection,
    { onReleased: () => void this.released++ },
    new Reporter({ onError: (...report) => void this.reported.push(report) }),
  );

  constructor() {
    this.sink.driver = this.driver;
  }

  static async ready(): Promise<Bench> {
    const bench = new Bench();
    bench.driver.start();
    await bench.rest();
    bench.endpoint.arrive(concat(setting(), SETTINGS_ACK));
    bench.engine.execCtx.enter(() => {
      for (let i = 0; i < 2; i++) bench.connection.open(REQUEST_LIST, undefined, false, bench.sink);
    }, undefined);
    await bench.rest();
    bench.sink.take();
    return bench;
  }

  rest(): Promise<void> {
    return this.simulation.run({ until: this.simulation.now });
  }

  get lastFrame(): string | undefined {
    return parse(this.endpoint.writes.at(-1)!).map(describe).at(-1);
  }
}

/** What holds after any throw: both streams and the connection had their end, and nothing is left. */
async function assertEnded(bench: Bench, times = 1): Promise<void> {
  await bench.simulation.run({ until: bench.simulation.now + 5_000 });
  assertEquals(bench.sink.take().filter((event) => event.includes("closed")).sort(), [
    "closed 1 connection INTERNAL_ERROR library",
    "closed 3 connection INTERNAL_ERROR library",
    "connection closed connection INTERNAL_ERROR library",
  ]);
  assertEquals([bench.endpoint.closed, bench.released, bench.simulation.pending], [true, 1, 0]);
  assertEquals(bench.sink.error!.reason, "internal error, which was logged");
  const report = [boom, { where: "connection", level: "error", peer: "10.0.0.2:80" }];
  assertEquals(bench.reported, Array(times).fill(report));
}

test("throws: a sink that throws ends the connection with GOAWAY INTERNAL_ERROR", async () => {
  const bench = await Bench.ready();
  bench.sink.on = (event) => event.startsWith("pong") && throwing();
  bench.endpoint.arrive(frame("PING", 1, 0, uint32(7, 7)));
  assertEquals(bench.lastFrame, "GOAWAY 0 INTERNAL_ERROR");
  await assertEnded(bench);
});

test("throws: streams whose end throws take no other stream's end with them", async () => {
  const bench = await Bench.ready();
  bench.sink.on = (event) => event.startsWith("closed 1") && throwing();
  bench.endpoint.failRead();
  await bench.rest();
  assertEquals(bench.sink.take().map((event) => event.split(" ").slice(0, 2).join(" ")), [
    "closed 1",
    "closed 3",
    "connection closed",
  ]);
  assertEquals([bench.endpoint.closed, bench.released, bench.reported.length], [true, 1, 1]);
});

test("throws: an owner of the connection that throws at its end, whose endpoint is closed all the same", async () => {
  const bench = await Bench.ready();
  bench.sink.driver = undefined; // nobody says that there is something to do
  bench.sink.on = (event) => event.startsWith("connection closed") && throwing();
  bench.endpoint.failRead();
  await bench.rest();
  assertEquals([bench.endpoint.closed, bench.released, bench.reported.length], [true, 1, 1]);
});

test("throws: an engine whose turns cannot be touched", async () => {
  const bench = await Bench.ready();
  bench.engine.execCtx.touch = throwing;
  bench.endpoint.arrive(frame("PING", 0, 0, uint32(7, 7)));
  await bench.rest();
  assertEquals([bench.endpoint.closed, bench.released, bench.connection.closed], [true, 1, true]);
  assertEquals(bench.reported.map(([error]) => error), bench.reported.map(() => boom));
  assert(bench.reported.length > 0 && bench.reported.length < 10, `reported ${bench.reported.length} times`);
});

test("throws: a stream whose end throws on a reset ends the connection", async () => {
  const bench = await Bench.ready();
  bench.sink.on = (event) => event.startsWith("closed 1 stream") && throwing();
  bench.endpoint.arrive(rst(1, 8));
  await bench.rest();
  assertEquals(bench.sink.take(), [
    "closed 1 stream CANCEL remote",
    "closed 3 connection INTERNAL_ERROR library",
    "connection closed connection INTERNAL_ERROR library",
  ]);
  assertEquals(brief(bench.sink.error), "connection INTERNAL_ERROR library");
  assertEquals([bench.lastFrame, bench.endpoint.closed], ["GOAWAY 0 INTERNAL_ERROR", true]);
});

test("throws: an endpoint whose write throws, again and again", async () => {
  const bench = await Bench.ready();
  bench.endpoint.write = throwing;
  bench.engine.execCtx.enter(() => bench.connection.ping(7, 0), undefined);
  await assertEnded(bench, 2); // the GOAWAY cannot be written either
});

test("throws: an endpoint whose write throws once is told why all the same", async () => {
  const bench = await Bench.ready();
  const { write } = bench.endpoint;
  bench.endpoint.write = () => {
    bench.endpoint.write = write;
    throw boom;
  };
  bench.engine.execCtx.enter(() => bench.connection.ping(7, 0), undefined);
  assertEquals(bench.lastFrame, "GOAWAY 0 INTERNAL_ERROR");
  await assertEnded(bench);
});

test("throws: an endpoint whose read throws", async () => {
  const bench = await Bench.ready();
  bench.endpoint.read = throwing;
  bench.endpoint.arrive(frame("PING", 0, 0, uint32(7, 7)));
  await assertEnded(bench);
});

test("throws: an endpoint whose close throws is given up all the same", async () => {
  const bench = await Bench.ready();
  bench.endpoint.close = throwing;
  bench.endpoint.failRead();
  await bench.rest();
  assertEquals([bench.released, bench.reported.map(([error]) => error)], [1, [boom]]);
  bench.engine.execCtx.enter(() => bench.driver.touch(), undefined);
  assertEquals([bench.released, bench.reported.length], [1, 1]);
});

test("throws: an engine whose clock throws while something is read", async () => {
  const bench = await Bench.ready();
  const { now } = bench.engine;
  bench.engine.now = () => {
    bench.engine.now = now;
    throw boom;
  };
  bench.endpoint.arrive(frame("PING", 0, 0, uint32(7, 7)));
  await assertEnded(bench);
  assert(bench.endpoint.closed);
});
