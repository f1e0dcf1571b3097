// Rule 3 and 8: a connect reports exactly once, or never when it was cancelled.
import { assert, assertEquals, assertFalse } from "@std/assert";
import { formatAddress } from "../../../pollers/mod.ts";
import { nodeMissing } from "../../peers/processes.ts";
import { connectsUnderWay, startDeafServer } from "../deaf_server.ts";
import { PlainServer } from "../plain_peer.ts";
import { connect, NOBODY, read, sleep, tryConnect, until, withEngine, write } from "../promised.ts";
import type { Suite } from "./suite.ts";

/** Tests of `connect` and `cancelConnect`. */
export function connectRules({ factory, rule }: Suite): void {
  rule("3 connect gives an endpoint that knows both addresses", () =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen();
      const endpoint = await connect(engine, server.address);
      const plain = await server.accept();
      assertEquals(endpoint.peer, server.address);
      assertEquals(endpoint.local, plain.remote);
      endpoint.close();
      plain.destroy();
      await server.close();
    }));

  rule(
    "3 connect to nobody is refused, with address, system call and code",
    () =>
      withEngine(factory, async (engine) => {
        const to = NOBODY;
        const result = await tryConnect(engine, to);
        assert(!result.ok);
        const { kind, syscall, address, code, message } = result.error;
        assertEquals([kind, syscall, address, code], ["refused", "connect", to, "ECONNREFUSED"]);
        assertEquals(message, `connect to ${formatAddress(to)} failed: connection refused (ECONNREFUSED)`);
      }),
  );

  rule("3 connect reports once", () =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen();
      const reports: string[] = [];
      for (const to of [server.address, NOBODY]) {
        engine.connect(to, {}, (result) => {
          reports.push(result.ok ? "ok" : result.error.kind);
          if (result.ok) result.value.close();
        });
      }
      (await server.accept()).destroy();
      await until(() => reports.length >= 2, "both reports");
      await sleep(100);
      assertEquals(reports.sort(), ["ok", "refused"]);
      await server.close();
    }));

  rule("3 a connection with options carries bytes", () =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen();
      for (const options of [{ noDelay: false }, { noDelay: true, keepAliveMs: 30_000 }]) {
        const endpoint = await new Promise<Awaited<ReturnType<typeof connect>>>((resolve, reject) => {
          engine.connect(server.address, options, (result) => {
            if (result.ok) resolve(result.value);
            else reject(new Error(result.error.message));
          });
        });
        const plain = await server.accept();
        assertEquals(await write(endpoint, "abc"), undefined);
        assertEquals(new TextDecoder().decode(await plain.readExactly(3)), "abc");
        endpoint.close();
        plain.destroy();
      }
      await server.close();
    }));

  rule(
    "8 a connect cancelled at once never reports, and its socket is released",
    () =>
      withEngine(factory, async (engine) => {
        const server = await PlainServer.listen();
        let reports = 0;
        const handle = engine.connect(server.address, {}, () => reports++);
        assert(engine.cancelConnect(handle));
        assertFalse(engine.cancelConnect(handle));
        await sleep(100);
        assertEquals(reports, 0);
        await server.closeNowOrAfterEnds();
      }),
  );

  rule("8 a connect that has reported cannot be cancelled", () =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen();
      let handle: object | undefined = undefined;
      const endpoint = await new Promise<{ close(): void }>((resolve) => {
        handle = engine.connect(server.address, {}, (result) => result.ok && resolve(result.value));
      });
      assertFalse(engine.cancelConnect(handle!));
      const plain = await server.accept();
      endpoint.close();
      plain.destroy();
      await server.close();
    }));

  rule("8 a connect that hangs is cancelled, its socket is released, and the engine goes", async () => {
    const deaf = await startDeafServer();
    try {
      await withEngine(factory, async (engine) => {
        const handles: object[] = [];
        let reports = 0;
        for (let i = 0; i < deaf.fills + 3; i++) {
          handles.push(engine.connect(deaf.address, {}, (result) => {
            reports++;
            if (result.ok) result.value.close();
          }));
        }
        await sleep(200);
        const hanging = connectsUnderWay(deaf.address);
        assert(hanging === undefined || hanging >= 3, `${hanging} sockets are being connected`);
        const cancelled = handles.filter((handle) => engine.cancelConnect(handle)).length;
        assert(cancelled >= 1, "no connect was left hanging");
        assertEquals(cancelled + reports, handles.length);
        await until(() => (connectsUnderWay(deaf.address) ?? 0) === 0, "the sockets to be released", 1_000);
        await sleep(50);
        assertEquals(cancelled + reports, handles.length);
      });
    } finally {
      await deaf.kill();
    }
  }, { skip: nodeMissing });

  rule("3 a server that speaks first is heard, every time", () =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen();
      for (let i = 0; i < 50; i++) {
        const connecting = connect(engine, server.address);
        const plain = await server.accept();
        void plain.write("hello");
        const endpoint = await connecting;
        assertEquals(new TextDecoder().decode(await read(endpoint) as Uint8Array), "hello");
        endpoint.close();
        plain.destroy();
      }
      await server.close();
    }));
}
