// One fault in real time: a client calls a server ten times a second, and how long it takes until calls work again.
import process from "node:process";
import { Channel, createClient, insecure, type RpcError, statusName } from "pollwire";
import { readArguments } from "../../.ci/arguments.mjs";
import { Trial } from "../surface/serving.ts";
import { Namespace } from "./namespace.ts";
import { startServer } from "./start_server.ts";
import { StallingProxy } from "./stalling_proxy.ts";

const CALL_EVERY_MS = 100;
const DEADLINE_MS = 1_000;
const LIMIT_MS = 400_000;

const { name, poller, seconds, index, keepalive } = readArguments("One fault in real time.", {
  name: ["forgotten", "what happens", ["forgotten", "stalled", "dropped"]],
  poller: ["native", "what moves the bytes"],
  seconds: [30, "how long it lasts, where it ends"],
  index: [0, "number of the namespace"],
  keepalive: ["on", "10 s and 5 s", ["on", "off"]],
});

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Calls without end: when calls ended well, and how the others ended. */
class Caller {
  readonly statuses: Record<string, number> = {};
  lastOk = 0;
  private stopped = false;

  constructor(target: string) {
    const options = keepalive === "on" ? { keepalive: { timeMs: 10_000, timeoutMs: 5_000 } } : {};
    const channel = new Channel(target, { poller, credentials: insecure, ...options });
    void this.run(channel);
  }

  /** Resolves when a call that began at `since` or later has ended well, with the time it was. */
  async ok(since: number): Promise<number> {
    while (this.lastOk < since) {
      if (performance.now() - since > LIMIT_MS) return Infinity;
      await sleep(5);
    }
    return performance.now();
  }

  stop(): void {
    this.stopped = true;
  }

  private async run(channel: Channel): Promise<void> {
    const client = createClient(Trial, channel);
    while (!this.stopped) {
      const begin = performance.now();
      client.one({}, { deadlineMs: DEADLINE_MS }).then(
        () => this.lastOk = Math.max(this.lastOk, begin),
        ({ code }: RpcError) => {
          this.statuses[statusName(code)] = (this.statuses[statusName(code)] ?? 0) + 1;
        },
      );
      await sleep(CALL_EVERY_MS);
    }
    channel.close();
  }
}

/** Milliseconds until calls work: from the fault, where it does not end by itself, else from its end. */
async function measure(target: string, begin: () => void, end?: () => void): Promise<void> {
  const caller = new Caller(target);
  await caller.ok(performance.now() + 2_000);
  begin();
  let since = performance.now();
  if (end !== undefined) {
    await sleep(seconds * 1_000);
    end();
    since = performance.now();
  }
  const ms = Math.round(await caller.ok(since) - since);
  console.log(JSON.stringify({ ms, statuses: caller.statuses }));
  caller.stop();
}

const namespace = name === "dropped" ? new Namespace(index) : undefined;
const server = await startServer(poller, namespace);
const proxy = namespace === undefined ? await StallingProxy.open(server.port) : undefined;
try {
  if (namespace !== undefined) {
    await measure(`${namespace.host}:${server.port}`, () => namespace.drop(), () => namespace.heal());
  } else if (name === "forgotten") await measure(`127.0.0.1:${proxy!.port}`, () => proxy!.forget());
  else await measure(`127.0.0.1:${proxy!.port}`, () => proxy!.stall(), () => proxy!.resume());
} finally {
  proxy?.close();
  await server.end();
  namespace?.close();
}
process.exit(0);
