// How many objects a connection is made of that has served a call and is idle: what a server of many clients holds.
import { assert, assertEquals } from "@std/assert";
import type { Endpoint, EventEngine, IoDone, SliceBuffer, SocketAddress } from "../../../pollers/mod.ts";
import { Server } from "../../../surface/mod.ts";
import { concat } from "../../bytes.ts";
import { runtime, test } from "../../harness.ts";
import { sleep, until } from "../serving.ts";
import { Bench, data, END_STREAM, PREFACE, setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";

const CONNECTIONS = 200;

/** What the test found, 75 to 77, and some more: an object more a connection is a decision, not an accident. */
const MOST_OBJECTS = 90;

const FIELDS = [
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/some.Service/Method"],
  [":authority", "localhost"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
] as const;

/** An endpoint that holds as little as one can: what the test gives it is read, what is written is dropped. */
class QuietEndpoint implements Endpoint {
  written = 0;
  private into: SliceBuffer | undefined = undefined;
  private done: IoDone | undefined = undefined;

  constructor(
    private readonly engine: EventEngine,
    readonly local: SocketAddress,
    readonly peer: SocketAddress,
  ) {}

  read(into: SliceBuffer, done: IoDone): boolean {
    this.into = into;
    this.done = done;
    return false;
  }

  write(octets: SliceBuffer): boolean {
    this.written += octets.byteLength;
    octets.clear();
    return true;
  }

  close(): void {}

  /** Whether a read waits. */
  get isRead(): boolean {
    return this.done !== undefined;
  }

  arrive(octets: Uint8Array): void {
    const { into, done } = this;
    this.into = this.done = undefined;
    into!.append(octets);
    this.engine.execCtx.enter(done!, undefined);
  }
}

const skip = runtime === "bun" ? undefined : "only Bun counts the objects of its heap";

test(`an idle connection that has served a call is made of ${MOST_OBJECTS} objects at the most`, async () => {
  using server = new Server({ poller: "native" });
  let calls = 0;
  server.addGenericService(async function* (requests) {
    for await (const octets of requests) yield octets;
    calls++;
  });
  const { engine } = server;
  const at = { family: "ipv4", host: "127.0.0.1", port: 1 } as const;
  const headers = new Bench("client").headers(1, FIELDS);
  const message = data(1, Uint8Array.of(0, 0, 0, 0, 1, 7), END_STREAM);
  const begin = concat(PREFACE, setting(), SETTINGS_ACK, headers, message);
  const endpoints = Array.from({ length: 2 * CONNECTIONS }, () => new QuietEndpoint(engine, at, at));

  /** Serves a call on each, and counts the objects of the heap then. */
  const serve = async (from: number, to: number): Promise<number> => {
    const some = endpoints.slice(from, to);
    for (const endpoint of some) server.serveEndpoint(endpoint);
    await until(() => some.every((endpoint) => endpoint.isRead));
    for (const endpoint of some) endpoint.arrive(begin);
    await until(() => calls === to && server.describePending().includes("0 running calls"));
    await sleep(5); // what they answered is written when the turn of the loop ends
    return await objects();
  };
  const before = await serve(0, CONNECTIONS); // what the first ones need is no connection's
  const after = await serve(CONNECTIONS, 2 * CONNECTIONS);
  assertEquals(new Set(endpoints.map(({ written }) => written)).size, 1, "all were answered alike");
  const each = (after - before) / CONNECTIONS;
  assert(each > 10, `${each} objects: they were not counted`);
  assert(each <= MOST_OBJECTS, `${each} objects a connection`);
}, { skip });

/** Objects that are reachable. */
async function objects(): Promise<number> {
  const { heapStats } = await import("bun:jsc" as string) as {
    heapStats(): { readonly objectCount: number };
  };
  const { Bun } = globalThis as unknown as { readonly Bun: { gc(force: boolean): void } };
  for (let i = 0; i < 3; i++) Bun.gc(true);
  return heapStats().objectCount;
}
