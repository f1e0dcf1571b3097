// When connections are let go because no call wants them (gRFC A62).
import { assertEquals } from "@std/assert";
import { test } from "../../harness.ts";
import type { ResolverFactory } from "../../../surface/channel/resolver/resolver.ts";
import { answer, Bench, Call } from "./connecting.ts";

test("[C4] without a call for the idle timeout the channel is IDLE, and connection and timers are let go", async () => {
  const bench = new Bench({ idleTimeoutMs: 5_000 });
  await bench.listen();
  await bench.answeredCall();
  await bench.pass(3_000);
  await bench.answeredCall(3);
  await bench.pass(4_900);
  assertEquals(bench.route.state, "READY");
  await bench.pass(200);
  assertEquals(bench.states, ["0 CONNECTING", "2 READY", "8031 IDLE"]);
  await bench.pass(60_000);
  assertEquals([bench.open, bench.simulation.pending, bench.peers[0]!.ended], [[], 0, "end-of-stream"]);
  bench.call();
  await bench.pass(10);
  assertEquals([bench.log.at(-1), bench.peers.length], ["call 3 attached", 2]);
});

test("[C4] a call that runs keeps the connection, however long it takes", async () => {
  const bench = new Bench({ idleTimeoutMs: 5_000 });
  await bench.listen();
  await bench.answeredCall();
  bench.call();
  await bench.pass(60_000);
  assertEquals(bench.route.state, "READY");
  bench.peers[0]!.send(answer(3));
  await bench.pass(10_000);
  assertEquals(bench.route.state, "IDLE");
});

test("[C4] a call that waits for its connection keeps the attempts going", async () => {
  const bench = new Bench({ idleTimeoutMs: 5_000 });
  bench.call(true);
  await bench.pass(60_000);
  assertEquals([bench.route.state, bench.log], ["TRANSIENT_FAILURE", []]);
});

test("[C4] a name is looked up anew after it", async () => {
  const bench = new Bench({ idleTimeoutMs: 5_000, target: "dns:///service.test:80" });
  const { names } = bench.simulation.network;
  names.set("service.test", [bench.server.hostAddress]);
  await bench.listen();
  await bench.answeredCall();
  await bench.pass(20_000);
  const other = bench.simulation.host();
  await bench.listen(other);
  names.set("service.test", [other.hostAddress]);
  const call = bench.call();
  await bench.pass(10);
  assertEquals(call.transport?.peer, { family: "ipv4", host: other.hostAddress, port: 80 });
});

test("[C4] a call that ends while its resolver is made leaves no connection for ever", async () => {
  const ending: ResolverFactory = {
    make(_context, sink) {
      if (!call.isOver) call.withdraw();
      return {
        start: () =>
          sink.onResolved([{ addresses: [{ family: "ipv4", host: bench.server.hostAddress, port: 80 }] }]),
        requestReresolution() {},
        resetBackoff() {},
        describeWait: () => "it",
        close() {},
      };
    },
  };
  const bench: Bench = new Bench({ idleTimeoutMs: 5_000, resolvers: [{ ipv4: ending }] });
  await bench.listen();
  const call: Call = new Call("call", true, bench);
  bench.turn(() => {
    bench.route.callBegan();
    bench.route.submit(call);
  });
  await bench.pass(100);
  assertEquals(bench.route.state, "READY");
  await bench.pass(6_000);
  assertEquals([bench.route.state, bench.open], ["IDLE", []]);
});
