// Requests of calls from a server by completion queues, by the numbers of their rules.
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CallError,
  type CallErrorCode,
  Channel,
  CompletionQueue,
  createClient,
  genericClient,
  type MethodDescriptor,
  queueMethod,
  QueueServer,
  receiveCloseOnServer,
  receiveMessage,
  RequestedCall,
  RpcError,
  sendMessage,
  sendStatusFromServer,
  Server,
  type ServerInterceptor,
  Status,
} from "pollwire";
import { test } from "../../harness.ts";
import { collect, echo, failure, gate, type Note, Trial, until } from "../serving.ts";
import { say } from "./queues.ts";
import { both, next, one, queueServing, registerAll, up } from "./server_calls.ts";

function refuses(code: CallErrorCode, start: () => void, words: string): void {
  assertEquals(assertThrows(start, CallError, words).code, code);
}

test("queue server: [Q61] a queue is registered before the start, and only such are used for requests and shutdown", async () => {
  await queueServing(async ({ calls, queue }) => {
    const other = new CompletionQueue<unknown>();
    const wanted = new RequestedCall();
    const NOT = "NOT_SERVER_COMPLETION_QUEUE";
    refuses(NOT, () => calls.registerCompletionQueue(other), "a server that has started");
    const cannot = "Cannot request a call of /trial.Trial/One: the completion queue is not registered";
    refuses(NOT, () => calls.requestRegisteredCall(one, wanted as never, { queue: other }, 1), cannot);
    refuses(
      NOT,
      () => calls.requestRegisteredCall(one, wanted as never, { queue, notificationQueue: other }, 1),
      cannot,
    );
    refuses(NOT, () => calls.requestCall(wanted, { queue: other }, 1), "of unregistered methods");
    refuses(NOT, () => calls.shutdownAndNotify(other, 1), "Cannot be notified of a server's shutdown");
    assertEquals([queue.tryNext().type, other.tryNext().type], ["QUEUE_TIMEOUT", "QUEUE_TIMEOUT"]);
    // Batches of the call may go to any queue.
    calls.requestRegisteredCall(one, wanted as never, { queue: other, notificationQueue: queue }, 2);
    assertEquals(other.describePending(), "completion queue (NEXT, DEFAULT_POLLING): nothing is pending");
    assert(queue.describePending().includes("tag 2: request for a call of /trial.Trial/One"));
    other.shutdown();
    await Promise.resolve();
    refuses(
      "COMPLETION_QUEUE_SHUTDOWN",
      () =>
        calls.requestRegisteredCall(
          one,
          new RequestedCall() as never,
          { queue: other, notificationQueue: queue },
          3,
        ),
      "its completion queue is shut down",
    );
  });
});

test("queue server: an option that requests do not have is refused by its name, and no event comes", async () => {
  await queueServing(async ({ calls, queue }) => {
    const wrong = { queue, notifyQueue: queue } as never;
    const words = 'there is no option "notifyQueue"';
    assertThrows(() => calls.requestCall(new RequestedCall(), wrong, 1), TypeError, words);
    assertThrows(
      () => calls.requestRegisteredCall(one, new RequestedCall() as never, wrong, 2),
      TypeError,
      words,
    );
    assertThrows(() => calls.request(one, undefined as never, wrong, 3), TypeError, words);
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    assertEquals(queue.describePending(), "completion queue (NEXT, DEFAULT_POLLING): nothing is pending");
    await Promise.resolve();
  });
});

test("queue server: [Q27] the tag of a request is that of its notification queue, whose type alone it has to fit", async () => {
  const succeeded: boolean[] = [];
  const called = new CompletionQueue<(success: boolean) => void>({ completionType: "CALLBACK" });
  await queueServing(async ({ calls, queue, client }) => {
    const wanted = new RequestedCall();
    const bound = called as CompletionQueue<unknown>;
    calls.requestRegisteredCall(both, wanted as never, { queue: bound, notificationQueue: queue }, "wanted");
    const responses = collect(client.both([]));
    assertEquals(say(await next(queue)), ["wanted", true]);
    wanted.call!.startBatch([sendStatusFromServer("OK")], (success: boolean) => succeeded.push(success));
    assertEquals(await responses, []);
    await until(() => succeeded.length === 1);
  });
  called.destroy();
  assertEquals(succeeded, [true]);
});

