// Batches on a server's call, by the numbers of their rules. `server_oracle_test.ts` runs such batches on gRPC's core.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CallError,
  type CallErrorCode,
  Channel,
  CompletionQueue,
  createClient,
  genericClient,
  Metadata,
  OpFlags,
  receiveCloseOnServer,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  RequestedCall,
  RpcError,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
} from "pollwire";
import { test } from "../../harness.ts";
import { CHUNK, collect, failure, gate, type Note, Trial, until } from "../serving.ts";
import { say } from "./queues.ts";
import { both, down, next, one, type QueueBench, queueServing, up } from "./server_calls.ts";

/** Resolves when all is there that the client has sent: another call, which it makes then, has come. */
async function caughtUp({ accept, client, batch }: QueueBench): Promise<void> {
  const answer = failure(client.one({}));
  const later = await accept(one);
  assert(await batch(later, [sendInitialMetadata(), sendStatusFromServer("ABORTED")]));
  assertEquals((await answer).code, 10);
}

function refuses(code: CallErrorCode, start: () => void, words: string): void {
  assertEquals(assertThrows(start, CallError, words).code, code);
}

test("server batch: [Q27] [Q30] one event in the queue that the call was bound to, when all of the batch is done", async () => {
  const bound = new CompletionQueue<unknown>();
  await queueServing(async ({ calls, queue, client }) => {
    const wanted = new RequestedCall<Note, Note>();
    calls.requestRegisteredCall(up, wanted, { queue: bound, notificationQueue: queue }, "there");
    const { opened, open } = gate();
    const answer = client.up((async function* () {
      await opened;
      yield { number: 1 };
    })());
    assertEquals(say(await next(queue)), ["there", true]);
    const [first, close] = [receiveMessage<Note>(), receiveCloseOnServer()];
    wanted.call!.startBatch([sendInitialMetadata({ a: "b" }), first], "both");
    wanted.call!.startBatch([close], "close");
    assertEquals((await bound.next(bound.deadlineIn(60))).type, "QUEUE_TIMEOUT"); // the message has not come
    assert(
      bound.describePending().includes(
        "batch of /trial.Trial/Up (server): SEND_INITIAL_METADATA (done), RECV_MESSAGE",
      ),
    );
    open();
    assertEquals([say(await next(bound)), first.message?.number], [["both", true], 1]);
    wanted.call!.startBatch([sendMessage({ number: 2 }), sendStatusFromServer()], "status");
    assertEquals((await answer).number, 2);
    const events = [say(await next(bound)), say(await next(bound))].sort();
    assertEquals([events, close.cancelled], [[["close", true], ["status", true]], false]);
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
  });
  bound.shutdown();
  bound.destroy();
});

test("server batch: [Q32] operations of clients are NOT_ON_SERVER, and change nothing", async () => {
  await queueServing(async ({ accept, client, batch, queue }) => {
    const answer = client.one({});
    const wanted = await accept(one);
    for (const operation of [sendCloseFromClient(), receiveInitialMetadata(), receiveStatusOnClient()]) {
      refuses(
        "NOT_ON_SERVER",
        () => wanted.call!.startBatch([sendMessage({}), operation as never], 1),
        `Cannot start ${operation.type} on /trial.Trial/One (server): it is an operation of clients`,
      );
    }
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    assert(await batch(wanted, [sendMessage({}), sendStatusFromServer()]));
    await answer;
  });
});

test("server batch: [Q33] initial metadata, status and close once a call, also when the first is done", async () => {
  await queueServing(async ({ accept, client, batch }) => {
    const answer = client.one({});
    const wanted = await accept(one);
    const again = (operation: ReturnType<typeof sendInitialMetadata | typeof sendStatusFromServer>) =>
      refuses("TOO_MANY_OPERATIONS", () => wanted.call!.startBatch([operation], 1), "a call has it once");
    assert(await batch(wanted, [sendInitialMetadata()]));
    again(sendInitialMetadata());
    assert(await batch(wanted, [sendMessage({}), sendStatusFromServer()]));
    again(sendStatusFromServer());
    assert(await batch(wanted, [receiveCloseOnServer()]));
    again(receiveCloseOnServer() as never);
    again(sendStatusFromServer());
    await answer;
  });
});

