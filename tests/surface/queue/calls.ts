// A server whose one call the test drives, and calls to it over a queue.
import {
  type Channel,
  CompletionQueue,
  createCall,
  deadlineIn,
  receiveInitialMetadata,
  receiveStatusOnClient,
  RpcError,
  sendInitialMetadata,
  type ServerCall,
} from "pollwire";
import type { Call, CompletionEvent, StatusName } from "pollwire";
import { type BenchOptions, gate, type Note, serving, Trial } from "../serving.ts";

/** One call of the method Both, as the test drives it. */
export class Served {
  readonly received: Note[] = [];
  halfClosed = false;
  private readonly outgoing: Note[] = [];
  private ended: RpcError | "OK" | undefined = undefined;
  private wake: () => void = () => {};

  constructor(readonly call: ServerCall) {}

  respond(text: string): void {
    this.outgoing.push({ text });
    this.wake();
  }

  finish(code: StatusName = "OK", details = "", trailers: Record<string, string> = {}): void {
    for (const [name, value] of Object.entries(trailers)) this.call.trailers.append(name, value);
    this.ended = code === "OK" ? "OK" : new RpcError(code, details);
    this.wake();
  }

  async read(requests: AsyncIterable<Note>): Promise<void> {
    try {
      for await (const request of requests) this.received.push(request);
      this.halfClosed = true;
    } catch { /* the call is over */ }
  }

  async *responses(): AsyncGenerator<Note> {
    for (;;) {
      for (const note of this.outgoing.splice(0)) yield note;
      if (this.ended === "OK") return;
      if (this.ended !== undefined) throw this.ended;
      await new Promise<void>((resolve) => this.wake = resolve);
      this.wake = () => {};
    }
  }
}

/** What a test of calls works with. */
export interface Trials {
  readonly channel: Channel;
  readonly queue: CompletionQueue<string>;
  /** The next call that the server gets. */
  served(): Promise<Served>;
  /** A call of Both, with a deadline in so many milliseconds. */
  make(deadlineMs?: number): Call<Note, Note, string>;
  /** The next `count` events, by their tags. */
  events(count: number): Promise<Record<string, boolean>>;
  /** What comes of all that the server has sent so far: QUEUE_TIMEOUT, where nothing does. */
  none(): Promise<CompletionEvent<string>>;
}

/** What the server has sent so far is here when a call of a method that it does not serve has its status. */
async function roundTrip(channel: Channel): Promise<void> {
  const queue = new CompletionQueue();
  const call = createCall(channel, Trial.methods.one, { queue });
  call.startBatch([sendInitialMetadata(), receiveInitialMetadata(), receiveStatusOnClient()], 1);
  await queue.next();
  queue.destroy();
}

/** Runs `check` with a server and a queue; at the end the queue must be drained. */
export async function calling(
  check: (trials: Trials) => Promise<void>,
  options: BenchOptions = {},
): Promise<void> {
  const calls: Served[] = [];
  let arrived = gate();
  const both = (requests: AsyncIterable<Note>, call: ServerCall): AsyncIterable<Note> => {
    const served = new Served(call);
    void served.read(requests);
    calls.push(served);
    arrived.open();
    return served.responses();
  };
  await serving({ both }, async ({ channel }) => {
    const queue = new CompletionQueue<string>();
    await check({
      channel,
      queue,
      async served() {
        while (calls.length === 0) {
          arrived = gate();
          await arrived.opened;
        }
        return calls.shift()!;
      },
      make: (deadlineMs = 60_000) =>
        createCall(channel, Trial.methods.both, { queue, deadline: deadlineIn(deadlineMs) }),
      async events(count) {
        const events: Record<string, boolean> = {};
        for (let i = 0; i < count; i++) {
          const event = await queue.next(deadlineIn(15_000));
          if (event.type !== "OP_COMPLETE") throw new Error(`${event.type} after ${JSON.stringify(events)}`);
          events[event.tag] = event.success;
        }
        return events;
      },
      none: async () => {
        await roundTrip(channel);
        return await queue.next(deadlineIn(5));
      },
    });
    queue.destroy();
  }, options);
}
