import { assert, assertEquals } from "@std/assert";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { errnoName } from "../../../pollers/ffi/linux_errno_table.ts";
import type { Endpoint, IoError, Listener } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { connect, LOOPBACK, readExactly, sleep, until, write } from "../promised.ts";
import { countDescriptors, epollEngine, noEpoll, noMoreDescriptors } from "../epoll/setup.ts";

const skip = noEpoll;

interface Heard {
  readonly accepted: Endpoint[];
  readonly paused: IoError[];
  readonly ended: Array<IoError | undefined>;
}

function listen(engine: EpollEngine): [Listener, Heard] {
  const heard: Heard = { accepted: [], paused: [], ended: [] };
  const listener = engine.listen(
    { onAcceptPaused: (error) => heard.paused.push(error) },
    (endpoint) => heard.accepted.push(endpoint),
    (error) => heard.ended.push(error),
  );
  return [listener, heard];
}

/** Has the next `times` accepts fail with `errno`; the connections stay where they are. */
function failAccepts(engine: EpollEngine, errno: number, times: number): () => number {
  const { sockets } = engine;
  const accept = sockets.accept.bind(sockets);
  let left = times;
  sockets.accept = (fd) => left > 0 ? (left--, -errno) : accept(fd);
  return () => left;
}

/** What the system says of one connection, and what of itself or for no known reason. */
const OF_ONE_CONNECTION = [4, 103, 71, 92, 112, 113, 100, 101, 64, 1];
const EXHAUSTED = [24, 23, 12, 105, 5];

for (const errno of [...OF_ONE_CONNECTION, ...EXHAUSTED]) {
  test(`accept fails with ${errnoName(errno)}: the listener goes on`, async () => {
    const engine = epollEngine();
    const [listener, heard] = listen(engine);
    const port = await listener.bind(LOOPBACK);
    assert(port.ok);
    listener.start();
    const to = { family: "ipv4", host: "127.0.0.1", port: port.value } as const;
    const clients: Endpoint[] = [];
    for (let round = 1; round <= 2; round++) {
      const left = failAccepts(engine, errno, 2);
      const client = await connect(engine, to);
      await until(() => heard.accepted.length === round, "the connection");
      assertEquals(left(), 0);
      assertEquals(heard.ended, []);
      // Once a pause, however often accepting fails while it lasts.
      const pauses = EXHAUSTED.includes(errno) ? round : 0;
      assertEquals(heard.paused.map(({ code }) => code), new Array(pauses).fill(errnoName(errno)));
      await write(client, "alive");
      assertEquals((await readExactly(heard.accepted[round - 1]!, 5)).length, 5);
      clients.push(client);
    }
    for (const endpoint of [...clients, ...heard.accepted]) endpoint.close();
    listener.shutdown();
    await until(() => heard.ended.length === 1, "the end");
    await engine.shutdown();
  }, { skip });
}

test('"::" is every IPv4 address where the system has no IPv6', async () => {
  const engine = epollEngine();
  const { sockets } = engine;
  const socket = sockets.socket.bind(sockets);
  sockets.socket = (address) => address.family === "ipv6" ? -97 : socket(address);
  const [listener, heard] = listen(engine);
  assert(!(await listener.bind({ family: "ipv6", host: "::1", port: 0 })).ok);
  const port = await listener.bind({ family: "ipv6", host: "::", port: 0 });
  assert(port.ok);
  listener.start();
  const client = await connect(engine, { family: "ipv4", host: "127.0.0.1", port: port.value });
  await until(() => heard.accepted.length === 1, "the connection");
  assertEquals(heard.accepted[0]!.local, client.peer);
  client.close();
  heard.accepted[0]!.close();
  listener.shutdown();
  await until(() => heard.ended.length === 1, "the end");
  await engine.shutdown();
}, { skip });

test("accept fails for good: the listener ends, and says why", async () => {
  const engine = epollEngine();
  const [listener, heard] = listen(engine);
  const port = await listener.bind(LOOPBACK);
  assert(port.ok);
  failAccepts(engine, 22, 1);
  listener.start();
  await until(() => heard.ended.length === 1, "the end");
  assertEquals([heard.ended[0]?.syscall, heard.ended[0]?.code], ["accept", "EINVAL"]);
  listener.shutdown();
  await engine.shutdown();
  assertEquals(heard.ended.length, 1);
}, { skip });

test(
  "a listener that is shut down while it rests before its first accept polls nobody else's descriptor",
  async () => {
    const engine = epollEngine();
    const [one, other] = await engine.pair(); // the engine is in use
    const before = countDescriptors();
    const [listener, heard] = listen(engine);
    const { table } = engine;
    const add = table.add.bind(table);
    let adds = 0;
    table.add = (fd, owner) => ++adds <= 2 ? -24 : add(fd, owner); // when it is bound, and when it begins
    assert((await listener.bind(LOOPBACK)).ok);
    listener.start();
    assertEquals(heard.paused.length, 1);
    listener.shutdown();
    await until(() => heard.ended.length === 1, "the end");
    const [mine, another] = await engine.pair(); // has the number that was the listener's
    const after = adds;
    await sleep(150);
    assertEquals(adds, after);
    for (const end of [one, other, mine, another]) end.close();
    await engine.shutdown();
    await noMoreDescriptors(before);
  },
  { skip },
);

test("an accepted connection that cannot be polled is closed, and the listener rests", async () => {
  const engine = epollEngine();
  const [listener, heard] = listen(engine);
  const port = await listener.bind(LOOPBACK);
  assert(port.ok);
  listener.start();
  await sleep(5);
  const to = { family: "ipv4", host: "127.0.0.1", port: port.value } as const;
  const adopt = engine.adoptSocket.bind(engine);
  let failed = 0;
  engine.adoptSocket = (fd, local, peer) => {
    if (failed++ > 0 || !("port" in peer) || peer.port === to.port) return adopt(fd, local, peer);
    engine.sockets.libc.close(fd);
    return -28; // the system's limit of watched descriptors
  };
  const plain = await new Promise<boolean>((resolve) =>
    engine.connect(to, {}, (result) => {
      if (result.ok) result.value.close();
      resolve(result.ok);
    })
  );
  assert(plain);
  await until(() => heard.paused.length === 1, "the pause");
  assertEquals(heard.paused[0]!.code, "ENOSPC");
  const client = await connect(engine, to);
  await until(() => heard.accepted.length === 1, "the next connection");
  client.close();
  heard.accepted[0]!.close();
  listener.shutdown();
  await until(() => heard.ended.length === 1, "the end");
  await engine.shutdown();
}, { skip });