test("queue server: [Q61] [Q62] misuse at registration says what is wrong", async () => {
  await queueServing(async ({ calls, server }) => {
    assertThrows(
      () => calls.registerMethod("/a.B/C"),
      TypeError,
      "Cannot register /a.B/C with a server that has started",
    );
    assertThrows(() => new QueueServer(server), TypeError, "it has started; do that before listen");
    await Promise.resolve();
  }, {
    setUp(calls, server) {
      server.addService(Trial, { one: echo.one! });
      assertThrows(
        () => calls.registerMethod(one),
        TypeError,
        "Cannot add /trial.Trial/One: it is served already",
      );
      calls.registerMethod(one, { host: "elsewhere" });
      assertThrows(() => calls.registerMethod(one, { host: "elsewhere" }), TypeError, "is served already");
      for (const path of ["a.B/C", "/a.B/C D", "/a.B/C\n", "/a.B/\u00e9"]) {
        assertThrows(() => calls.registerMethod(path), TypeError, 'a path is "/package.Service/Method"');
      }
      assertThrows(
        () => calls.registerMethod(both, { host: 80 as never }),
        TypeError,
        "host is the number 80",
      );
      assertThrows(
        () => calls.registerMethod(both, { payload: "READ_INITIAL" }),
        TypeError,
        "its requests are a stream",
      );
      assertThrows(
        () => calls.registerMethod(one, { payload: "ALL" as "NONE" }),
        TypeError,
        "payload is the string",
      );
      assertThrows(() => calls.registerMethod({} as never), TypeError, "Cannot register an object");
      assertThrows(
        () => queueMethod({} as never),
        TypeError,
        "Cannot use an object as a server by completion queues",
      );
      assertThrows(() => new QueueServer({} as never), TypeError, "expected a Server, found an object");
      assertThrows(
        () => new QueueServer(server, { maxWaitingCalls: "1" as never }),
        RangeError,
        "maxWaitingCalls",
      );
    },
  });
});

test("queue server: [Q62] one request gets one call, of its own method; what is registered never comes to requestCall", async () => {
  await queueServing(async ({ calls, queue, client, channel }) => {
    const [any, first] = [new RequestedCall(), new RequestedCall()];
    calls.requestCall(any, { queue }, "any");
    const answer = client.one({ text: "registered" });
    assertEquals((await queue.next(queue.deadlineIn(60))).type, "QUEUE_TIMEOUT");
    calls.requestRegisteredCall(one, first as never, { queue }, "one");
    assertEquals(say(await next(queue)), ["one", true]);
    assertEquals((first.message as { text?: string }).text, "registered");
    first.call.startBatch([sendMessage({ text: "answer" } as never), sendStatusFromServer()], "sent");
    assertEquals(say(await next(queue)), ["sent", true]);
    assertEquals((await answer).text, "answer");
    const again = new RequestedCall();
    calls.requestRegisteredCall(one, again as never, { queue }, "again"); // before its call
    const answers = [
      client.one({ text: "second" }),
      failure(client.one({ text: "third" }, { deadlineMs: 200 })),
    ];
    assertEquals(say(await next(queue)), ["again", true]);
    again.call.startBatch([sendMessage({} as never), sendStatusFromServer()], "sent");
    assertEquals(say(await next(queue)), ["sent", true]);
    await Promise.all(answers);
    assertEquals([(again.message as { text?: string }).text, queue.tryNext().type], [
      "second",
      "QUEUE_TIMEOUT",
    ]);
    const untyped = genericClient(channel).unary("/any.Thing/At.All", Uint8Array.of(1, 2), {
      metadata: { a: "b" },
      deadlineMs: 5_000,
    });
    assertEquals(say(await next(queue)), ["any", true]);
    assertEquals([any.isThere, any.method, any.metadata.get("a")], [true, "/any.Thing/At.All", "b"]);
    assertThrows(() => any.message, TypeError, "registered with payload NONE, so receive it by a batch");
    assert(any.deadline > queue.deadlineIn(3_000) && any.deadline <= queue.deadlineIn(5_000));
    assertEquals(any.host, channelAuthority(any.host));
    const message = receiveMessage<Uint8Array>();
    any.call.startBatch([message], "message");
    await next(queue);
    assertEquals([...message.message!], [1, 2]);
    any.call.startBatch([sendMessage(Uint8Array.of(3)), sendStatusFromServer()], "sent");
    await next(queue);
    assertEquals([...await untyped], [3]);
  });
});

