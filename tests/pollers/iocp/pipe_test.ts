// Named pipes as endpoints and listeners of the iocp poller, against itself and against the runtime's own.
import { assert, assertEquals } from "@std/assert";
import process from "node:process";
import { Channel, createClient, Server } from "pollwire";
import { type Endpoint, IoError, parseTarget, type SocketAddress } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { echo, numbers, Trial } from "../../surface/serving.ts";
import { onWine } from "../../windows/wine.ts";
import { PlainServer, PlainSocket } from "../plain_peer.ts";
import {
  Acceptor,
  connect,
  firstDifference,
  pattern,
  read,
  readExactly,
  sleep,
  standstill,
  tryConnect,
  until,
  write,
} from "../promised.ts";
import { forEachShape, handleCount, iocpTests, slotsReturn } from "./setup.ts";

iocpTests("named pipes", () => {
  const MIB = 1024 * 1024;
  let pipes = 0;

  /** A name that nobody has. */
  function fresh(): SocketAddress {
    return { family: "npipe", name: `pollwire-${process.pid}-${pipes++}` };
  }

  function kindOf(result: Uint8Array | IoError | undefined): string {
    return result instanceof IoError ? result.kind : "no error";
  }

  async function talk(one: Endpoint, other: Endpoint): Promise<void> {
    const sent = pattern(4 * MIB);
    const [there, , back] = await Promise.all([
      readExactly(other, sent.length),
      write(one, sent),
      readExactly(one, sent.length),
      write(other, sent),
    ]);
    assertEquals([firstDifference(there, sent), firstDifference(back, sent)], [-1, -1]);
  }

  forEachShape(
    "a pipe carries 4 MiB both ways, ends after its last byte, and its name is free again",
    async (engine) => {
      const at = fresh();
      for (let i = 0; i < 3; i++) {
        const [acceptor] = await Acceptor.listen(engine, at);
        const client = await connect(engine, at);
        const server = await acceptor.accept();
        assertEquals([client.peer, server.local], [at, at]);
        await talk(client, server);
        const reading = read(server);
        assertEquals(await write(client, "last"), undefined);
        assertEquals(new TextDecoder().decode(await reading as Uint8Array), "last");
        client.close();
        assertEquals(kindOf(await read(server)), "end-of-stream");
        assertEquals(kindOf(await read(server)), "end-of-stream");
        assertEquals(kindOf(await write(server, "x")), "reset");
        server.close();
        await acceptor.shutdown();
      }
      await slotsReturn(engine);
    },
  );

  forEachShape(
    "a pipe of nobody is not found, one that waits is served later",
    async (engine) => {
      const at = fresh();
      const nobody = await tryConnect(engine, at);
      assert(!nobody.ok);
      assertEquals([nobody.error.kind, nobody.error.code], ["not-found", "ENOENT"]);
      const acceptor = Acceptor.create(engine);
      assert((await acceptor.bind(at)).ok);
      const early = await connect(engine, at);
      const waits = connect(engine, at);
      await sleep(30);
      assertEquals(acceptor.events, []);
      acceptor.start();
      const ends = [early, await waits, await acceptor.accept(), await acceptor.accept()];
      for (const end of ends) end.close();
      await acceptor.shutdown();
      await slotsReturn(engine);
    },
  );

  forEachShape("a pipe in use cannot be bound", async (engine) => {
    const at = fresh();
    const [acceptor] = await Acceptor.listen(engine, at);
    const second = Acceptor.create(engine);
    const again = await second.bind(at);
    assert(!again.ok);
    assertEquals([again.error.kind, again.error.code], ["address-in-use", "EADDRINUSE"]);
    await second.shutdown();
    await acceptor.shutdown();
  }, { skip: onWine ? "Wine 8 pays no heed to FILE_FLAG_FIRST_PIPE_INSTANCE" : undefined });

  forEachShape(
    "a pipe that is not read holds its writer back, and closing cuts the write short",
    async (engine) => {
      const at = fresh();
      const [acceptor] = await Acceptor.listen(engine, at);
      const client = await connect(engine, at);
      const server = await acceptor.accept();
      let done = false;
      const writing = write(client, pattern(32 * MIB)).then((error) => (done = true, error));
      await sleep(100);
      assertEquals(done, false);
      client.close();
      assertEquals(kindOf(await writing), "closed");
      server.close();
      await acceptor.shutdown();
      await slotsReturn(engine);
    },
  );

  forEachShape("500 pipes leave nothing", async (engine) => {
    const at = fresh();
    const [acceptor] = await Acceptor.listen(engine, at);
    const round = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const [client, server] = await Promise.all([connect(engine, at), acceptor.accept()]);
        const reading = i % 2 === 0 ? read(server) : undefined;
        await write(client, "x");
        client.close();
        await reading;
        server.close();
      }
      await until(() => engine.operations.pending <= 4, "4 slots");
    };
    await round(20);
    const before = await standstill(handleCount);
    await round(500);
    await until(() => handleCount() <= before + 8, `${before} handles`);
    await acceptor.shutdown();
    await slotsReturn(engine);
  }, { timeoutMs: 60_000 });

  forEachShape("pipes of the runtime itself on the other side", async (engine) => {
    const at = fresh();
    const plainServer = await PlainServer.listen(at);
    const client = await connect(engine, at);
    const plainServed = await plainServer.accept();
    assertEquals(await write(client, "over there"), undefined);
    assertEquals(new TextDecoder().decode(await plainServed.readExactly(10)), "over there");
    await plainServed.write("and back");
    assertEquals(new TextDecoder().decode(await readExactly(client, 8)), "and back");
    client.close();
    plainServed.destroy();
    await plainServer.close();

    const here = fresh();
    const [acceptor] = await Acceptor.listen(engine, here);
    const plain = await PlainSocket.connect(here);
    const server = await acceptor.accept();
    await plain.write("ping");
    assertEquals(new TextDecoder().decode(await readExactly(server, 4)), "ping");
    assertEquals(await write(server, "pong!"), undefined);
    assertEquals(new TextDecoder().decode(await plain.readExactly(5)), "pong!");
    plain.destroy();
    assertEquals(kindOf(await read(server)), "end-of-stream");
    server.close();
    await acceptor.shutdown();
  });

  test("calls over a named pipe", async () => {
    const address = `npipe:pollwire-calls-${process.pid}`;
    assertEquals(parseTarget(address).family, "npipe");
    const server = new Server({ poller: "iocp" });
    server.addService(Trial, echo);
    assertEquals(await server.listen(address), 0);
    const channel = new Channel(address, { poller: "iocp" });
    try {
      const client = createClient(Trial, channel);
      assertEquals((await client.one({ text: "over a pipe" })).text, "over a pipe");
      assertEquals((await client.up(numbers(10))).number, 55);
    } finally {
      channel.close();
      await server.shutdown();
    }
  });
});