test("server batch: [Q33] initial metadata went out, empty, with a message that came first", async () => {
  await queueServing(async ({ accept, client, batch }) => {
    const answer = client.one({});
    const wanted = await accept(one);
    assert(await batch(wanted, [sendMessage({})]));
    refuses(
      "ERROR",
      () => wanted.call!.startBatch([sendInitialMetadata({ a: "b" })], 1),
      "it was sent, empty, with the first message",
    );
    assert(await batch(wanted, [sendStatusFromServer()]));
    await answer;
  });
});

test("server batch: [Q34] one message is received at a time, and one sent, beside each other", async () => {
  await queueServing(async ({ accept, client, batch, queue }) => {
    const requests = gate();
    const answers = collect(client.both((async function* () {
      await requests.opened;
      yield { number: 1 };
    })()));
    const wanted = await accept(both);
    const first = receiveMessage<Note>();
    wanted.call!.startBatch([first], "first");
    refuses(
      "TOO_MANY_OPERATIONS",
      () => wanted.call!.startBatch([receiveMessage()], 1),
      "Cannot start RECV_MESSAGE on /trial.Trial/Both (server): the one before is not done",
    );
    assert(await batch(wanted, [sendMessage({ number: 5 })]));
    requests.open();
    assertEquals([say(await next(queue)), first.message?.number], [["first", true], 1]);
    const end = receiveMessage<Note>();
    assert(await batch(wanted, [end]));
    assertEquals(end.message, undefined);
    assert(await batch(wanted, [sendStatusFromServer()]));
    assertEquals((await answers).map(({ number }) => number), [5]);
  });
});

test("server batch: [Q35] the status cannot be in one batch with RECV_MESSAGE or RECV_CLOSE_ON_SERVER", async () => {
  await queueServing(async ({ accept, client, batch }) => {
    const answer = failure(client.up([]));
    const wanted = await accept(up);
    for (const other of [receiveMessage<Note>(), receiveCloseOnServer()]) {
      refuses(
        "ERROR",
        () => wanted.call!.startBatch([sendStatusFromServer(), other], 1),
        "Cannot start SEND_STATUS_FROM_SERVER on /trial.Trial/Up (server): it cannot be in one batch",
      );
    }
    assert(await batch(wanted, [sendStatusFromServer("ABORTED", "no")]));
    assertEquals((await answer).message, "ABORTED: no");
  });
});

test("server batch: [Q36] messages, metadata, flags and codes that cannot be sent are refused, and nothing has changed", async () => {
  await queueServing(async ({ accept, client, batch, queue }) => {
    const answer = client.one({});
    const wanted = await accept(one);
    const start = (operation: Parameters<NonNullable<typeof wanted.call>["startBatch"]>[0][number]) => () =>
      wanted.call!.startBatch([operation], 1);
    const cannot = (what: string) => `Cannot start ${what} on /trial.Trial/One (server): `;
    refuses(
      "INVALID_MESSAGE",
      start(sendMessage(undefined as never)),
      `${cannot("SEND_MESSAGE")}there is no message`,
    );
    refuses("INVALID_MESSAGE", start(sendMessage({ number: "x" } as never)), cannot("SEND_MESSAGE"));
    refuses("INVALID_METADATA", start(sendInitialMetadata({ "a b": "c" })), cannot("SEND_INITIAL_METADATA"));
    refuses(
      "INVALID_METADATA",
      start(sendStatusFromServer(0, "", { a: 1 as never })),
      cannot("SEND_STATUS_FROM_SERVER"),
    );
    refuses("INVALID_FLAGS", start(receiveCloseOnServer(1)), cannot("RECV_CLOSE_ON_SERVER"));
    refuses(
      "ERROR",
      start(sendStatusFromServer(17 as never)),
      `${cannot("SEND_STATUS_FROM_SERVER")}17 is no status`,
    );
    refuses("ERROR", start(sendStatusFromServer("GREAT" as never)), "GREAT is no status");
    refuses("ERROR", start(sendStatusFromServer(5, 5 as never)), "its details are the number 5");
    refuses("ERROR", () => wanted.call!.startBatch([{} as never], 1), "an object is no operation");
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    assert(await batch(wanted, [sendMessage({ text: "fine" }), sendStatusFromServer("OK")]));
    assertEquals((await answer).text, "fine");
  });
});

