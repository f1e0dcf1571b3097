import { assert, assertEquals } from "@std/assert";
import { watchResources } from "../../../pollers/core/thread_resources.ts";
import { test } from "../../harness.ts";
import { epollEngine, noEpoll } from "../epoll/setup.ts";

for (const ownThread of [true, false]) {
  test(
    `what an engine has is told when it is made, and that it is over (own thread: ${ownThread})`,
    async () => {
      const told: Array<[object, string]> = [];
      const released: object[] = [];
      watchResources({
        onHeld: (holder, poller) => told.push([holder, poller]),
        onReleased: (holder) => released.push(holder),
      });
      try {
        const engine = epollEngine({ ownThread });
        assertEquals(told, [[engine, "epoll"]]);
        const [one, other] = await engine.pair();
        for (const endpoint of [one, other]) endpoint.close();
        assert(told.every(([holder]) => holder === engine));
        assertEquals(released, []);
        await engine.shutdown();
        assertEquals(released, [engine]);
      } finally {
        watchResources(undefined);
      }
    },
    { skip: noEpoll },
  );
}