/** What an authority looks like here. */
function channelAuthority(host: string | undefined): string | undefined {
  return host !== undefined && /^127\.0\.0\.1:\d+$/.test(host) ? host : "an authority";
}

test("queue server: [Q62] a method of one host gets the calls of that host alone", async () => {
  await queueServing(async ({ calls, queue, client, port, channel }) => {
    const here = new Channel(`127.0.0.1:${port}`, { authority: "here" });
    const [ofHere, ofAny] = [new RequestedCall(), new RequestedCall()];
    calls.requestRegisteredCall(one, ofHere as never, { queue, host: "here" }, "here");
    calls.requestRegisteredCall(one, ofAny as never, { queue }, "any");
    const answers = [createClient(Trial, here).one({}), client.one({})];
    const tags = [await next(queue), await next(queue)].map(({ tag }) => tag).sort();
    assertEquals([tags, ofHere.host, ofAny.host === "here"], [["any", "here"], "here", false]);
    for (const { call } of [ofHere, ofAny]) {
      call!.startBatch([sendMessage({} as never), sendStatusFromServer()], "");
    }
    await next(queue);
    await next(queue);
    assertEquals(await Promise.all(answers).then((all) => all.length), 2);
    assertThrows(
      () => calls.requestRegisteredCall(one, ofAny as never, { queue, host: "there" }, ""),
      TypeError,
      "Cannot request a call of /trial.Trial/One of host there: it is not registered",
    );
    here.close();
    channel.close();
  }, {
    setUp(calls) {
      calls.registerMethod(one);
      calls.registerMethod(one, { host: "here" });
    },
  });
});

test("queue server: [Q63] READ_INITIAL: the event comes when the request is there, which comes with it", async () => {
  await queueServing(async ({ calls, queue, channel }) => {
    const wanted = new RequestedCall<Uint8Array>();
    calls.requestRegisteredCall("/a.B/C", wanted, { queue, payload: "READ_INITIAL" }, "there");
    const opened = gate();
    const requests = (async function* () {
      await opened.opened;
      yield Uint8Array.of(7);
    })();
    const answers = collect(genericClient(channel).bidiStreaming("/a.B/C", requests));
    const early = queue.next(queue.deadlineIn(60));
    assertEquals((await early).type, "QUEUE_TIMEOUT");
    opened.open();
    assertEquals(say(await next(queue)), ["there", true]);
    assertEquals([...wanted.message], [7]);
    const more = receiveMessage<Uint8Array>();
    wanted.call.startBatch([more], "no more");
    assertEquals([say(await next(queue)), more.message], [["no more", true], undefined]);
    wanted.call.startBatch([sendMessage(Uint8Array.of(8)), sendStatusFromServer()], "sent");
    await next(queue);
    assertEquals((await answers).map((one) => [...one]), [[8]]);
  }, { setUp: (calls) => calls.registerMethod("/a.B/C", { payload: "READ_INITIAL" }) });
});

test("queue server: [Q63] a payload where there is none, or the reverse, is PAYLOAD_TYPE_MISMATCH", async () => {
  await queueServing(async ({ calls, queue }) => {
    const wanted = new RequestedCall<never, never>();
    const request = (method: typeof one | typeof up, payload: "NONE" | "READ_INITIAL") => () =>
      calls.requestRegisteredCall(method, wanted as never, { queue, payload }, 1);
    refuses(
      "PAYLOAD_TYPE_MISMATCH",
      request(one, "NONE"),
      "with payload NONE: it is registered with READ_INITIAL",
    );
    refuses("PAYLOAD_TYPE_MISMATCH", request(up as never, "READ_INITIAL"), "it is registered with NONE");
    refuses(
      "PAYLOAD_TYPE_MISMATCH",
      () => calls.requestCall(wanted, { queue, payload: "READ_INITIAL" }, 1),
      "Cannot request a call with payload READ_INITIAL",
    );
    assertEquals((await queue.next(-1)).type, "QUEUE_TIMEOUT");
    assert(queue.describePending().endsWith("nothing is pending"));
  });
});

