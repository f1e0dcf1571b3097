// Which engine channels and servers run on: one a poller, that a thread may replace by its own.
import { assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { createEngine, selectPoller, Server } from "pollwire";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { sharedEngine, shareEngine } from "../../surface/engines.ts";
import { test } from "../harness.ts";

const poller = selectPoller().name;

test("engines: one for each poller, whoever asks and however", () => {
  const engine = sharedEngine();
  for (const list of [undefined, poller, [poller], `${poller},native`]) {
    assertStrictEquals(sharedEngine(list), engine);
    const server = new Server(list === undefined ? {} : { poller: list });
    assertStrictEquals(server.engine, engine);
    server.close();
  }
  assertThrows(() => sharedEngine("none such"), Error, "none such");
});

test("engines: one that is given is taken as it is, and becomes nobody else's", () => {
  const host = new Simulation().host();
  assertStrictEquals(sharedEngine(host), host);
  assertNotStrictEquals(sharedEngine(), host);
});

test("engines: one that is shared is that of all who name its poller, or none, from then on", async () => {
  const before = sharedEngine();
  const own = createEngine(poller);
  try {
    for (let round = 0; round < 2; round++) {
      shareEngine(own);
      assertStrictEquals(sharedEngine(), own);
      assertStrictEquals(sharedEngine(poller), own);
      shareEngine(before);
      assertStrictEquals(sharedEngine(poller), before);
    }
  } finally {
    shareEngine(before);
    await own.shutdown();
  }
});
