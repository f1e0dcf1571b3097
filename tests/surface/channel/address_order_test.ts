// Which address of a target is tried first: the one that served calls, and last those that served none.
import { assertEquals } from "@std/assert";
import type { Subchannel } from "../../../surface/channel/subchannel.ts";
import { byStanding } from "../../../surface/channel/balancer/address_order.ts";
import { ErrorCode } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { goAway } from "../../transport/http2/wire.ts";
import { Bench } from "./connecting.ts";

/** Subchannels a, b and c, of which each is said since when it served, and since when it served nothing. */
function order(standing: Record<string, { servedUntil?: number; uselessAt?: number }>): string {
  const subchannels = ["a", "b", "c"].map((name) => ({
    name,
    servedUntil: -1,
    uselessAt: -1,
    ...standing[name],
  }));
  return byStanding(subchannels as unknown as Subchannel[]).map((one) =>
    (one as unknown as { name: string }).name
  )
    .join("");
}

test("at first the resolver's order", () => {
  assertEquals(order({}), "abc");
});

test("the address that served calls last is first, the others keep their order", () => {
  assertEquals(order({ b: { servedUntil: 5 } }), "bac");
  assertEquals(order({ b: { servedUntil: 5 }, c: { servedUntil: 9 } }), "cab");
});

test("addresses that served nothing since have their turn after the others, longest ago first", () => {
  assertEquals(order({ a: { uselessAt: 1 } }), "bca");
  assertEquals(order({ a: { uselessAt: 7 }, b: { uselessAt: 3 } }), "cba");
  assertEquals(order({ a: { uselessAt: 7 }, b: { uselessAt: 3 }, c: { servedUntil: 5 } }), "cba");
  assertEquals(order({ a: { uselessAt: 7 }, c: { servedUntil: 9 } }), "cab"); // all is forgiven
});

test("a channel goes back to the address that was good, and not when the server said GOAWAY", async () => {
  const bench = new Bench({ target: "dns:///service.test:80" });
  const hole = bench.simulation.host();
  bench.simulation.network.blackHole(bench.client.hostAddress, hole.hostAddress);
  bench.simulation.network.names.set("service.test", [hole.hostAddress, bench.server.hostAddress]);
  await bench.listen();
  const connectMs = async (): Promise<number> => {
    const since = bench.simulation.now;
    bench.turn(() => bench.route.connect());
    while (bench.route.state !== "READY") await bench.pass(1);
    await bench.answeredCall();
    return bench.simulation.now - since - 20;
  };
  assertEquals(await connectMs() >= 250, true);
  bench.simulation.network.resetSome();
  await bench.pass(100);
  assertEquals(await connectMs() < 10, true);
  bench.peers.at(-1)!.send(goAway(1, ErrorCode.NO_ERROR));
  await bench.pass(100);
  assertEquals(await connectMs() >= 250, true);
});
