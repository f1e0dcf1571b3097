// What is closed, taken away or shut down is answered with an error, and never ends the process.
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { IocpEngine } from "../../../pollers/iocp/engine.ts";
import { iocpFactory } from "../../../pollers/iocp/mod.ts";
import type { Socket } from "../../../pollers/iocp/sockets.ts";
import { type Endpoint, IoError } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { Acceptor, LOOPBACK, pattern, read, sleep, tryConnect, write } from "../promised.ts";
import { forEachShape, iocpTests, slotsReturn } from "./setup.ts";

iocpTests("what is closed or taken away", () => {
  function socketOf(endpoint: Endpoint): Socket {
    return (endpoint as unknown as { socket: Socket }).socket;
  }

  forEachShape("a socket that somebody else closed", async (engine) => {
    const [one, two] = await engine.pair();
    const { winsock } = engine.sockets;
    const reading = read(one);
    winsock.closesocket(socketOf(one).pointer);
    const ended = await reading;
    assert(ended instanceof IoError, "a read of a socket that is gone");
    for (const error of [await read(one), await write(one, "x")]) assert(error instanceof IoError);
    one.close();
    two.close();
    await slotsReturn(engine);
  });

  forEachShape("a port in use is refused, exclusively, to this engine and to others", async (engine) => {
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    const at = { family: "ipv4", host: "127.0.0.1", port } as const;
    const other = iocpFactory.create({});
    for (const one of [engine, other]) {
      const second = Acceptor.create(one);
      const bound = await second.bind(at);
      assert(!bound.ok);
      assertEquals([bound.error.kind, bound.error.code], ["address-in-use", "EADDRINUSE"]);
      await second.shutdown();
    }
    await other.shutdown();
    await acceptor.shutdown();
  });

  forEachShape("reusePort is refused with its reason", async (engine) => {
    const acceptor = Acceptor.create(engine, true);
    const bound = await acceptor.bind(LOOPBACK);
    assert(!bound.ok);
    assertEquals([bound.error.kind, bound.error.syscall], ["unsupported", "bind"]);
    await acceptor.shutdown();
  });

  for (const options of [{}, { ownThread: true }]) {
    test(
      `iocp ${Object.keys(options)}: an engine that was shut down refuses, and shuts down again`,
      async () => {
        const engine = iocpFactory.create(options) as IocpEngine;
        const [one, two] = await engine.pair();
        void write(one, pattern(32 * 1024 * 1024));
        await sleep(10);
        await assertRejects(() => engine.shutdown(), Error, "endpoint");
        const connected = await tryConnect(engine, { family: "ipv4", host: "127.0.0.1", port: 1 });
        assert(!connected.ok);
        const acceptor = Acceptor.create(engine);
        assert(!(await acceptor.bind(LOOPBACK)).ok);
        void acceptor.shutdown();
        for (const endpoint of [one, two]) {
          assert(await read(endpoint) instanceof IoError);
          assert(await write(endpoint, "x") instanceof IoError);
          endpoint.close();
        }
        await engine.shutdown();
        assertEquals(engine.operations.pending, 0);
      },
    );
  }
});