test("server batch: [Q29] an empty batch is done at once, also when the call is over", async () => {
  await queueServing(async ({ accept, client, batch }) => {
    const answer = client.one({});
    const wanted = await accept(one);
    assert(await batch(wanted, []));
    assert(await batch(wanted, [sendMessage({}), sendStatusFromServer()]));
    await answer;
    assert(await batch(wanted, []));
  });
});

test("server batch: server.describePending() says which operations of which call are outstanding", async () => {
  await queueServing(async ({ accept, client, server, queue, batch }) => {
    const answers = collect(client.both([]));
    const wanted = await accept(both);
    const described = () => server.describePending().split("\n  ").slice(1);
    const of = (what: string) =>
      assert(described().includes(`call /trial.Trial/Both${what}`), described().join("\n"));
    of(": no operation is outstanding");
    wanted.call!.startBatch([receiveCloseOnServer()], "close");
    of(": RECV_CLOSE_ON_SERVER");
    assert(await batch(wanted, [sendMessage({ number: 1 })]));
    wanted.call!.startBatch([sendStatusFromServer()], "status");
    await answers;
    await next(queue);
    await next(queue);
    assertEquals(described(), []);
    const abort = new AbortController();
    const cancelled = failure(collect(client.both(never(), { signal: abort.signal })));
    const left = await accept(both);
    abort.abort();
    await cancelled;
    await until(() => left.call!.failedBeforeRecvMessage);
    of(", cancelled: no operation is outstanding");
    assert(!await batch(left, [sendStatusFromServer()]));
    assertEquals(described(), []);
  });
});

test("server batch: metadata, messages, status and trailers arrive as they were sent", async () => {
  await queueServing(async ({ accept, client, batch }) => {
    let headers = new Metadata();
    let trailers = new Metadata();
    const answers = collect(client.down({ number: 1 }, {
      metadata: { sent: "yes" },
      onHeaders: (metadata) => void (headers = metadata),
      onTrailers: (metadata) => void (trailers = metadata),
    })).then(() => "OK", (error: unknown) => String(error));
    const wanted = await accept(down);
    assertEquals([wanted.metadata?.get("sent"), wanted.message?.number], ["yes", 1]);
    const initial = new Metadata({ initial: "1" });
    assert(
      await batch(wanted, [sendInitialMetadata(initial), sendMessage({ number: 1 }, OpFlags.BUFFER_HINT)]),
    );
    assert(await batch(wanted, [sendMessage({ number: 2 }, OpFlags.THROUGH)]));
    assert(await batch(wanted, [sendStatusFromServer("NOT_FOUND", "the end", { trailing: "2" })]));
    assertEquals(await answers, "RpcError: NOT_FOUND: the end");
    assertEquals([headers.get("initial"), trailers.get("trailing")], ["1", "2"]);
  });
});

test("server batch: [Q44] a message that flow control does not accept is pending until it does", async () => {
  await queueServing(async ({ accept, client, queue }) => {
    const responses = client.down({ number: 1 });
    const first = responses.next();
    const wanted = await accept(down);
    const message = { body: new Uint8Array(CHUNK) };
    let sent = 0;
    for (;; sent++) { // nobody reads: soon one is not accepted
      wanted.call!.startBatch([sendMessage(message)], sent);
      const event = queue.tryNext();
      if (event.type === "QUEUE_TIMEOUT") break;
      assertEquals(say(event), [sent, true]);
    }
    assert(sent > 0);
    assert(
      queue.describePending().includes(`tag ${sent}: batch of /trial.Trial/Down (server): SEND_MESSAGE`),
    );
    await first;
    const rest = collect(responses);
    assertEquals(say(await next(queue)), [sent, true]);
    wanted.call!.startBatch([sendStatusFromServer()], "status");
    assertEquals(say(await next(queue)), ["status", true]);
    assertEquals((await rest).length, sent);
  });
});

