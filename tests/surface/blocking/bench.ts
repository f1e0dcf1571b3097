// What the tests of calls that block share: a server on another thread, and every way to block that this machine has.
import {
  Channel,
  type ChannelOptions,
  createSyncClient,
  describePollers,
  RpcError,
  selectPoller,
  type SyncClient,
  type TlsServerOptions,
} from "pollwire";
import type { EngineOptions, EventEngine } from "../../../pollers/mod.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { test } from "../../harness.ts";
import { Trial } from "../serving.ts";

/** A client that blocks, and what it stands on. */
export interface SyncBench {
  readonly client: SyncClient<typeof Trial>;
  readonly channel: Channel;
  readonly engine: EventEngine;
  readonly port: number;
}

/** A server on a thread of its own. */
export class ServingThread {
  private readonly thread: Thread;
  readonly port: Promise<number>;

  constructor(host = "127.0.0.1", secured?: TlsServerOptions) {
    let listening!: (port: number) => void;
    this.port = new Promise((resolve) => listening = resolve);
    this.thread = new Thread(new URL("./serving_thread.ts", import.meta.url), { host, secured }, (port) => {
      listening(port as number);
    });
  }

  /** The process may end while it runs. */
  unref(): void {
    this.thread.unref();
  }

  /** Ends it. */
  async end(): Promise<void> {
    this.thread.post("end");
    await this.thread.ended;
  }
}

let shared: ServingThread;

/** Starts the server of all that {@linkcode blocking} declares; before the first of them, or it would count as its. */
export async function startSharedServer(): Promise<void> {
  shared = new ServingThread();
  await shared.port;
  shared.unref();
}

/** Declares the last test of the file. */
export function endSharedServer(): void {
  test("the server of all these tests ends", () => shared.end(), { leaves: "it was started before them" });
}

/** Pollers in which a thread can wait, in both shapes. */
export const LOCAL_WAYS: ReadonlyArray<readonly [poller: string, options: EngineOptions]> = describePollers()
  .filter(({ name, usable }) => usable && !["native", "node", "simulated"].includes(name))
  .flatMap(({ name }): Array<[string, EngineOptions]> => [[name, {}], [name, { ownThread: true }]]);

/**
 * Those, and those where a helper thread makes the calls: on the runtime's own sockets whichever poller is chosen, so they
 * are tried once, where none of the others is.
 */
export const ALL_WAYS: typeof LOCAL_WAYS = LOCAL_WAYS.some(([name]) => name === selectPoller().name)
  ? LOCAL_WAYS
  : [...LOCAL_WAYS, ["native", {}]];

/** Declares a test for each of `ways`. */
export function blocking(
  ways: typeof LOCAL_WAYS,
  name: string,
  body: (bench: SyncBench) => Promise<void> | void,
  options: ChannelOptions = {},
): void {
  if (ways.length === 0) test(name, () => {}, { skip: "no poller of this machine can be waited in" });
  for (const [poller, engineOptions] of ways) {
    test(`${poller}${engineOptions.ownThread ? ", own thread" : ""}: ${name}`, async () => {
      const port = await shared.port;
      const engine = selectPoller(poller).create(engineOptions);
      const channel = new Channel(`127.0.0.1:${port}`, { poller: engine, ...options });
      try {
        await body({ client: createSyncClient(Trial, channel), channel, engine, port });
      } finally {
        await channel[Symbol.asyncDispose]();
        await new Promise<void>((resolve) => engine.onceIdle(resolve));
        await engine.shutdown();
      }
    });
  }
}

/** The RpcError that `call` throws. */
export function thrown(call: () => unknown): RpcError {
  try {
    call();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error("Nothing was thrown");
}
