// What calls do to their channel while it tells them something.
import { assertEquals } from "@std/assert";
import { parseTarget } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { ChannelRoute } from "../../../surface/channel/channel_route.ts";
import type { PendingCall } from "../../../surface/client/call_route.ts";
import { test } from "../../harness.ts";
import { ROUTE_FEATURES } from "./every_feature.ts";

/** A channel to nobody, in virtual time, and calls that say what they are told. */
class Bench {
  readonly simulation = new Simulation();
  readonly log: string[] = [];
  /** Is told of states inside of the channel's own work. */
  onState: (state: string) => void = () => {};
  private depth = 0;
  readonly route = new ChannelRoute(
    this.simulation.host(),
    parseTarget("10.0.0.9:80"),
    ROUTE_FEATURES,
    () => new Backoff(() => 0.5, 1_000),
    EVERY_POLICY.chosen("pick_first"),
    (state) => {
      this.log.push(state);
      this.onState(state);
    },
  );

  /** A call, not submitted yet; `then` is done inside of what it is told. */
  call(name: string, then: () => void = () => {}, waitForReady = false): PendingCall & { isOver: boolean } {
    return {
      isOver: false,
      waitForReady,
      path: "/a.B/C",
      config: undefined,
      waitsIn: undefined,
      tracker: undefined,
      metadataValue: () => undefined,
      configure: () => true,
      pickAgain: () => this.log.push(`${name} picks again`),
      attach: () => this.log.push(`${name} attached`),
      onUnavailable: (reason) => {
        this.log.push(
          `${name}: ${reason.replace(/.*(refused|closed).*/, "$1")}${this.depth > 0 ? ", nested" : ""}`,
        );
        this.depth++;
        then();
        this.depth--;
      },
    };
  }
}

test("[Q123] a channel that is closed by one of the calls it fails tells the others first, and none inside another", async () => {
  const bench = new Bench();
  const { route, log } = bench;
  const late = bench.call("late");
  route.submit(bench.call("a", () => {
    route.close();
    route.submit(late);
    route.connect();
  }));
  route.submit(bench.call("b"));
  route.submit(bench.call("c", () => route.close()));
  await bench.simulation.run();
  assertEquals(log, [
    "CONNECTING",
    "TRANSIENT_FAILURE",
    "a: refused",
    "b: refused",
    "c: refused",
    "SHUTDOWN",
    "late: closed",
  ]);
});

test("[Q123] a call that is over before its turn comes wants no connection any more", async () => {
  const bench = new Bench();
  const { route, log } = bench;
  const over = bench.call("over", () => {}, true);
  route.submit(bench.call("a", () => {
    route.submit(over);
    over.isOver = true;
    route.withdraw(over);
  }));
  await bench.simulation.run({ until: 60_000 });
  assertEquals([log, over.waitsIn], [["CONNECTING", "TRANSIENT_FAILURE", "a: refused"], undefined]);
});

test("[Q123] a call that is over before its turn comes has no channel connect that has become IDLE", async () => {
  const bench = new Bench();
  const { route, log } = bench;
  const over = bench.call("over");
  bench.onState = (state) => {
    if (state !== "IDLE") return;
    route.submit(over);
    over.isOver = true;
    route.withdraw(over);
  };
  route.submit(bench.call("a"));
  await bench.simulation.run({ until: 2_400_000 }); // longer than a channel keeps up without calls
  assertEquals(log, ["CONNECTING", "TRANSIENT_FAILURE", "a: refused", "IDLE"]);
});

test("[Q121] a call that fails at once, and makes another one when it does, does not grow the stack", async () => {
  const bench = new Bench();
  const { route, log } = bench;
  let calls = 0;
  const again = (): void => {
    if (++calls < 500) route.submit(bench.call(`${calls}`, again));
  };
  route.submit(bench.call("first", again));
  await bench.simulation.run({ until: 100 });
  assertEquals([calls, log.filter((line) => line.includes("nested"))], [500, []]);
});