test("queue server: [Q66] a RequestedCall is for one request: a second call would take the place of the first", async () => {
  await queueServing(({ calls, queue }) => {
    const wanted = new RequestedCall<never, never>();
    const request = () => calls.requestRegisteredCall(one, wanted as never, { queue }, 1);
    using unregistered = new CompletionQueue();
    const wrong = { queue: unregistered };
    refuses(
      "NOT_SERVER_COMPLETION_QUEUE",
      () => calls.requestRegisteredCall(one, wanted as never, wrong, 1),
      "is not registered",
    );
    request();
    assertThrows(request, TypeError, "into a RequestedCall that was requested before: make another one");
    assertThrows(() => calls.requestCall(wanted, { queue }, 1), TypeError, "that was requested before");
    return Promise.resolve();
  });
});

test("queue server: [Q64] calls before requests wait in order, a method each; requests before calls do", async () => {
  await queueServing(async ({ calls, queue, client, server }) => {
    assertEquals(calls.describePending(), "completion queues of a server: nothing waits");
    const answers = ["a", "b", "c"].map((text) => client.one({ text }));
    await until(() => server.describePending().includes("/trial.Trial/One: 3 calls wait for requests"));
    const [head, ...lines] = calls.describePending().split("\n  ");
    assertEquals([head, lines.length], ["completion queues of a server:", 1]);
    const wanted = [1, 2, 3, 4, 5].map(() => new RequestedCall<{ text?: string }>());
    const request = (i: number) => calls.requestRegisteredCall(one, wanted[i] as never, { queue }, i);
    for (const i of [0, 1, 2, 3, 4]) request(i);
    assertEquals(await Promise.all([0, 1, 2].map(() => next(queue).then(say))), [[0, true], [1, true], [
      2,
      true,
    ]]);
    assertEquals(wanted.slice(0, 3).map(({ message }) => message!.text), ["a", "b", "c"]);
    assert(server.describePending().includes("/trial.Trial/One: 2 requests wait for calls"));
    answers.push(client.one({ text: "d" }), client.one({ text: "e" }));
    assertEquals([say(await next(queue)), say(await next(queue))], [[3, true], [4, true]]);
    assertEquals(wanted.slice(3).map(({ message }) => message!.text), ["d", "e"]);
    for (const { call, message } of wanted) {
      call!.startBatch([sendMessage(message as never), sendStatusFromServer()], "sent");
      await next(queue);
    }
    assertEquals((await Promise.all(answers)).map(({ text }) => text), ["a", "b", "c", "d", "e"]);
  });
});

test("queue server: [Q64] calls that wait are bounded, a method each: further ones get RESOURCE_EXHAUSTED", async () => {
  await queueServing(async ({ calls, queue, client, server }) => {
    const answers = [client.one({ text: "a" }), client.one({ text: "b" })];
    await until(() => server.describePending().includes("2 calls wait"));
    const { code, details } = await failure(client.one({}));
    assertEquals(
      [code, details],
      [8, "2 calls of /trial.Trial/One wait for the application to request them, and no more may"],
    );
    const other = client.down({ number: 1 })[Symbol.asyncIterator]().next(); // of another method
    await until(() => server.describePending().includes("/trial.Trial/Down: 1 calls wait"));
    for (const text of ["a", "b"]) {
      const wanted = new RequestedCall<{ text?: string }>();
      calls.requestRegisteredCall(one, wanted as never, { queue }, text);
      assertEquals([say(await next(queue)), wanted.message.text], [[text, true], text]);
      wanted.call.startBatch([sendMessage({} as never), sendStatusFromServer()], "sent");
      await next(queue);
    }
    await Promise.all(answers);
    void other.catch(() => {});
  }, { queueServer: { maxWaitingCalls: 2 } });
});

