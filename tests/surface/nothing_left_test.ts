// What is done at the end of a call or server: timers, listeners on signals, iterators and sockets are given back.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Channel, createClient, RpcError, Server, Status } from "pollwire";
import { engineCount } from "../../surface/engines.ts";
import { useEngine } from "../../surface/full/engines.ts";
import { counted } from "../counted_engine.ts";
import { test } from "../harness.ts";
import {
  collect,
  echo,
  failure,
  gate,
  type Handlers,
  nothingLeft,
  numbers,
  serving,
  Trial,
  until,
  working,
} from "./serving.ts";

const LONG_MS = 600_000;

/** A signal that counts who listens to it. */
class CountingSignal {
  readonly controller = new AbortController();
  readonly listeners = new Set<unknown>();
  /** Those that the signal itself forgets when it is aborted. */
  readonly onces = new Set<unknown>();
  removals = 0;

  get signal(): AbortSignal {
    const { signal } = this.controller;
    const { addEventListener, removeEventListener } = AbortSignal.prototype;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      this.listeners.add(args[1]);
      if ((args[2] as AddEventListenerOptions).once) this.onces.add(args[1]);
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      this.listeners.delete(args[1]);
      this.removals++;
      removeEventListener.apply(signal, args);
    };
    return signal;
  }
}

test("a call that ends before its deadline leaves no timer, on either side, of any kind", async () => {
  const use = useEngine();
  const accounts = counted(use.engine);
  const handlers: Handlers = {
    ...echo,
    one: ({ text }) => text === "fail" ? Promise.reject(new RpcError("ABORTED")) : {},
  };
  await serving(handlers, async ({ client }) => {
    await client.one({});
    // The server's keepalive is waited for as long as the connection stands.
    await until(() => accounts.left().filter((line) => line.startsWith("task")).length === 1);
    const before = accounts.left().length;
    const options = { deadlineMs: LONG_MS };
    for (let round = 0; round < 3; round++) {
      await client.one({}, options);
      await failure(client.one({ text: "fail" }, options));
      assertEquals((await collect(client.down({ number: 3 }, options))).length, 3);
      assertEquals((await client.up(numbers(3), options)).number, 6);
      for await (const _ of client.both(numbers(3), options)) break;
    }
    await until(() => accounts.left().length === before);
  }, { server: { poller: accounts.engine }, channel: { poller: accounts.engine, idleTimeoutMs: Infinity } });
  await nothingLeft(accounts);
  await use.end();
});

test("a call that has ended listens to its signal no more, however it ended", () =>
  serving(
    { ...echo, one: ({ text }) => text === "fail" ? Promise.reject(new RpcError("ABORTED")) : {} },
    async ({ client }) => {
      const counting = new CountingSignal();
      const { signal } = counting;
      for (let round = 0; round < 3; round++) {
        await client.one({}, { signal });
        await failure(client.one({ text: "fail" }, { signal }));
        await collect(client.down({ number: 3 }, { signal }));
        for await (const _ of client.both(numbers(3), { signal })) break;
        await failure(client.one({}, { signal, deadlineMs: -1 }));
      }
      await until(() => counting.listeners.size === 0);
    },
  ));

// Removing a listener walks all of the signal's: 20,000 calls of one signal, each with its own, took seconds.
test("an aborted signal ends its calls, and forgets their listeners by itself", () =>
  serving({ ...echo, one: () => new Promise(() => {}) }, async ({ client }) => {
    const counting = new CountingSignal();
    const { signal } = counting;
    const calls = [failure(client.one({}, { signal })), failure(client.one({}, { signal }))];
    counting.controller.abort();
    for (const { code } of await Promise.all(calls)) assertEquals(code, Status.CANCELLED);
    assertEquals([counting.listeners.size, counting.onces.size, counting.removals], [2, 2, 0]);
  }));

test("a listen that fails leaves nothing open, and a shutdown after it ends at once", async () => {
  const use = useEngine();
  const accounts = counted(use.engine);
  const first = new Server({ poller: accounts.engine });
  const second = new Server({ poller: accounts.engine });
  const port = await first.listen("127.0.0.1:0");
  await assertRejects(() => second.listen(`127.0.0.1:${port}`), Error, "Cannot listen on");
  await assertRejects(() => second.listen(`127.0.0.1:${port}`), Error, "Cannot listen on");
  await until(() => accounts.left().length === 1); // the first one's
  await second.shutdown();
  await first.shutdown();
  await nothingLeft(accounts);
  await use.end();
});

test("a graceful shutdown that is over before its grace leaves no timer", async () => {
  const use = useEngine();
  const accounts = counted(use.engine);
  const server = new Server({ poller: accounts.engine });
  server.addService(Trial, echo);
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`, { poller: accounts.engine });
  await createClient(Trial, channel).one({});
  const stopped = server.shutdown({ graceMs: LONG_MS });
  channel.close();
  await stopped;
  await nothingLeft(accounts);
  await use.end();
});

test("a handler that has answered can read its requests to their end: the loop ends, and nothing is aborted", async () => {
  const read = gate();
  let signal: AbortSignal | undefined;
  let seen = 0;
  const handlers: Handlers = {
    up: (requests, call) => {
      signal = call.signal;
      void (async () => {
        for await (const _ of requests) seen++;
        read.open();
      })();
      return { number: 1 }; // before the client has sent anything
    },
  };
  await serving(handlers, async ({ client }) => {
    const more = gate();
    async function* slowly() {
      yield { number: 1 };
      await more.opened;
    }
    assertEquals((await client.up(slowly())).number, 1);
    await read.opened;
    more.open();
    assert(seen <= 1);
    assertEquals(signal!.aborted, false);
  });
  assertEquals(signal!.aborted, false);
});

test("a call's signal that is first read after the call ended with OK is not aborted", async () => {
  let call: { readonly signal: AbortSignal; readonly cancelled: boolean } | undefined;
  await serving({ one: (_request, server) => (call = server, {}) }, async ({ client }) => {
    await client.one({});
    assertEquals([call!.signal.aborted, call!.cancelled], [false, false]);
  });
});

test("whoever waits for the end of CONNECTING holds the process, whoever watches another state does not", async () => {
  const use = useEngine();
  const accounts = counted(use.engine);
  const holds = () => accounts.left().filter((line) => line === "hold").length;
  const server = new Server();
  const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`, { poller: accounts.engine });
  const left = [channel.stateChange("IDLE")];
  channel.connect();
  left.push(
    channel.stateChange("CONNECTING"),
    channel.stateChange("CONNECTING"),
    channel.stateChange("IDLE"),
  );
  const abort = new AbortController();
  const givenUp = channel.stateChange("CONNECTING", abort.signal).catch((error) => error);
  assertEquals(holds(), 3);
  abort.abort(1);
  assertEquals([holds(), await givenUp], [2, 1]);
  assertEquals(await Promise.all(left), ["CONNECTING", "READY", "READY", "CONNECTING"]);
  const watched = channel.stateChange("READY");
  assertEquals(holds(), 0);
  channel.close();
  assertEquals(await watched, "SHUTDOWN");
  await server.shutdown();
  await nothingLeft(accounts);
  await use.end();
});

test("a test that fails while it serves leaves no engine for the tests after it", async () => {
  const before = engineCount();
  const failing = serving(working, async ({ client }) => {
    await client.one({});
    throw new Error("it failed");
  });
  await assertRejects(() => failing, Error, "it failed");
  assertEquals(engineCount(), before);
});