test("server batch: [Q38] BUFFER_HINT: messages wait for one without, and for the status; THROUGH comes once it is written", async () => {
  await queueServing(async ({ accept, batch, queue, client }) => {
    const responses = client.down({});
    const texts: Array<string | undefined> = [];
    const reading = (async () => {
      for await (const { text } of responses) texts.push(text);
    })();
    const call = await accept(down);
    for (const text of ["a", "b"]) {
      call.call.startBatch([sendMessage<Note>({ text }, OpFlags.BUFFER_HINT)], text);
      assertEquals(say(queue.tryNext()), [text, true]);
    }
    await failure(client.one({}, { deadlineMs: 30 })); // what was sent before has come by then
    assertEquals(texts, []);
    call.call.startBatch([sendMessage<Note>({ text: "c" }, OpFlags.THROUGH)], "c");
    assertEquals(say(queue.tryNext()), ["QUEUE_TIMEOUT"]);
    assertEquals(say(await next(queue)), ["c", true]);
    await until(() => texts.length === 3);
    assert(await batch(call, [sendMessage<Note>({ text: "d" }, OpFlags.BUFFER_HINT)]));
    assert(await batch(call, [sendStatusFromServer()]));
    await reading;
    assertEquals(texts, ["a", "b", "c", "d"]);
  });
});

test("server batch: [Q45] [Q49] [Q52] cancelled by the client: reads end with success, sends fail, RECV_CLOSE says so", async () => {
  await queueServing(async ({ accept, client, batch, queue }) => {
    const abort = new AbortController();
    const answer = failure(collect(client.both(never(), { signal: abort.signal })));
    const wanted = await accept(both);
    const [message, close] = [receiveMessage<Note>(), receiveCloseOnServer()];
    wanted.call!.startBatch([close], "close");
    wanted.call!.startBatch([message], "message");
    assert(!wanted.call!.failedBeforeRecvMessage);
    abort.abort();
    assertEquals((await answer).code, 1);
    const events = [say(await next(queue)), say(await next(queue))].sort();
    assertEquals(events, [["close", true], ["message", true]]);
    assertEquals([message.message, close.cancelled], [undefined, true]);
    assert(wanted.call!.failedBeforeRecvMessage);
    assert(!await batch(wanted, [sendInitialMetadata()]));
    assert(!await batch(wanted, [sendMessage({})]));
    assert(!await batch(wanted, [sendStatusFromServer()]));
    const late = receiveMessage<Note>();
    assert(!await batch(wanted, [late]));
    assertEquals(late.message, undefined);
  });
});

test("server batch: [Q45] a message that is pending when the call is cancelled fails", async () => {
  await queueServing(async ({ accept, client, queue }) => {
    const abort = new AbortController();
    const responses = client.down({ number: 1 }, { signal: abort.signal });
    const first = responses.next().catch((error: unknown) => error);
    const wanted = await accept(down);
    for (let sent = 0;; sent++) {
      wanted.call!.startBatch([sendMessage({ body: new Uint8Array(CHUNK) })], sent);
      if (queue.tryNext().type === "QUEUE_TIMEOUT") break;
    }
    abort.abort();
    await first;
    assertEquals((await next(queue)).success, false);
    await assertRejects(() => collect(responses), RpcError);
  });
});

test("server batch: [Q52] the deadline and a lost connection are `cancelled`, a status other than OK is not", async () => {
  await queueServing(async ({ accept, client, batch, queue, port }) => {
    const close = () => receiveCloseOnServer();
    const late = failure(client.one({}, { deadlineMs: 500 }));
    const overdue = await accept(one);
    const first = close();
    overdue.call!.startBatch([first], "overdue");
    assertEquals([say(await next(queue)), first.cancelled], [["overdue", true], true]);
    assertEquals((await late).code, 4);

    const other = new Channel(`127.0.0.1:${port}`, { shareConnections: false });
    const gone = failure(createClient(Trial, other).one({}));
    const lost = await accept(one);
    const second = close();
    lost.call!.startBatch([second], "lost");
    other.close();
    await gone;
    assertEquals([say(await next(queue)), second.cancelled], [["lost", true], true]);

    const answer = failure(client.one({}));
    const refused = await accept(one);
    const third = close();
    refused.call!.startBatch([third], "refused");
    assert(await batchOfTwo(refused, queue));
    assertEquals([third.cancelled, (await answer).code], [false, 1]);
    assert(!await batch(overdue, [sendStatusFromServer()]));
  });
});

