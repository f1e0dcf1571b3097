// A listener that ends by itself: its server's owner hears of it, and nothing else ends.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Channel, createClient, type ErrorContext, Server } from "pollwire";
import type { OpenSet } from "../../../pollers/core/open_set.ts";
import { IoError } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { logged } from "../../logged.ts";
import { failure, gate, Trial, until } from "../serving.ts";

/** Ends the listeners of the server's engine, as a system does whose sockets are of no more use. */
function endListeners(server: Server): void {
  const { opened } = server.engine as unknown as { opened: OpenSet };
  const listeners = opened.all().filter((one) => one.describe().startsWith("listener"));
  assert(listeners.length > 0);
  for (const listener of listeners) listener.close(new IoError("other", "accept", undefined, "EBADF"));
}

test("a listener that ends by itself is reported, calls go on, and listen works again, twice", async () => {
  const heard: Array<[unknown, ErrorContext]> = [];
  const server = new Server({ onError: (error, context) => heard.push([error, context]) });
  server.addService(Trial, { one: ({ number = 0 }) => ({ number }) });
  const port = await server.listen("127.0.0.1:0");
  const channels: Channel[] = [];
  for (let round = 1; round <= 2; round++) {
    const channel = new Channel(`127.0.0.1:${port}`, { shareConnections: false });
    channels.push(channel);
    assertEquals((await createClient(Trial, channel).one({ number: 1 })).number, 1);
    endListeners(server);
    await until(() => heard.length === round);
    const [error, context] = heard[round - 1]!;
    assert(error instanceof Error);
    assertMatch(
      error.message,
      /^The server stopped listening on 127\.0\.0\.1:\d+: accept failed: .* \(EBADF\)$/,
    );
    assertEquals(context, { where: "listener", level: "error" });
    for (const old of channels) assertEquals((await createClient(Trial, old).one({ number: 2 })).number, 2);
    const newcomer = new Channel(`127.0.0.1:${port}`, { shareConnections: false });
    await failure(createClient(Trial, newcomer).one({ number: 3 }, { deadlineMs: 300 }));
    newcomer.close();
    assertEquals(await server.listen(`127.0.0.1:${port}`), port);
  }
  for (const channel of channels) channel.close();
  server.close();
});

test("a shutdown that waits for calls settles, though the listener ended by itself", async () => {
  const { opened, open } = gate();
  let began = false;
  const server = new Server({ onError: () => {} });
  server.addService(Trial, {
    async one({ number = 0 }) {
      began = true;
      await opened;
      return { number };
    },
  });
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  const call = createClient(Trial, channel).one({ number: 1 });
  await until(() => began);
  endListeners(server);
  let settled = false;
  const over = server.shutdown().then(() => settled = true);
  await Promise.resolve();
  assertEquals(settled, false);
  open();
  assertEquals((await call).number, 1);
  await over;
  channel.close();
});

test("without onError the end of a listener is logged", () =>
  logged(async (lines) => {
    const server = new Server();
    await server.listen("127.0.0.1:0");
    endListeners(server);
    await until(() => lines.length > 0);
    assertEquals(lines.length, 1);
    assertMatch(lines[0]!, /pollwire error: a listener ended by itself/);
    await server.shutdown();
  }));