test("queue server: [Q65] calls of a connection go to requests of its home queue first, then to those of the others", async () => {
  const second = new CompletionQueue<unknown>();
  await queueServing(async ({ calls, queue, port }) => {
    const channels = [1, 2].map(() => new Channel(`127.0.0.1:${port}`, { shareConnections: false }));
    const clients = channels.map((channel) => createClient(Trial, channel));
    for (const channel of channels) {
      channel.connect();
      await until(() => channel.state === "READY");
    }
    const at = new Map<unknown, string[]>();
    const request = (from: CompletionQueue<unknown>) => {
      const wanted = new RequestedCall<{ text?: string }>();
      calls.requestRegisteredCall(one, wanted as never, { queue: from }, wanted);
    };
    const serve = async (from: CompletionQueue<unknown>) => {
      const { tag } = await next(from);
      const { call, message } = tag as RequestedCall<{ text?: string }>;
      at.set(from, [...at.get(from) ?? [], message!.text!]);
      call!.startBatch([sendMessage({} as never), sendStatusFromServer()], "sent");
      await next(from);
    };
    // Each connection has one queue as its home, in the order in which they were accepted.
    for (const [client, from, name] of [[clients[1]!, second, "b"], [clients[0]!, queue, "a"]] as const) {
      for (let i = 0; i < 3; i++) {
        request(queue);
        request(second);
        const answer = client.one({ text: name });
        await serve(from);
        await answer;
        // What the other queue has requested stays there.
        assertEquals((from === queue ? second : queue).tryNext().type, "QUEUE_TIMEOUT");
      }
    }
    assertEquals([at.get(queue), at.get(second)], [["a", "a", "a"], ["b", "b", "b"]]);
    // Three requests of each queue are left: a connection gets those of the other queue when its own has none.
    at.clear();
    for (let i = 0; i < 6; i++) {
      const answer = clients[0]!.one({ text: String(i) });
      await serve(i < 3 ? queue : second);
      await answer;
    }
    assertEquals([at.get(queue), at.get(second)], [["0", "1", "2"], ["3", "4", "5"]]);
    for (const channel of channels) channel.close();
  }, {
    setUp(calls) {
      calls.registerCompletionQueue(second);
      registerAll(calls);
    },
  });
  second.destroy();
});

test("queue server: [Q67] a call whose deadline or connection ends while it waits is never handed out", async () => {
  await queueServing(async ({ calls, queue, client, port, server }) => {
    const other = new Channel(`127.0.0.1:${port}`, { shareConnections: false });
    const gone = failure(createClient(Trial, other).one({ text: "gone" }));
    assertEquals((await failure(client.one({ text: "late" }, { deadlineMs: 60 }))).code, 4);
    await until(() => server.describePending().includes("1 calls wait for requests"));
    other.close();
    await gone;
    await until(() => !server.describePending().includes("calls wait for requests"));
    const wanted = new RequestedCall<{ text?: string }>();
    calls.requestRegisteredCall(one, wanted as never, { queue }, "there");
    const answer = client.one({ text: "alive" });
    assertEquals([say(await next(queue)), wanted.message.text], [["there", true], "alive"]);
    wanted.call.startBatch([sendMessage({} as never), sendStatusFromServer()], "sent");
    await next(queue);
    await answer;
  });
});

test("queue server: a request that cannot be decoded ends its call with INTERNAL, and the request gets the next one", async () => {
  await queueServing(async ({ calls, queue, client, channel }) => {
    const wanted = new RequestedCall<{ text?: string }>();
    calls.requestRegisteredCall(one, wanted as never, { queue }, "there");
    const wrong = await failure(genericClient(channel).unary("/trial.Trial/One", Uint8Array.of(0x0a, 0x7f)));
    assertEquals([wrong.code, wrong.details.startsWith("cannot decode request")], [13, true]);
    const answer = client.one({ text: "fine" });
    assertEquals([say(await next(queue)), wanted.message.text], [["there", true], "fine"]);
    wanted.call.startBatch([sendMessage({} as never), sendStatusFromServer()], "sent");
    await next(queue);
    await answer;
  });
});

test("queue server: [Q70] a request fails where what is told of a call that waited shuts the server down", async () => {
  await queueServing(async ({ calls, queue, server, channel }) => {
    server.observe({ onCallEnd: ({ code }) => void (code !== 0 && server.shutdown()) });
    const wrong = failure(genericClient(channel).unary("/trial.Trial/One", Uint8Array.of(0x0a, 0x7f)));
    await until(() => calls.describePending().includes("1 calls wait"));
    calls.requestRegisteredCall(one, new RequestedCall() as never, { queue }, "request");
    assertEquals(say(await next(queue)), ["request", false]);
    assertEquals((await wrong).code, 13);
  });
});

/** `one`, whose codec of requests calls `first` before it decodes. */
function decodingAfter(first: () => void): MethodDescriptor<Note, Note> {
  const { requestCodec } = one as MethodDescriptor<Note, Note>;
  const decode = (bytes: Uint8Array, maxElements?: number): Note => {
    first();
    return requestCodec.decode(bytes, maxElements);
  };
  return { ...one, requestCodec: { ...requestCodec, decode } } as MethodDescriptor<Note, Note>;
}

