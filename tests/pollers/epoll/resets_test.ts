import { assert, assertEquals } from "@std/assert";
import { connect as connectPlain, type Socket } from "node:net";
import { type Endpoint, type EventEngine, IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { PlainServer } from "../plain_peer.ts";
import { Acceptor, connect, LOOPBACK, pattern, read, readExactly, sleep, write } from "../promised.ts";
import { countDescriptors, noMoreDescriptors, testShapes } from "./setup.ts";

/** A plain socket, connected. */
function plainTo(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connectPlain({ host: "127.0.0.1", port });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject).on("error", () => {});
      resolve(socket);
    });
  });
}

/** Reads to the end; the kind of the error it ends with. */
async function endOf(endpoint: Endpoint): Promise<string> {
  for (;;) {
    const got = await read(endpoint);
    if (got instanceof IoError) return got.kind;
  }
}

/** That the listener still serves. */
async function stillServes(engine: EventEngine, acceptor: Acceptor, port: number): Promise<void> {
  for (const endpoint of acceptor.left()) endpoint.close();
  const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
  const server = await acceptor.accept();
  await write(client, "alive");
  assertEquals(new TextDecoder().decode(await readExactly(server, 5)), "alive");
  client.close();
  server.close();
}

/** When the peer resets: each leaves the endpoint closed. */
const MOMENTS: Record<string, (acceptor: Acceptor, port: number) => Promise<void>> = {
  async "after accept, before a read"(acceptor, port) {
    const plain = await plainTo(port);
    const endpoint = await acceptor.accept();
    plain.resetAndDestroy();
    await sleep(20);
    assertEquals(await endOf(endpoint), "reset");
    assertEquals((await read(endpoint) as IoError).kind, "reset", "the end is told again");
    const error = await write(endpoint, "x");
    assert(error?.kind === "reset", error?.message);
    endpoint.close();
  },
  async "while a read is pending"(acceptor, port) {
    const plain = await plainTo(port);
    const endpoint = await acceptor.accept();
    const ending = endOf(endpoint);
    await sleep(20);
    plain.resetAndDestroy();
    assertEquals(await ending, "reset");
    endpoint.close();
  },
  async "in the middle of a write, with a read pending too"(acceptor, port) {
    const plain = await plainTo(port);
    plain.pause();
    const endpoint = await acceptor.accept();
    const ending = endOf(endpoint);
    const writing = write(endpoint, pattern(30_000_000));
    await sleep(20);
    plain.resetAndDestroy();
    assertEquals([await ending, (await writing)?.kind], ["reset", "reset"]);
    endpoint.close();
  },
  async "while a write waits and nobody reads"(acceptor, port) {
    const plain = await plainTo(port);
    plain.pause();
    const endpoint = await acceptor.accept();
    const writing = write(endpoint, pattern(30_000_000));
    await sleep(20);
    plain.resetAndDestroy();
    assertEquals((await writing)?.kind, "reset");
    endpoint.close();
  },
  async "between two writes"(acceptor, port) {
    const plain = await plainTo(port);
    const endpoint = await acceptor.accept();
    assertEquals(await write(endpoint, "first"), undefined);
    plain.resetAndDestroy();
    await sleep(20);
    assertEquals((await write(endpoint, "second"))?.kind, "reset");
    endpoint.close();
  },
  async "with bytes of it unread"(acceptor, port) {
    const plain = await plainTo(port);
    const endpoint = await acceptor.accept();
    await new Promise((resolve) => plain.write("lost", resolve));
    plain.resetAndDestroy();
    await sleep(20);
    assertEquals(await endOf(endpoint), "reset");
    endpoint.close();
  },
  async "before anybody closes it, many times"(acceptor, port) {
    for (let i = 0; i < 50; i++) {
      const plain = await plainTo(port);
      const endpoint = await acceptor.accept();
      if (i % 2 === 0) void read(endpoint);
      if (i % 3 === 0) void write(endpoint, pattern(5_000_000));
      plain.resetAndDestroy();
      if (i % 5 === 0) await sleep(1);
      endpoint.close();
    }
  },
};

for (const [moment, happen] of Object.entries(MOMENTS)) {
  testShapes(`the peer resets ${moment}`, async (factory) => {
    const engine = factory.create({});
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    await happen(acceptor, port);
    await stillServes(engine, acceptor, port);
    await acceptor.shutdown();
    for (const endpoint of acceptor.left()) endpoint.close();
    await engine.shutdown();
  });
}

testShapes("the peer resets before it is accepted", async (factory) => {
  const engine = factory.create({});
  const acceptor = Acceptor.create(engine);
  const bound = await acceptor.bind(LOOPBACK);
  assert(bound.ok);
  const plains = await Promise.all(Array.from({ length: 10 }, () => plainTo(bound.value)));
  for (const plain of plains) plain.resetAndDestroy();
  await sleep(20);
  acceptor.start();
  for (let i = 0; i < 10; i++) {
    const endpoint = await acceptor.accept();
    assertEquals(await endOf(endpoint), "reset");
    endpoint.close();
  }
  await stillServes(engine, acceptor, bound.value);
  await acceptor.shutdown();
  await engine.shutdown();
});

testShapes("a server closes what it accepts at once", async (factory) => {
  const engine = factory.create({});
  const before = countDescriptors();
  const server = await PlainServer.listen();
  for (let i = 0; i < 20; i++) {
    const result = await new Promise<string>((resolve) =>
      engine.connect(server.address, {}, (made) => {
        if (!made.ok) return resolve(made.error.kind);
        const into = new SliceBuffer();
        const done = (error?: IoError) => {
          made.value.close();
          resolve(error?.kind ?? "bytes");
        };
        void server.accept().then((plain) => plain.destroy());
        if (made.value.read(into, done)) resolve("bytes at once");
      })
    );
    assert(result === "end-of-stream" || result === "reset", result);
  }
  await server.close();
  await engine.shutdown();
  await noMoreDescriptors(before);
});
