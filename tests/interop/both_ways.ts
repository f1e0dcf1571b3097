// Declares the interop tests between pollwire and a peer: our client with its server, and its client with ours.
import "../shared_engines.ts";
import { assertEquals } from "@std/assert";
import { Channel, Server } from "pollwire";
import { test } from "../harness.ts";
import { CASES, runCase } from "./cases.ts";
import { type Peer, type Results, runClient, withServer } from "./peers.ts";
import { handlers, TestService } from "./service.ts";
import { SMALL_SOAK } from "./soak.ts";

const NAMES = Object.keys(CASES);

/** Building, starting and all cases together; a case has less. */
const ALL_LIMIT_MS = 120_000;
const CASE_LIMIT_MS = 20_000;

/** One test a case and direction. The peer is started once a direction, by its first test, which runs every case. */
export function testBothWays(title: string, peer: Peer): void {
  const options = { timeoutMs: ALL_LIMIT_MS };
  if (peer.missing !== undefined) {
    return test(`interop: every case with ${title}, both ways`, () => {}, { skip: peer.missing });
  }
  const ours = once(() => withServer(peer, runOurClient));
  const theirs = once(() => withOurServer((port) => runClient(peer, port, NAMES)));
  for (const name of NAMES) {
    test(`interop: pollwire client, ${title} server: ${name}`, async () => {
      assertEquals((await ours()).get(name), "ok");
    }, options);
  }
  for (const name of NAMES) {
    test(`interop: ${title} client, pollwire server: ${name}`, async () => {
      assertEquals((await theirs()).get(name), "ok");
    }, options);
  }
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => running ??= run();
}

async function runOurClient(port: number): Promise<Results> {
  const results: Results = new Map();
  const connect = () => new Channel(`127.0.0.1:${port}`);
  for (const name of NAMES) {
    const { failure } = await runCase(name, connect, { soak: SMALL_SOAK, limitMs: CASE_LIMIT_MS });
    results.set(name, failure ?? "ok");
  }
  return results;
}

async function withOurServer(use: (port: number) => Promise<Results>): Promise<Results> {
  const server = new Server();
  server.addService(TestService, handlers);
  try {
    return await use(await server.listen("127.0.0.1:0"));
  } finally {
    await server.shutdown({ graceMs: 0 });
  }
}