test("server batch: [Q52] what the library ends a call for is `cancelled`, also where the client has sent all", async () => {
  await queueServing(async (bench) => {
    const { accept, channel, queue } = bench;
    const answer = failure(
      genericClient(channel).clientStreaming("/trial.Trial/Up", [Uint8Array.of(0x0a, 0x7f)]),
    );
    const wanted = await accept(up);
    const [message, close] = [receiveMessage<Note>(), receiveCloseOnServer()];
    wanted.call!.startBatch([close], "close");
    await caughtUp(bench); // with its half-close
    wanted.call!.startBatch([message], "message");
    const events = [say(await next(queue)), say(await next(queue))].sort();
    assertEquals(events, [["close", true], ["message", true]]);
    assertEquals([message.message, close.cancelled, (await answer).code], [undefined, true, 13]);
  });
});

/** Ends a call with CANCELLED, while its close is pending. */
async function batchOfTwo(
  wanted: RequestedCall<Note, Note>,
  queue: CompletionQueue<unknown>,
): Promise<boolean> {
  wanted.call!.startBatch([sendStatusFromServer("CANCELLED", "by the server")], "status");
  const events = [await next(queue), await next(queue)];
  return events.every(({ success }) => success);
}

test("server batch: [Q48] the end of the client's messages is success without a message, again and again", async () => {
  await queueServing(async ({ accept, client, batch }) => {
    const answer = client.up([{ number: 1 }, { number: 2 }]);
    const wanted = await accept(up);
    const received: unknown[] = [];
    for (let i = 0; i < 4; i++) {
      const message = receiveMessage<Note>();
      assert(await batch(wanted, [message]));
      received.push(message.message?.number);
    }
    assertEquals(received, [1, 2, undefined, undefined]);
    assert(await batch(wanted, [sendMessage({ number: 3 }), sendStatusFromServer()]));
    assertEquals((await answer).number, 3);
  });
});

test("server batch: [Q53] what came before the status can be read after it, and then there is no more", async () => {
  await queueServing(async (bench) => {
    const { accept, client, batch } = bench;
    const answer = failure(client.up([{ number: 1 }, { number: 2 }, { number: 3 }]));
    const wanted = await accept(up);
    await caughtUp(bench);
    const received: unknown[] = [];
    for (let i = 0; i < 5; i++) {
      if (i === 1) assert(await batch(wanted, [sendStatusFromServer("ABORTED")]));
      const message = receiveMessage<Note>();
      assert(await batch(wanted, [message]));
      received.push(message.message?.number);
    }
    assertEquals([received, (await answer).code], [[1, 2, 3, undefined, undefined], 10]);
  });
});

test("server batch: [Q5] [Q83] a message that cannot be decoded, received after the status, loses no tag", async () => {
  await queueServing(async (bench) => {
    const { accept, channel, batch } = bench;
    const requests = [Uint8Array.of(0x0a, 0x7f), Uint8Array.of(0x10, 2)];
    const answers = collect(genericClient(channel).bidiStreaming("/trial.Trial/Both", requests));
    const wanted = await accept(both);
    await caughtUp(bench);
    assert(await batch(wanted, [sendInitialMetadata(), sendStatusFromServer()]));
    assertEquals(await answers, []);
    const [wrong, right] = [receiveMessage<Note>(), receiveMessage<Note>()];
    assert(!await batch(wanted, [wrong]));
    assert(await batch(wanted, [right]));
    assertEquals([wrong.message, right.message?.number], [undefined, 2]);
  });
});

