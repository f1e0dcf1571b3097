// Call observers: what they see of a call on either side, in which order, and that they change nothing.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  type CallObserver,
  CompletionQueue,
  createCall,
  createQueueClient,
  type EndedCall,
  type ErrorContext,
  genericClient,
  type ObservedCall,
  RpcError,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
} from "pollwire";
import { test } from "../../harness.ts";
import {
  collect,
  echo,
  failure,
  gate,
  type Handlers,
  meetingInProcess,
  neverAnswering,
  serving,
  Trial,
  until,
} from "../serving.ts";

/** Writes down what it sees. */
class Seen implements Required<CallObserver> {
  readonly events: string[] = [];
  readonly calls = new Set<ObservedCall>();
  readonly ended: EndedCall[] = [];

  onCallBegin = (call: ObservedCall): void => this.add(call, `begin ${call.method}`);
  onAttempt = (call: ObservedCall): void => this.add(call, `attempt ${call.attempts}`);
  onInitialMetadata = (call: ObservedCall, metadata: Iterable<[string, unknown]>): void =>
    this.add(call, `metadata ${[...metadata].map(([name, value]) => `${name}=${value}`)}`);
  onMessageSent = (call: ObservedCall, bytes: number): void => this.add(call, `sent ${bytes}`);
  onMessageReceived = (call: ObservedCall, bytes: number): void => this.add(call, `received ${bytes}`);
  onCallEnd = (call: EndedCall): void => {
    this.ended.push(call);
    this.add(call, `end ${call.status} by ${call.endedBy}${call.details === "" ? "" : `: ${call.details}`}`);
  };

  private add(call: ObservedCall, event: string): void {
    this.calls.add(call);
    this.events.push(event);
  }
}

/** Observes both sides while `check` runs. */
async function observing(
  handlers: Handlers,
  check: (
    seen: { client: Seen; server: Seen },
    bench: Parameters<Parameters<typeof serving>[1]>[0],
  ) => Promise<void>,
): Promise<void> {
  await serving(handlers, async (bench) => {
    const seen = { client: new Seen(), server: new Seen() };
    bench.channel.observe(seen.client);
    bench.server.observe(seen.server);
    await check(seen, bench);
  });
}

test("observers see the events of a unary call, with sizes, on both sides", async () => {
  const handlers: Handlers = {
    one: (request, call) => {
      call.sendMetadata({ place: "here" });
      return request;
    },
  };
  await observing(handlers, async (seen, { client, port }) => {
    const startedAt = performance.now();
    await client.one({ text: "four" }, { metadata: { asked: "so" } });
    const tookMs = performance.now() - startedAt;
    assertEquals(seen.client.events, [
      "begin /trial.Trial/One",
      "attempt 1",
      "sent 6",
      "metadata place=here",
      "received 6",
      "end OK by remote",
    ]);
    await until(() => seen.server.ended.length === 1);
    assertEquals(seen.server.events, [
      "begin /trial.Trial/One",
      "received 6",
      "metadata place=here",
      "sent 6",
      "end OK by user",
    ]);
    for (const { calls } of Object.values(seen)) assertEquals(calls.size, 1, "one object for one call");
    const [atClient] = seen.client.ended, [atServer] = seen.server.ended;
    assertEquals([atClient!.side, atServer!.side], ["client", "server"]);
    assertEquals(atClient!.peer, `127.0.0.1:${port}`);
    assertMatch(atServer!.peer, /^127\.0\.0\.1:\d+$/);
    for (const call of [atClient!, atServer!]) {
      assertEquals([...call.metadata], [["asked", "so"]]);
      assert(call.durationMs >= 0 && call.durationMs <= tookMs + 1, `${call.durationMs} ms of ${tookMs}`);
      assertEquals([call.attempts, call.code], [1, 0]);
    }
  });
});

