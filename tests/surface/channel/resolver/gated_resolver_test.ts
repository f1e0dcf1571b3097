// What a channel takes of a resolver, whatever that does.
import { assertEquals } from "@std/assert";
import { Simulation } from "../../../../pollers/simulated/mod.ts";
import { GatedResolver } from "../../../../surface/channel/resolver/gated_resolver.ts";
import type { ResolverFactory, ResolverSink } from "../../../../surface/channel/resolver/resolver.ts";
import { test } from "../../../harness.ts";
import { resolverContext } from "./context.ts";

/** A resolver of `factory`, and what its channel got. */
function gated(factory: Partial<ReturnType<ResolverFactory["make"]>>) {
  const found: unknown[] = [];
  const sink: ResolverSink = {
    onResolved: (endpoints, config) => void found.push([endpoints, config]),
    onResolveFailed: (reason) => void found.push(reason),
  };
  const context = resolverContext(new Simulation().host(), { family: "dns", host: "service.test", port: 80 });
  const nothing = {
    start() {},
    requestReresolution() {},
    resetBackoff() {},
    close() {},
    describeWait: () => "it",
  };
  const onThrew = (error: unknown) => void found.push(error);
  const resolver = new GatedResolver({ make: () => ({ ...nothing, ...factory }) }, context, sink, onThrew);
  return { resolver, found };
}

test("[C28] what a resolver finds after its end is not used: the channel may have another one by then", () => {
  const { resolver, found } = gated({});
  resolver.onResolved([], "{}");
  resolver.onResolveFailed("away");
  assertEquals(found.splice(0), [[[], "{}"], "away"]);
  resolver.close();
  resolver.onResolved([]);
  resolver.onResolveFailed("away");
  assertEquals(found, []);
});

test("[C28] a resolver that throws while it is asked what it waits for spoils no message", () => {
  const { resolver } = gated({
    describeWait: () => {
      throw new Error("no words");
    },
  });
  const { resolver: later } = gated({ describeWait: () => Promise.reject(new Error("no words")) as never });
  assertEquals([resolver, later, gated({}).resolver].map((one) => one.describeWait()), [
    "the addresses of service.test:80",
    "the addresses of service.test:80",
    "it",
  ]);
});