test("server batch: [Q44] a status that waits for flow control succeeds, whatever is started meanwhile", async () => {
  await queueServing(async ({ accept, client, queue }) => {
    const responses = client.down({});
    const wanted = await accept(down);
    const body = new Uint8Array(CHUNK);
    let sent = 0;
    do wanted.call!.startBatch([sendMessage<Note>({ body })], sent++); while (
      queue.tryNext().type !== "QUEUE_TIMEOUT"
    );
    const [close, late] = [receiveCloseOnServer(), sendMessage<Note>({})];
    wanted.call!.startBatch([sendStatusFromServer()], "status");
    wanted.call!.startBatch([close], "close");
    refuses("TOO_MANY_OPERATIONS", () => wanted.call!.startBatch([late], "late"), "is not done");
    assertEquals((await collect(responses)).length, sent);
    const events = [say(await next(queue)), say(await next(queue)), say(await next(queue))].sort();
    assertEquals([events, close.cancelled], [[[sent - 1, true], ["close", true], ["status", true]], false]);
    wanted.call!.startBatch([late], "late");
    assertEquals(say(await next(queue)), ["late", false]);
  });
});

test("server batch: messages that nobody reads hold no window of their connection when the call is over", async () => {
  await queueServing(async ({ accept, client, batch }) => {
    const body = new Uint8Array(16 * 1024);
    for (let i = 0; i < 20; i++) { // twenty times what the connection's window is
      const answer = failure(client.up([{ body }, { body }, { body }]));
      const wanted = await accept(up);
      const first = receiveMessage<Note>();
      assert(await batch(wanted, [first]));
      assertEquals(first.message?.body?.length, body.length);
      assert(await batch(wanted, [sendStatusFromServer("ABORTED")]));
      const second = receiveMessage<Note>();
      if (i % 2 === 0) assert(await batch(wanted, [second]));
      assertEquals((await answer).code, 10);
    }
  }, { server: { settings: { initialWindowSize: 65_535, connectionWindowSize: 65_535 } } });
});

test("server batch: [Q41] cancel ends the call without a status, once; what is pending completes", async () => {
  await queueServing(async ({ accept, client, queue, batch }) => {
    const answer = failure(client.one({}));
    const wanted = await accept(one);
    const close = receiveCloseOnServer();
    wanted.call!.startBatch([close], "close");
    wanted.call!.cancel();
    wanted.call!.cancel();
    assertEquals([say(await next(queue)), close.cancelled], [["close", true], true]);
    assertEquals((await answer).code, 1);
    assert(!await batch(wanted, [sendStatusFromServer()]));
    wanted.call!.cancel();
  });
});

test("server batch: a call that its client has left frees its connection's handler when the application learns of it", async () => {
  await queueServing(async ({ accept, calls, client, queue, batch }) => {
    const leave = async () => {
      const abort = new AbortController();
      const answer = failure(client.one({}, { signal: abort.signal }));
      const wanted = await accept(one);
      abort.abort();
      await answer;
      return wanted;
    };
    // One handler may run. By an operation that was pending when the client left:
    for (let i = 0; i < 3; i++) {
      const abort = new AbortController();
      const answer = failure(client.one({}, { signal: abort.signal }));
      const { call } = await accept(one);
      call!.startBatch([receiveCloseOnServer()], "close");
      abort.abort();
      await answer;
      assertEquals(say(await next(queue)), ["close", true]);
    }
    // By the next operation: until then the handler runs, and another call waits for its turn.
    const first = await leave();
    const other = client.one({ text: "other" });
    const wanted = new RequestedCall<Note, Note>();
    calls.requestRegisteredCall(one, wanted, { queue }, "there");
    assertEquals((await queue.next(queue.deadlineIn(100))).type, "QUEUE_TIMEOUT");
    first.call!.startBatch([sendStatusFromServer()], "told");
    const events = [say(await next(queue)), say(await next(queue))].sort();
    assertEquals(events, [["there", true], ["told", false]]);
    assert(await batch(wanted, [sendMessage({}), sendStatusFromServer()]));
    await other;
  }, { server: { settings: { maxConcurrentStreams: 1 } } });
});

/** Requests that never come. */
function never(): AsyncIterable<Note> {
  return { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
}
