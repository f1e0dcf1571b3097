// A server by completion queues and a client of it, for tests.
import { assertEquals } from "@std/assert";
import {
  type AcceptedCall,
  Channel,
  type ChannelOptions,
  CompletionQueue,
  createClient,
  type MethodDescriptor,
  type MethodKind,
  QueueServer,
  type QueueServerOptions,
  RequestedCall,
  Server,
  type ServerOperation,
  type ServerOptions,
} from "pollwire";
import { useEngine } from "../../../surface/full/engines.ts";
import { queueCoreOf } from "../../../surface/queue/completion_queue.ts";
import "../../shared_engines.ts";
import { counted } from "../../counted_engine.ts";
import { meetingPlace, type Note, nothingLeft, Trial, type TrialClient } from "../serving.ts";
import { say } from "./queues.ts";

export const { one, down, up, both } = Trial.methods;

/** What a test works with. */
export interface QueueBench {
  readonly server: Server;
  readonly calls: QueueServer;
  readonly queue: CompletionQueue<unknown>;
  readonly channel: Channel;
  readonly client: TrialClient;
  readonly port: number;
  /** The next `count` events, in any order. */
  events(count: number): Promise<unknown[]>;
  /** Requests a call of `method`, and gives it when it has come. */
  accept<Req, Res>(
    method: MethodDescriptor<Req, unknown, MethodKind, unknown, Res>,
  ): Promise<RequestedCall<Req, Res>>;
  /** Starts a batch, and waits for its event, which must be the next; gives its success. */
  batch<Req, Res>(
    call: RequestedCall<Req, Res>,
    operations: ReadonlyArray<ServerOperation<Req, Res>>,
  ): Promise<boolean>;
}

/** How a test's server differs from the usual. */
export interface QueueBenchOptions {
  /** Before the start; by default all four methods are registered. */
  readonly setUp?: (calls: QueueServer, server: Server, queue: CompletionQueue<unknown>) => void;
  readonly queueServer?: QueueServerOptions;
  readonly server?: ServerOptions;
  readonly channel?: ChannelOptions;
}

export function registerAll(calls: QueueServer): void {
  for (const method of [one, down, up, both]) calls.registerMethod(method as MethodDescriptor<Note, Note>);
}

/** Runs `check`, shuts down, and drains the queue: then nothing may be left. */
export async function queueServing(
  check: (bench: QueueBench) => Promise<void>,
  options: QueueBenchOptions = {},
): Promise<void> {
  const use = useEngine(options.server?.poller);
  const accounts = counted(use.engine);
  const server = new Server({ ...options.server, poller: accounts.engine });
  const calls = new QueueServer(server, options.queueServer);
  const queue = new CompletionQueue<unknown>({ poller: accounts.engine });
  calls.registerCompletionQueue(queue);
  (options.setUp ?? registerAll)(calls, server, queue);
  const { at, reach } = meetingPlace("127.0.0.1");
  const port = await server.listen(at);
  const channel = new Channel(reach(port), { poller: accounts.engine, ...options.channel });
  const bench: QueueBench = {
    server,
    calls,
    queue,
    channel,
    port,
    client: createClient(Trial, channel),
    events: (count) => take(queue, count),
    async accept(method) {
      const wanted = new RequestedCall();
      calls.requestRegisteredCall(method as MethodDescriptor, wanted, { queue }, wanted);
      assertEquals(say(await next(queue)), [wanted, true]);
      return wanted as never;
    },
    async batch({ call }, operations) {
      const tag = {};
      (call as AcceptedCall<never, unknown>).startBatch(operations as [], tag);
      const event = await next(queue);
      assertEquals(event.tag, tag);
      return event.success;
    },
  };
  try {
    await check(bench);
  } finally {
    channel.close();
    server.close();
  }
  await server.shutdown();
  if (!isOver(queue)) calls.shutdownAndNotify(queue, "shut down");
  queue.shutdown();
  for await (const _ of queue) { /* what the test did not take */ }
  queue.destroy();
  calls.destroy();
  await nothingLeft(accounts);
  await use.end();
}

/** The next `count` events. */
export async function take(queue: CompletionQueue<unknown>, count: number): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let i = 0; i < count; i++) all.push(say(await next(queue)));
  return all;
}

/** The next event; a test that waits for longer than any should fails. */
export async function next(queue: CompletionQueue<unknown>) {
  const event = await queue.next(queue.deadlineIn(15_000));
  if (event.type === "QUEUE_TIMEOUT") throw new Error(`Nothing came: ${queue.describePending()}`);
  return event;
}

/** Whether the test has shut it down. */
function isOver(queue: CompletionQueue<unknown>): boolean {
  return queueCoreOf(queue).isOver;
}
