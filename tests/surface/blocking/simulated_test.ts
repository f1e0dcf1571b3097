// Calls that block in a simulated network: the thread is that of every host.
import { assertEquals, assertThrows } from "@std/assert";
import {
  Channel,
  createSyncClient,
  reactor,
  RpcError,
  Server,
  ServerUnaryReactor,
  Status,
  type UnaryReactorContext,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { type Handlers, type Note, Trial } from "../serving.ts";

test("[Q126] a server of a simulated host answers the thread that blocks, and a deadline is virtual time", async () => {
  const simulation = new Simulation({ conditions: { latencyMs: 10 } });
  const [there, here] = [simulation.host(), simulation.host()];
  const server = new Server({ poller: there });
  server.addService(Trial, {
    one: reactor((context: UnaryReactorContext<Note>, request: Note) => {
      const made = new ServerUnaryReactor<Note>(context);
      if (request.number !== 7) made.respond({ number: (request.number ?? 0) + 1 });
      return made;
    }),
  } as unknown as Handlers);
  const target = `${there.hostAddress}:50051`;
  const listening = server.listen(target);
  await simulation.run();
  await listening;
  const channel = new Channel(target, { poller: here });
  const client = createSyncClient(Trial, channel);
  assertEquals(client.one({ number: 1 }).number, 2);
  const before = simulation.now;
  const error = assertThrows(() => client.one({ number: 7 }, { deadlineMs: 250 }), RpcError);
  assertEquals([error.code, Math.round(simulation.now - before)], [Status.DEADLINE_EXCEEDED, 250]);
  channel.close();
  void server.shutdown({ graceMs: 0 });
  await simulation.run();
});