test("observers count the messages of streams", async () => {
  await observing(echo, async (seen, { client }) => {
    await collect(client.down({ number: 3 }));
    await client.up([{ number: 1 }, { number: 2 }]);
    await collect(client.both([{ number: 5 }]));
    await until(() => seen.server.ended.length === 3);
    const counts = ({ messagesSent, messagesReceived, bytesSent, bytesReceived }: EndedCall) => [
      [messagesSent, messagesReceived],
      [bytesSent, bytesReceived],
    ];
    assertEquals(seen.client.ended.map(counts), [[[1, 3], [2, 6]], [[2, 1], [4, 2]], [[1, 1], [2, 2]]]);
    assertEquals(seen.server.ended.map(counts), [[[3, 1], [6, 2]], [[1, 2], [2, 4]], [[1, 1], [2, 2]]]);
  });
});

test("observers count messages that a queue's call was given before it began, or with its beginning", async () => {
  const { down, both } = Trial.methods;
  await observing(echo, async (seen, { channel }) => {
    const queue = new CompletionQueue<string>();
    const events = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await queue.next();
    };
    const client = createQueueClient(Trial, channel, queue);
    client.asyncDown({ number: 1 }, "start").finish("status");
    await events(1);
    const chat = client.asyncBoth("none", { corked: true });
    chat.write({ number: 2 }, "write");
    chat.writesDone("done");
    await events(2);
    const call = createCall(channel, both, { queue });
    call.startBatch([sendMessage({ number: 3 })], "early");
    call.startBatch([sendInitialMetadata(), sendCloseFromClient()], "start");
    await events(2);
    const whole = createCall(channel, down, { queue });
    whole.startBatch([sendInitialMetadata(), sendMessage({ number: 4 }), sendCloseFromClient()], "all");
    await events(1);
    const counts = [...seen.client.calls].map(({ messagesSent, bytesSent }) => [messagesSent, bytesSent]);
    assertEquals(counts, [[1, 2], [1, 2], [1, 2], [1, 2]]);
    for (const one of [chat, call, whole]) one.cancel();
    queue.shutdown();
  });
});

test("observers are told who ended a call: its handler, its caller, a limit, a deadline, or nobody served it", async () => {
  const state = { started: 0, aborted: 0 };
  const handlers: Handlers = {
    ...neverAnswering(state),
    down: () => {
      throw new RpcError("NOT_FOUND", "none");
    },
  };
  await observing(handlers, async (seen, { client, channel }) => {
    await failure(collect(client.down({})));
    const cancel = new AbortController();
    const cancelled = failure(client.one({}, { signal: cancel.signal }));
    await until(() => state.started === 1);
    cancel.abort();
    await cancelled;
    await failure(genericClient(channel).unary("/trial.Trial/One", new Uint8Array([255])));
    await failure(client.up([]));
    await until(() => seen.server.ended.length === 4);
    const ends = (calls: EndedCall[]) => calls.map(({ status, endedBy }) => `${status} by ${endedBy}`).sort();
    assertEquals(ends(seen.client.ended), [
      "CANCELLED by user",
      "INTERNAL by remote",
      "NOT_FOUND by remote",
      "UNIMPLEMENTED by remote",
    ]);
    assertEquals(ends(seen.server.ended), [
      "CANCELLED by remote",
      "INTERNAL by library",
      "NOT_FOUND by user",
      "UNIMPLEMENTED by library",
    ]);
    assertEquals(
      seen.server.ended.find(({ code }) => code === 12)!.details,
      "unknown method /trial.Trial/Up",
    );
    await failure(client.one({}, { deadlineMs: 30 }));
    assertEquals(ends(seen.client.ended.slice(4)), ["DEADLINE_EXCEEDED by library"]);
  });
});

/** Octets that are received and sent at most. */
const MOST_BYTES = 100;

