// Rule 4 and the turn: no callback on its caller's stack, and each one inside `execCtx.enter`.
import { assert, assertEquals } from "@std/assert";
import { type EventEngine, type Flushable, SliceBuffer } from "../../../pollers/mod.ts";
import { PlainServer, PlainSocket } from "../plain_peer.ts";
import { connect, LOOPBACK, NOBODY, onCallersStack, pattern, sleep, until, withEngine } from "../promised.ts";
import { withConnection } from "./bytes.ts";
import type { Suite } from "./suite.ts";

/** Notes who runs outside a turn: there a flush would wait for a microtask. */
class TurnWatch {
  /** What was called, with a mark where it ran outside a turn. */
  readonly calls: string[] = [];

  constructor(private readonly engine: EventEngine) {}

  /** To be called by a callback. */
  note(name: string): void {
    let flushed = false;
    const flushable: Flushable = { flushScheduled: false, flushedIn: -1, flush: () => flushed = true };
    queueMicrotask(() => this.calls.push(flushed ? name : `${name} outside a turn`));
    this.engine.execCtx.touch(flushable);
  }
}

/** Tests of where callbacks run. */
export function turnRules({ factory, rule }: Suite): void {
  rule("4 no callback runs on its caller's stack", () =>
    withEngine(factory, async (engine) => {
      const data = () => {
        const buffer = new SliceBuffer();
        buffer.append(pattern(10));
        return buffer;
      };
      await withConnection(engine, async (endpoint, plain) => {
        await plain.write("waiting");
        await sleep(20);
        const starts: Record<string, (done: () => void) => boolean> = {
          connect: (done) => {
            engine.connect(NOBODY, {}, () => done());
            return false;
          },
          run: (done) => (engine.run(done), false),
          runAt: (done) => (engine.runAt(engine.now() - 1, done), false),
          lookup: (done) => (engine.resolver().lookup("localhost", 1, done), false),
          read: (done) => endpoint.read(new SliceBuffer(), done),
          write: (done) => endpoint.write(data(), done),
          "read of a closed one": (done) => (endpoint.close(), endpoint.read(new SliceBuffer(), done)),
          "write to a closed one": (done) => endpoint.write(data(), done),
        };
        for (const [name, start] of Object.entries(starts)) {
          assertEquals(await onCallersStack(start), false, `${name} called back on its caller's stack`);
        }
      });
    }));

  rule("every callback runs inside a turn", () =>
    withEngine(factory, async (engine) => {
      const watch = new TurnWatch(engine);
      const names = [
        "accept",
        "close read",
        "connect",
        "lookup",
        "read",
        "refused",
        "run",
        "runAt",
        "shutdown",
        "write",
      ];
      engine.run(() => watch.note("run"));
      engine.runAt(engine.now() + 1, () => watch.note("runAt"));
      engine.resolver().lookup("localhost", 1, () => watch.note("lookup"));
      const listener = engine.listen({}, (endpoint) => {
        watch.note("accept");
        endpoint.close();
      }, () => watch.note("shutdown"));
      const port = await listener.bind(LOOPBACK);
      assert(port.ok);
      listener.start();
      const at = { family: "ipv4", host: "127.0.0.1", port: port.value } as const;
      const plain = await PlainSocket.connect(at);
      await plain.readToEnd();
      plain.destroy();
      listener.shutdown();
      await sleep(20);
      engine.connect(at, {}, () => watch.note("refused"));
      const server = await PlainServer.listen();
      await new Promise<void>((resolve) => {
        engine.connect(server.address, {}, (result) => {
          watch.note("connect");
          if (result.ok) result.value.close();
          resolve();
        });
      });
      (await server.accept()).destroy();
      const endpoint = await connect(engine, server.address);
      const peer = await server.accept();
      const large = new SliceBuffer();
      large.append(pattern(30_000_000));
      assert(!endpoint.write(large, () => watch.note("write")));
      await peer.readExactly(30_000_000);
      assert(!endpoint.read(new SliceBuffer(), () => watch.note("read")));
      await peer.write("x");
      await until(() => watch.calls.some((call) => call.startsWith("read")), "the read");
      assert(!endpoint.read(new SliceBuffer(), () => watch.note("close read")));
      endpoint.close();
      peer.destroy();
      await server.close();
      await until(() => watch.calls.length >= names.length, "every callback");
      await sleep(20); // nor any more
      assertEquals(watch.calls.sort(), names);
    }));
}
