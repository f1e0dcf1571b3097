import { assert, assertEquals, assertLess } from "@std/assert";
import process from "node:process";
import type { Endpoint, EventEngine, SocketAddress } from "../../../pollers/mod.ts";
import { IoError } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { Acceptor, connect, LOOPBACK, read, until, write } from "../promised.ts";
import {
  countDescriptors,
  countSets,
  countThreads,
  epollEngine,
  noEpoll,
  noMoreDescriptors,
  testShapes,
} from "./setup.ts";

const ROUND = 250;
const ROUNDS = 40;

/** Well below what a slab, a buffer or an endpoint left behind by each connection would come to. */
const ALLOWED_BYTES = 60_000_000;

/** Opens a round of connections, uses each, and closes them in different states. */
async function churn(engine: EventEngine, to: SocketAddress, acceptor: Acceptor): Promise<void> {
  const clients = await Promise.all(Array.from({ length: ROUND }, () => connect(engine, to)));
  const servers: Endpoint[] = [];
  for (let i = 0; i < ROUND; i++) servers.push(await acceptor.accept());
  await Promise.all(clients.map((client) => write(client, "hello")));
  const heard = await Promise.all(servers.map((server) => read(server)));
  assert(heard.every((bytes) => bytes instanceof Uint8Array && bytes.length === 5));
  const pending = servers.filter((_, i) => i % 2 === 0).map((server) => read(server));
  clients.forEach((client, i) => {
    if (i % 3 === 0) void read(client);
    client.close();
  });
  for (const end of await Promise.all(pending)) assert(end instanceof IoError);
  for (const server of servers) server.close();
}

testShapes("10,000 connections leave no descriptor, thread, slot or memory", async (_, options) => {
  const engine = epollEngine(options);
  const [tcp, port] = await Acceptor.listen(engine, LOOPBACK);
  const name = `pollwire-churn-${process.pid}-${Object.keys(options).length}`;
  const unix: SocketAddress = { family: "unix-abstract", name };
  const [local] = await Acceptor.listen(engine, unix);
  // Few over TCP: each of these keeps its port for a minute.
  const round = (i: number) =>
    i % 8 === 0
      ? churn(engine, { family: "ipv4", host: "127.0.0.1", port }, tcp)
      : churn(engine, unix, local);
  for (let i = 0; i < 4; i++) await round(i);
  const before = {
    descriptors: countDescriptors(),
    threads: countThreads(),
    bytes: process.memoryUsage().rss,
    slots: slots(engine),
  };
  for (let i = 4; i < ROUNDS; i++) await round(i);
  assertEquals(engine.opened.size, 2);
  assertEquals(slots(engine), before.slots);
  await noMoreDescriptors(before.descriptors);
  assertLess(countThreads(), before.threads + 8);
  assertLess(process.memoryUsage().rss - before.bytes, ALLOWED_BYTES);
  await Promise.all([tcp.shutdown(), local.shutdown()]);
  await engine.shutdown();
}, { timeoutMs: 60_000 });

function slots(engine: ReturnType<typeof epollEngine>): number {
  return (engine.table as unknown as { handles: unknown[] }).handles.length;
}

test("engines made, used and shut down leave no descriptor and no thread", async () => {
  const use = async (): Promise<void> => {
    const engine = epollEngine();
    const [one, other] = await engine.pair();
    const reading = read(one);
    await write(other, "x");
    await reading;
    one.close();
    other.close();
    await engine.shutdown();
  };
  for (let i = 0; i < 3; i++) await use();
  const [descriptors, sets, threads] = [countDescriptors(), countSets(), countThreads()];
  const rounds = 15;
  for (let i = 0; i < rounds; i++) await use();
  // The runtime itself may begin a few threads.
  await until(() => countThreads() < threads + rounds, "the end of the threads");
  await until(() => countSets() < sets + rounds, "the end of their sets");
  await noMoreDescriptors(descriptors);
}, { skip: noEpoll });
