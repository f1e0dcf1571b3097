// Declares the interop tests between pollwire and a peer: our client with its server, and its client with ours.
import "../shared_engines.ts";
import { assertEquals } from "@std/assert";
import { type CallObserver, Channel, type ChannelOptions, Server, type ServerOptions } from "pollwire";
import { test } from "../harness.ts";
import { CASES, runCase } from "./cases.ts";
import { type Peer, type Results, runClient, withServer } from "./peers.ts";
import { handlers, TestService, watchCompression } from "./service.ts";
import { SMALL_SOAK } from "./soak.ts";

/** Building, starting and all cases together; a case has less. */
const ALL_LIMIT_MS = 120_000;
const CASE_LIMIT_MS = 20_000;
/** How fast calls are is not what these tests are about. */
const SOAK = { ...SMALL_SOAK, maxLatencyMs: CASE_LIMIT_MS };

/** How both sides of a test are made. */
export interface Sides {
  /** Of the cases; default: all. */
  readonly names: readonly string[];
  /** What the test's titles say of it, as " over TLS". */
  readonly how: string;
  /** What the peer gets beside its own arguments. */
  readonly flags: readonly string[];
  readonly server: ServerOptions;
  readonly channel: ChannelOptions;
  /** Which of the peer's sides compress what they send: of those some messages must come so. */
  readonly compresses?: readonly ("client" | "server")[];
  /** What our own side leaves behind, and why. */
  readonly leaves?: string;
}

const PLAIN: Sides = { names: Object.keys(CASES), how: "", flags: [], server: {}, channel: {} };

/** One test a case and direction. The peer is started once a direction, by its first test, which runs every case. */
export function testBothWays(title: string, peer: Peer, sides: Sides = PLAIN): void {
  const { names, how, flags, leaves, compresses = [] } = sides;
  const options = { timeoutMs: ALL_LIMIT_MS, ...(leaves === undefined ? {} : { leaves }) };
  if (peer.missing !== undefined) {
    return test(`interop: every case with ${title}, both ways${how}`, () => {}, { skip: peer.missing });
  }
  const ours = once(() => withServer(peer, (port) => runOurClient(port, sides), flags));
  const theirs = once(() => withOurServer(sides, (port) => runClient(peer, port, names, flags)));
  for (const name of names) {
    test(`interop: pollwire client, ${title} server${how}: ${name}`, async () => {
      assertEquals((await ours()).get(name), "ok");
    }, options);
  }
  if (compresses.includes("server")) {
    test(`interop: pollwire client, ${title} server${how}: responses come compressed`, async () => {
      assertEquals((await ours()).get(ARRIVED), "ok");
    }, options);
  }
  if (compresses.includes("client")) {
    test(`interop: ${title} client, pollwire server${how}: requests come compressed`, async () => {
      assertEquals((await theirs()).get(ARRIVED), "ok");
    }, options);
  }
  for (const name of names) {
    test(`interop: ${title} client, pollwire server${how}: ${name}`, async () => {
      assertEquals((await theirs()).get(name), "ok");
    }, options);
  }
}

/** Counts compressed messages. */
class Compressed implements CallObserver {
  private count = 0;
  onMessageReceived(_call: unknown, bytes: number, wireBytes: number): void {
    if (bytes !== wireBytes) this.count++;
  }
  get found(): string {
    return this.count > 0 ? "ok" : "none";
  }
}

/** What stands among the results where a peer's messages should be compressed. */
const ARRIVED = "compressed messages";

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => running ??= run();
}

async function runOurClient(port: number, { names, channel }: Sides): Promise<Results> {
  const results: Results = new Map();
  const compressed = new Compressed();
  const connect = () => {
    const made = new Channel(`127.0.0.1:${port}`, channel);
    made.observe(compressed);
    return made;
  };
  for (const name of names) {
    const { failure } = await runCase(name, connect, { soak: SOAK, limitMs: CASE_LIMIT_MS });
    results.set(name, failure ?? "ok");
  }
  return results.set(ARRIVED, compressed.found);
}

async function withOurServer(sides: Sides, use: (port: number) => Promise<Results>): Promise<Results> {
  const server = new Server(sides.server);
  server.addService(TestService, handlers);
  watchCompression(server);
  const compressed = new Compressed();
  server.observe(compressed);
  try {
    const results = await use(await server.listen("127.0.0.1:0"));
    return results.set(ARRIVED, compressed.found);
  } finally {
    await server.shutdown({ graceMs: 0 });
  }
}
