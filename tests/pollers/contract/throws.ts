// Rule 10: what a callback throws is logged, and stops nothing.
import { assert, assertEquals } from "@std/assert";
import { type EventEngine, SliceBuffer } from "../../../pollers/mod.ts";
import { logged } from "../../logged.ts";
import { PlainServer, PlainSocket } from "../plain_peer.ts";
import { connect, LOOPBACK, NOBODY, pattern, readExactly, until, withEngine } from "../promised.ts";
import type { Suite } from "./suite.ts";

/** A callback that throws what says where it was called. */
const fail = (place: string) => (): never => {
  throw new Error(`thrown in ${place}`);
};

/** Tests of callbacks that throw. */
export function throwRules({ factory, rule }: Suite): void {
  rule(
    "10 what a closure or task throws is logged once, and the others run",
    () =>
      withEngine(factory, (engine) =>
        logged(async (lines) => {
          const ran: string[] = [];
          engine.run(() => void ran.push("run 1"));
          engine.run(fail("run"));
          engine.run(() => void ran.push("run 3"));
          const at = engine.now() + 5;
          engine.runAt(at, () => void ran.push("task 1"));
          engine.runAt(at, fail("runAt"));
          engine.runAt(at, () => void ran.push("task 3"));
          engine.runAt(at + 5, () => void ran.push("task 4"));
          engine.run(() => {
            engine.execCtx.defer(fail("a turn's closure"));
            engine.execCtx.defer(() => void ran.push("closure"));
          });
          await until(() => ran.length === 6, "all that did not throw");
          assertEquals(ran.sort(), ["closure", "run 1", "run 3", "task 1", "task 3", "task 4"]);
          assertLogged(lines, ["run", "runAt", "a turn's closure"]);
        })),
  );

  rule(
    "10 what onAccept throws is logged once, and the listener goes on",
    () =>
      withEngine(factory, (engine) =>
        logged(async (lines) => {
          let accepted = 0;
          let over = false;
          const listener = engine.listen({}, (endpoint) => {
            endpoint.close();
            if (++accepted < 3) fail(`onAccept ${accepted}`)();
          }, () => {
            over = true;
            fail("onShutdown")();
          });
          const port = await listener.bind(LOOPBACK);
          assert(port.ok);
          listener.start();
          for (let i = 1; i <= 3; i++) {
            const plain = await PlainSocket.connect({ family: "ipv4", host: "127.0.0.1", port: port.value });
            await until(() => accepted === i, `connection ${i}`);
            plain.destroy();
          }
          listener.shutdown();
          await until(() => over, "the end");
          assertLogged(lines, ["onAccept 1", "onAccept 2", "onShutdown"]);
        })),
  );

  rule(
    "10 what callbacks of an endpoint throw is logged once, and the stream goes on",
    () =>
      withEngine(factory, (engine) =>
        logged(async (lines) => {
          const server = await PlainServer.listen();
          const endpoint = await connect(engine, server.address);
          const plain = await server.accept();
          assert(!endpoint.read(new SliceBuffer(), fail("read")));
          await plain.write("x");
          await until(() => lines.length === 1, "the read");
          await plain.write("yz");
          assertEquals(await readExactly(endpoint, 2), new TextEncoder().encode("yz"));
          const large = new SliceBuffer();
          large.append(pattern(30_000_000));
          assert(!endpoint.write(large, fail("write")));
          await plain.readExactly(30_000_000);
          await until(() => lines.length === 2, "the write");
          assert(!endpoint.read(new SliceBuffer(), fail("close")));
          endpoint.close();
          await until(() => lines.length === 3, "the close");
          plain.destroy();
          await server.close();
          assertLogged(lines, ["read", "write", "close"]);
        })),
  );

  rule(
    "10 what callbacks of connect and lookup throw is logged once, and the next ones work",
    () =>
      withEngine(factory, (engine) =>
        logged(async (lines) => {
          const server = await PlainServer.listen();
          engine.connect(NOBODY, {}, fail("refused"));
          await until(() => lines.length === 1, "the refusal");
          engine.connect(server.address, {}, (result) => {
            if (result.ok) result.value.close();
            fail("connect")();
          });
          (await server.accept()).destroy();
          await until(() => lines.length === 2, "the connection");
          engine.resolver().lookup("localhost", 1, fail("lookup"));
          await until(() => lines.length === 3, "the addresses");
          assert(await resolves(engine));
          (await connect(engine, server.address)).close();
          (await server.accept()).destroy();
          await server.close();
          assertLogged(lines, ["refused", "connect", "lookup"]);
        })),
  );
}

function resolves(engine: EventEngine): Promise<boolean> {
  return new Promise((resolve) => engine.resolver().lookup("localhost", 1, ({ ok }) => resolve(ok)));
}

function assertLogged(lines: readonly string[], places: readonly string[]): void {
  const found = lines.map((line) => /Error: thrown in (.*)/.exec(line)?.[1] ?? line);
  assertEquals([...found].sort(), [...places].sort());
  for (const line of lines) assert(/ pollwire error: a callback of a poller threw\n/.test(line), line);
}
