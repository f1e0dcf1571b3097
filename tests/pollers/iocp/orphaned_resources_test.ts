// Sockets of one iocp engine go to another, and what an engine leaves whose thread died is given back.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import type { IocpEngine } from "../../../pollers/iocp/engine.ts";
import { HandleRegistry } from "../../../pollers/iocp/handle_registry.ts";
import { iocpFactory } from "../../../pollers/iocp/mod.ts";
import type { IocpResources } from "../../../pollers/iocp/orphaned_resources.ts";
import { type Endpoint, IoError } from "../../../pollers/mod.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { Acceptor, connect, LOOPBACK, read, readExactly, standstill, until, write } from "../promised.ts";
import type { Left } from "./dying_thread.ts";
import { forEachShape, handleCount, iocpTests } from "./setup.ts";

iocpTests("what goes to others", () => {
  /** Handles that come and go with the runtime's own threads and timers. */
  const NOISE = 8;

  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

  forEachShape("an accepted socket is handed on to another engine, with what lies in it", async (engine) => {
    const other = iocpFactory.create({ ownThread: true }) as IocpEngine;
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    const to = { family: "ipv4", host: "127.0.0.1", port } as const;
    const [client, accepted] = await Promise.all([connect(engine, to), acceptor.accept()]);
    await write(client, "before");
    const taken = other.adopt(engine.detach(accepted));
    assertEquals([taken.local, taken.peer], [client.peer, client.local]);
    assertEquals((await read(accepted) as IoError).kind, "closed");
    assertEquals(text(await readExactly(taken, 6)), "before");
    await Promise.all([write(taken, "back"), write(client, "after")]);
    assertEquals(text(await readExactly(client, 4)), "back");
    assertEquals(text(await readExactly(taken, 5)), "after");
    client.close();
    assertEquals((await read(taken) as IoError).kind, "end-of-stream");
    taken.close();
    await acceptor.shutdown();
    await other.shutdown();
  });

  forEachShape("what cannot be handed on or adopted says why, and goes on", async (engine) => {
    const stranger = iocpFactory.create({}) as IocpEngine;
    const [connected, accepted] = await engine.pair();
    const refused = (from: IocpEngine, endpoint: Endpoint, why: string): void =>
      void assertThrows(() => from.detach(endpoint), TypeError, why);
    refused(stranger, accepted, "not an open socket of this engine");
    await write(connected, "used");
    refused(engine, connected, "was read from or written to");
    assertEquals(text(await readExactly(accepted, 4)), "used");
    refused(engine, accepted, "was read from or written to");
    const { handle } = (accepted as unknown as { socket: { handle: number } }).socket;
    assertThrows(() => engine.adopt(handle), Error, "this engine has it already");
    assertThrows(() => engine.adopt(handle, handle + 4), Error, "over one socket");
    assertThrows(() => engine.adopt(0x7ff0), Error, "Cannot adopt socket 32752");
    connected.close();
    accepted.close();
    refused(engine, accepted, "not an open socket of this engine");
    await stranger.shutdown();
  });

  forEachShape("an engine whose thread died is given back by another one", async (engine) => {
    const round = async (number: number): Promise<void> => {
      let hear!: (left: Left) => void;
      const heard = new Promise<Left>((resolve) => hear = resolve);
      const module = new URL("./dying_thread.ts", import.meta.url);
      const thread = new Thread(module, number, (message) => hear(message as Left));
      const { resources, port } = await heard;
      const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
      await thread.ended;
      const registry = new HandleRegistry((resources as IocpResources).words);
      assert(registry.pending > 16, "operations were under way");
      engine.reclaimResources(resources);
      assert(await read(client) instanceof IoError, "the dead engine's end was not closed");
      client.close();
      await until(() => registry.pending === 0, "every packet");
      engine.reclaimResources(resources); // is done already
    };
    for (let i = 0; i < 2; i++) await round(i); // whatever the runtime opens once
    const before = await standstill(handleCount);
    for (let i = 2; i < 7; i++) await round(i);
    await until(() => handleCount() <= before + NOISE, `${before} handles`);
  }, { timeoutMs: 60_000 });

  forEachShape("an engine that was shut down leaves nothing to others", async (engine) => {
    const other = iocpFactory.create({}) as IocpEngine;
    const resources = other.exportResources();
    const [one, two] = await other.pair();
    one.close();
    two.close();
    await other.shutdown();
    const [ours, theirs] = await engine.pair(); // may have the numbers that the other one's had
    engine.reclaimResources(resources);
    await write(ours, "still here");
    assertEquals(text(await readExactly(theirs, 10)), "still here");
    ours.close();
    theirs.close();
  });
});
