// Operations of the iocp poller that are cut short at every phase: each ends once, and its slot returns.
import { assert, assertEquals } from "@std/assert";
import type { IocpEngine } from "../../../pollers/iocp/engine.ts";
import { type Endpoint, IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { Acceptor, connect, LOOPBACK, pattern, read, sleep, until, write } from "../promised.ts";
import { forEachShape, iocpTests, slotsReturn } from "./setup.ts";

iocpTests("operations that are cut short", () => {
  const MIB = 1024 * 1024;

  async function connected(engine: IocpEngine): Promise<[Endpoint, Endpoint, Acceptor]> {
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
    return [client, await acceptor.accept(), acceptor];
  }

  /** Phases of an operation, as what is waited for after it was started. */
  const PHASES: ReadonlyArray<readonly [string, () => Promise<void> | void]> = [
    ["at once", () => {}],
    ["in a microtask", () => Promise.resolve()],
    ["an iteration later", () => new Promise((resolve) => setImmediate(resolve))],
    ["while its packet may be on its way", () => sleep(1)],
    ["when it is over, or never will be", () => sleep(30)],
  ];

  for (const [phase, wait] of PHASES) {
    forEachShape(`a connect is cancelled ${phase}`, async (engine) => {
      const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
      let reports = 0;
      let cancelled = 0;
      for (let i = 0; i < 20; i++) {
        const handle = engine.connect({ family: "ipv4", host: "127.0.0.1", port }, {}, (result) => {
          reports++;
          if (result.ok) result.value.close();
        });
        await wait();
        if (engine.cancelConnect(handle)) cancelled++;
      }
      await sleep(50);
      assertEquals(reports + cancelled, 20);
      await acceptor.shutdown();
      for (const endpoint of acceptor.left()) endpoint.close();
      await slotsReturn(engine);
    });

    forEachShape(`a pending read is closed ${phase}`, async (engine) => {
      const [client, server, acceptor] = await connected(engine);
      const reading = read(client);
      await wait();
      client.close();
      const error = await reading;
      assert(error instanceof IoError);
      assertEquals(error.kind, "closed");
      const ended = await read(server);
      assertEquals(ended instanceof IoError && ended.kind, "end-of-stream");
      server.close();
      await acceptor.shutdown();
      await slotsReturn(engine);
    });

    forEachShape(`32 MiB of writes are closed ${phase}`, async (engine) => {
      const [client, server, acceptor] = await connected(engine);
      const sent = pattern(32 * MIB);
      const writing = write(client, sent);
      await wait();
      client.close();
      const error = await writing;
      assertEquals(error?.kind, "closed");
      sent.fill(0xee); // its owner's again
      // What had arrived may be read; then the connection is reset, for the rest will never come.
      for (let got = await read(server); !(got instanceof IoError); got = await read(server));
      server.close();
      await acceptor.shutdown();
      await slotsReturn(engine);
    });

    forEachShape(`a listener is shut down ${phase}`, async (engine) => {
      for (let i = 0; i < 10; i++) {
        const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
        const handle = engine.connect({ family: "ipv4", host: "127.0.0.1", port }, {}, (result) => {
          if (result.ok) result.value.close();
        });
        await wait();
        await acceptor.shutdown();
        engine.cancelConnect(handle);
        for (const endpoint of acceptor.left()) endpoint.close();
      }
      await slotsReturn(engine);
    });
  }

  forEachShape(
    "a write under way is read to its end although its writer asks for a read and closes later",
    async (engine) => {
      const [client, server, acceptor] = await connected(engine);
      const sent = pattern(8 * MIB);
      const reading = read(client);
      const writing = write(client, sent);
      let got = 0;
      while (got < sent.length) {
        const bytes = await read(server);
        assert(bytes instanceof Uint8Array, String(bytes));
        got += bytes.length;
      }
      assertEquals(await writing, undefined);
      client.close();
      const error = await reading;
      assertEquals(error instanceof IoError && error.kind, "closed");
      server.close();
      await acceptor.shutdown();
    },
  );

  forEachShape("everything is closed from within callbacks", async (engine) => {
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    const to = { family: "ipv4", host: "127.0.0.1", port } as const;
    let closed = 0;
    for (let i = 0; i < 20; i++) {
      engine.connect(to, {}, (result) => {
        assert(result.ok);
        const { value: client } = result;
        client.read(new SliceBuffer(), () => {
          client.close();
          client.close();
          closed++;
        });
      });
      const server = await acceptor.accept();
      void write(server, "x").then(() => server.close());
    }
    await until(() => closed === 20, "20 closed connections");
    await acceptor.shutdown();
    await slotsReturn(engine);
  });
});
