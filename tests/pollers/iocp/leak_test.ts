// Nothing of an iocp engine's connections is left once they are over.
import { assertEquals, assertLess } from "@std/assert";
import type { IocpEngine } from "../../../pollers/iocp/engine.ts";
import {
  Acceptor,
  connect,
  LOOPBACK,
  read,
  readExactly,
  standstill,
  tryConnect,
  until,
  write,
} from "../promised.ts";
import { forEachShape, handleCount, iocpTests, slotsReturn } from "./setup.ts";

iocpTests("nothing is left", () => {
  const CONNECTIONS = 5_000;
  const AT_ONCE = 50;

  /** Handles that come and go with the runtime's own threads and timers. */
  const NOISE = 8;

  async function useConnections(
    engine: IocpEngine,
    acceptor: Acceptor,
    port: number,
    count: number,
  ): Promise<void> {
    const to = { family: "ipv4", host: "127.0.0.1", port } as const;
    let left = count;
    const one = async (): Promise<void> => {
      while (left-- > 0) {
        const [client, server] = await Promise.all([connect(engine, to), acceptor.accept()]);
        const way = left % 4;
        if (way > 0) await write(client, "hello");
        if (way > 1) await readExactly(server, 5);
        const reading = way === 3 ? [read(client), read(server)] : [];
        client.close();
        server.close();
        await Promise.all(reading);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, one));
  }

  forEachShape(`slots, handles and sockets return after ${CONNECTIONS} connections`, async (engine) => {
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    await useConnections(engine, acceptor, port, 200);
    const accepts = 16;
    await slotsReturn(engine, accepts);
    const before = await standstill(handleCount);
    await useConnections(engine, acceptor, port, CONNECTIONS);
    await slotsReturn(engine, accepts);
    await until(() => handleCount() <= before + NOISE, `${before} handles`);
    await acceptor.shutdown();
    await slotsReturn(engine);
    assertLess(handleCount(), before - accepts + NOISE, "the listener and its accepts hold nothing");
  }, { timeoutMs: 90_000 });

  forEachShape("connects that are refused or cancelled and binds that fail leave nothing", async (engine) => {
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    const to = { family: "ipv4", host: "127.0.0.1", port } as const;
    const round = async (): Promise<void> => {
      const refused = await tryConnect(engine, { ...to, port: 1 });
      assertEquals(refused.ok ? "connected" : refused.error.code, "ECONNREFUSED");
      engine.cancelConnect(engine.connect(to, {}, () => {}));
      const failing = Acceptor.create(engine);
      const bound = await failing.bind(to);
      assertEquals(bound.ok ? "bound" : bound.error.code, "EADDRINUSE");
      await failing.shutdown();
    };
    for (let i = 0; i < 5; i++) await round();
    await until(
      () => (acceptor.left().forEach((one) => one.close()), engine.operations.pending === 16),
      "16 slots",
    );
    const before = await standstill(handleCount);
    for (let i = 0; i < 200; i++) await round();
    await until(
      () => (acceptor.left().forEach((one) => one.close()), engine.operations.pending === 16),
      "16 slots",
    );
    await until(() => handleCount() <= before + NOISE, `${before} handles`);
    await acceptor.shutdown();
  }, { timeoutMs: 60_000 });
});