test("queue server: [Q70] a request fails once where the codec of the call that it would get shuts the server down", async () => {
  for (const end of ["shutdown", "close"] as const) {
    for (const first of ["request", "call"] as const) {
      let stop = (): void => {};
      const method = decodingAfter(() => stop());
      await queueServing(async ({ calls, queue, server, client }) => {
        stop = () => void server[end]();
        const wanted = new RequestedCall();
        const request = (): void =>
          calls.requestRegisteredCall(method, wanted as never, { queue }, "request");
        if (first === "request") request();
        const answer = failure(client.one({ text: "decoded" }, { deadlineMs: 5_000 }));
        if (first === "call") {
          await until(() => calls.describePending().includes("1 calls wait"));
          request();
        }
        const [, success] = say(await next(queue));
        const told = queue.describePending();
        assert(told.endsWith("nothing is pending"), `${end}, ${first}: ${told}`);
        if (success) { // the call was there before the shutdown
          assertEquals([end, first], ["shutdown", "call"]);
          wanted.call.startBatch([sendStatusFromServer("ABORTED")], "sent");
          await next(queue);
        }
        assertEquals((await answer).code, success ? 10 : 14);
      }, { setUp: (calls) => calls.registerMethod(method) });
    }
  }
});

test("queue server: [Q69] shutdown fails every request, lets running calls finish, and notifies everybody then", async () => {
  await queueServing(async ({ calls, queue, client, accept, server }) => {
    const answer = client.one({ text: "runs" });
    const running = await accept(one);
    calls.requestRegisteredCall(one, new RequestedCall() as never, { queue }, "request");
    calls.requestCall(new RequestedCall(), { queue }, "any");
    calls.shutdownAndNotify(queue, "first");
    calls.shutdownAndNotify(queue, "second");
    assertEquals([say(await next(queue)), say(await next(queue))].sort(), [["any", false], [
      "request",
      false,
    ]]);
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    assert(server.describePending().includes('notified of the shutdown: "first", "second"'));
    // A call that is made now finds no server.
    assertEquals((await failure(client.one({}))).code, 14);
    running.call.startBatch([sendMessage({ text: "done" }), sendStatusFromServer()], "sent");
    assertEquals((await answer).text, "done");
    assertEquals(
      [say(await next(queue)), say(await next(queue)), say(await next(queue))],
      [["sent", true], ["first", true], ["second", true]],
    );
    calls.shutdownAndNotify(queue, "late");
    assertEquals(say(queue.tryNext()), ["late", true]);
  });
});

test("queue server: [Q66] [Q70] a request after the shutdown has begun completes at once without success, and nothing is filled in", async () => {
  await queueServing(async ({ calls, queue, client, accept }) => {
    const answer = client.one({});
    const running = await accept(one);
    calls.shutdownAndNotify(queue, "over");
    const wanted = [new RequestedCall(), new RequestedCall()];
    calls.requestRegisteredCall(one, wanted[0] as never, { queue }, "one");
    calls.requestCall(wanted[1]!, { queue }, "any");
    assertEquals([say(queue.tryNext()), say(queue.tryNext())], [["one", false], ["any", false]]);
    for (const one of wanted) {
      assertEquals(one.isThere, false);
      for (const name of ["call", "method", "host", "deadline", "metadata", "message"] as const) {
        assertThrows(() => one[name], TypeError, "the event of its request has not come with success");
      }
    }
    running.call.startBatch([sendMessage({}), sendStatusFromServer()], "sent");
    await answer;
    await next(queue);
    await next(queue);
  });
});

test("queue server: [Q69] calls that wait for a request end with UNAVAILABLE when the server shuts down", async () => {
  await queueServing(async ({ calls, queue, client, server }) => {
    const waiting = failure(client.one({}));
    await until(() => server.describePending().includes("1 calls wait"));
    calls.shutdownAndNotify(queue, "over");
    const { code, details } = await waiting;
    assertEquals([code, details], [14, "server is shutting down"]);
    assertEquals(say(await next(queue)), ["over", true]);
  });
});

test("queue server: [Q69] server.shutdown() of another style fails requests too", async () => {
  await queueServing(async ({ calls, queue, server }) => {
    calls.requestRegisteredCall(one, new RequestedCall() as never, { queue }, "request");
    const over = server.shutdown();
    assertEquals(say(queue.tryNext()), ["request", false]);
    await over;
  });
});