async function seesLimits(compression: "identity" | "gzip"): Promise<void> {
  const read: unknown[] = [];
  const begun = gate();
  const body = crypto.getRandomValues(new Uint8Array(2 * MOST_BYTES));
  const handlers: Handlers = {
    one: () => ({ body }),
    up: async (notes, { signal }) => {
      begun.open();
      await collect(notes).catch((error) => read.push(error.code));
      read.push((signal.reason as RpcError).code);
      return {};
    },
  };
  async function* notes() {
    yield {};
    await begun.opened;
    yield { body };
  }
  const limits = { maxReceiveMessageBytes: MOST_BYTES, maxSendMessageBytes: MOST_BYTES };
  await serving(handlers, async ({ client, server }) => {
    const seen = new Seen();
    server.observe(seen);
    const errors = [await failure(client.one({})), await failure(client.up(notes()))];
    await until(() => seen.ended.length === 2 && read.length === 2);
    const ended = seen.ended.map(({ code, details, endedBy }) => [code, details, endedBy]);
    assertEquals(ended, errors.map(({ code, details }) => [code, details, "library"]));
    assertEquals([errors[0]!.code, ...read], [8, 8, 8]);
  }, { server: limits, channel: { compression } });
}

test("observers of a server, and its handlers, see the status that the client gets for what is beyond a limit", async () => {
  await seesLimits("identity");
  await seesLimits("gzip");
  await meetingInProcess(() => seesLimits("identity"));
});

test("what observers throw, or reject with, is reported, and changes no call", async () => {
  for (const isAsync of [false, true]) {
    const reports: Array<[unknown, ErrorContext]> = [];
    const onError = (error: unknown, context: ErrorContext) => void reports.push([error, context]);
    const fails = (): never => {
      throw new Error("of an observer");
    };
    const one = isAsync ? () => Promise.resolve().then(fails) : fails;
    const observer: CallObserver = {
      onCallBegin: one,
      onAttempt: one,
      onInitialMetadata: one,
      onMessageSent: one,
      onMessageReceived: one,
      onCallEnd: one,
    };
    await serving(echo, async ({ client, channel, server }) => {
      channel.observe(observer);
      server.observe(observer);
      assertEquals((await client.one({ text: "a" })).text, "a");
      await until(() => reports.length === 10);
      for (const [error, { where, level, method }] of reports) {
        assertEquals([`${error}`, where, level], ["Error: of an observer", "observer", "error"]);
        assertEquals(method, "/trial.Trial/One");
      }
    }, { server: { onError }, channel: { onError } });
  }
});

test("an observer may end the call that it sees", async () => {
  for (const event of ["onAttempt", "onMessageSent", "onInitialMetadata", "onMessageReceived"] as const) {
    await serving(echo, async ({ client, channel }) => {
      const cancel = new AbortController();
      const ends: string[] = [];
      channel.observe({
        [event]: () => cancel.abort(),
        onCallEnd: ({ status }: EndedCall) => void ends.push(status),
      });
      const { signal } = cancel;
      const calls = [client.one({}, { signal }), collect(client.both([{ number: 1 }], { signal }))];
      for (const error of await Promise.all(calls.map(failure))) assertEquals(error.code, 1);
      assertEquals(ends, ["CANCELLED", "CANCELLED"]);
    });
  }
});

test("an observer that was removed sees no further calls, and what is none is refused", async () => {
  await serving(echo, async ({ client, channel, server }) => {
    const begun: string[] = [];
    const stop = [channel, server].map((one) =>
      one.observe({ onCallBegin: ({ side }) => void begun.push(side) })
    );
    channel.observe({});
    await client.one({});
    for (const one of stop) one();
    await client.one({});
    assertEquals(begun, ["client", "server"]);
    assertThrows(() => channel.observe({ onEnd() {} } as never), TypeError, '"onEnd"');
    assertThrows(() => server.observe({ onCallEnd: 1 } as never), TypeError, "onCallEnd is the number 1");
    assertThrows(() => server.observe(null as never), TypeError, "Cannot observe a server");
  });
});