test("queue server: [Q71] all calls can be cancelled after the shutdown alone: RECV_CLOSE says so, clients get UNAVAILABLE", async () => {
  await queueServing(async ({ calls, queue, client, accept }) => {
    const answer = failure(client.one({}));
    const running = await accept(one);
    assertThrows(() => calls.cancelAllCalls(), TypeError, "call shutdownAndNotify first");
    const close = receiveCloseOnServer();
    running.call.startBatch([close], "close");
    calls.shutdownAndNotify(queue, "over");
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    calls.cancelAllCalls();
    assertEquals([say(await next(queue)), say(await next(queue))], [["close", true], ["over", true]]);
    assertEquals([close.cancelled, (await answer).code], [true, 14]);
  });
});

test("queue server: [Q25] a queue cannot be shut down before its server", async () => {
  await queueServing(async ({ calls, queue }) => {
    assertThrows(
      () => queue.shutdown(),
      TypeError,
      "shut the server down first, then the queue, then drain it",
    );
    calls.shutdownAndNotify(queue, "over");
    queue.shutdown();
    assertEquals(say(await next(queue)), ["over", true]);
    assertEquals(say(await next(queue)), ["QUEUE_SHUTDOWN"]);
  });
});

test("queue server: [Q72] a server can be destroyed once its shutdown is over and every event of it was taken", async () => {
  await queueServing(async ({ calls, queue, client, accept }) => {
    assertThrows(() => calls.destroy(), TypeError, "Cannot destroy a server: it is not shut down");
    const answer = client.one({});
    const running = await accept(one);
    calls.shutdownAndNotify(queue, "over");
    assertThrows(() => calls.destroy(), TypeError, "Cannot destroy a server: its shutdown is not over");
    running.call.startBatch([sendMessage({}), sendStatusFromServer()], "sent");
    await answer;
    assertEquals(say(await next(queue)), ["sent", true]);
    await until(() => !queue.describePending().includes("shutdown of a server"));
    assertThrows(
      () => calls.destroy(),
      TypeError,
      'of its shutdown the events of tags "over" were not taken',
    );
    assertEquals(say(await next(queue)), ["over", true]);
    calls.destroy();
  });
});

test("queue server: [Q119] one service has methods of several styles; the queue's are requested", async () => {
  await queueServing(async ({ client, accept, batch }) => {
    const other = client.down({ number: 3 });
    const answer = client.one({ text: "by a queue" });
    const wanted = await accept(one);
    const numbers: unknown[] = [];
    for await (const { number } of other) numbers.push(number);
    assertEquals(numbers, [1, 2, 3]);
    assert(await batch(wanted, [sendMessage({ text: wanted.message.text! }), sendStatusFromServer("OK")]));
    assertEquals((await answer).text, "by a queue");
  }, { setUp: (calls, server) => server.addService(Trial, { one: queueMethod(calls), down: echo.down! }) });
});

test("queue server: [Q117] as the generic service it gets what no service has", async () => {
  await queueServing(async ({ calls, queue, channel, client }) => {
    const wanted = new RequestedCall();
    calls.requestCall(wanted, { queue }, "any");
    assertEquals((await client.one({ text: "by a function" })).text, "by a function");
    const answer = genericClient(channel).unary("/any.Thing/AtAll", Uint8Array.of(9));
    assertEquals([say(await next(queue)), wanted.method], [["any", true], "/any.Thing/AtAll"]);
    wanted.call.startBatch([sendMessage(Uint8Array.of(1)), sendStatusFromServer()], "sent");
    await next(queue);
    assertEquals([...await answer], [1]);
  }, {
    setUp(calls, server) {
      server.addService(Trial, { one: echo.one! });
      server.addGenericService(queueMethod(calls));
      assertThrows(
        () => server.addGenericService(queueMethod(calls)),
        TypeError,
        "the server has a generic service",
      );
    },
  });
});

test("queue server: interceptors admit calls before they are matched, and a call that they refuse never is", async () => {
  const seen: string[] = [];
  const guarded: ServerInterceptor = (intercepted) => async (call) => {
    seen.push(call.metadata.get("token") as string);
    if (call.metadata.get("token") !== "right") throw new RpcError("UNAUTHENTICATED", "who is it?");
    return await intercepted(call);
  };
  await queueServing(async ({ client, batch, calls, queue }) => {
    const wanted = new RequestedCall<Note, Note>();
    calls.requestRegisteredCall(one, wanted, { queue }, "there");
    const refused = await failure(client.one({}, { metadata: { token: "wrong" } }));
    assertEquals([refused.message, queue.tryNext().type], ["UNAUTHENTICATED: who is it?", "QUEUE_TIMEOUT"]);
    const answer = client.one({ text: "a" }, { metadata: { token: "right" } });
    assertEquals([say(await next(queue)), wanted.message.text], [["there", true], "a"]);
    assert(await batch(wanted, [sendMessage({ text: "b" }), sendStatusFromServer()]));
    assertEquals([(await answer).text, seen], ["b", ["wrong", "right"]]);
  }, { server: { interceptors: [guarded] } });
});

test("queue server: [Q62] a refused requestCall leaves unknown methods UNIMPLEMENTED, and the generic service free", async () => {
  await queueServing(async ({ calls, queue, channel, server }) => {
    const ended = new CompletionQueue<unknown>();
    ended.shutdown();
    const wanted = new RequestedCall();
    const refused: Array<[CallErrorCode, () => void]> = [
      ["NOT_SERVER_COMPLETION_QUEUE", () => calls.requestCall(wanted, { queue: ended }, 1)],
      [
        "COMPLETION_QUEUE_SHUTDOWN",
        () => calls.requestCall(wanted, { queue: ended, notificationQueue: queue }, 1),
      ],
      ["PAYLOAD_TYPE_MISMATCH", () => calls.requestCall(wanted, { queue, payload: "READ_INITIAL" }, 1)],
    ];
    for (const [code, start] of refused) refuses(code, start, "request a call");
    const unknown = genericClient(channel).unary("/a.B/C", new Uint8Array(), { deadlineMs: 20_000 });
    assertEquals((await failure(unknown)).code, Status.UNIMPLEMENTED);
    server.addGenericService(async function* (requests) {
      yield* requests;
    });
  });
});

test("queue server: [Q62] requestCall where another service has all that is not registered is refused", async () => {
  await queueServing(async ({ calls, queue, server }) => {
    for (let i = 0; i < 3; i++) {
      if (i === 2) {
        assertThrows(() => server.addGenericService(queueMethod(calls)), TypeError, "generic service");
      }
      assertThrows(
        () => calls.requestCall(new RequestedCall(), { queue }, 1),
        TypeError,
        "Cannot add a server by completion queues: the server has a generic service",
      );
    }
    await Promise.resolve();
  }, {
    setUp: (_calls, server) =>
      server.addGenericService(async function* (requests) {
        yield* requests;
      }),
  });
});

test("queue server: [Q120] a server whose calls are requested does not start without a queue", async () => {
  const server = new Server();
  const calls = new QueueServer(server);
  server.addService(Trial, { one: queueMethod(calls) });
  const cannot = await assertRejects(() => server.listen("127.0.0.1:0"), TypeError);
  assertEquals(
    cannot.message,
    "Cannot start a server whose calls of /trial.Trial/One are requested: no completion queue is registered; " +
      "call registerCompletionQueue before listen",
  );
  const queue = new CompletionQueue<unknown>();
  calls.registerCompletionQueue(queue);
  await server.listen("127.0.0.1:0");
  calls.shutdownAndNotify(queue, "over");
  assertStrictEquals((await next(queue)).tag, "over");
  await server.shutdown();
  queue.destroy();
});

test("queue server: [Q121] the handler that waited for a call's turn does not begin on the stack of its batch", async () => {
  const events: string[] = [];
  const setUp = (calls: QueueServer, server: Server): void => {
    server.addService(Trial, {
      one: queueMethod(calls),
      down: () => {
        events.push("handler");
        return [{ number: 2 }];
      },
    });
  };
  const settings = { maxConcurrentStreams: 1 };
  const logger = { error() {}, warn() {}, info() {}, debug() {} };
  await queueServing(async ({ accept, client, queue }) => {
    const abort = new AbortController();
    const first = failure(client.one({}, { signal: abort.signal }));
    const call = await accept(one);
    abort.abort();
    await first;
    const second = collect(client.down({}));
    await until(() => call.call.failedBeforeRecvMessage);
    assertEquals(events, []);
    call.call.startBatch([receiveCloseOnServer()], "over"); // by which it learns of the end
    events.push("started");
    assertEquals((await second).map(({ number }) => number), [2]);
    assertEquals(events, ["started", "handler"]);
    assertStrictEquals((await next(queue)).tag, "over");
  }, { setUp, server: { settings, logger } });
});
