// Typed calls of a server over a queue, in C++'s names, by the numbers of their rules.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CallError,
  Channel,
  CompletionQueue,
  createClient,
  genericClient,
  Metadata,
  RpcError,
  Server,
  ServerAsyncReader,
  ServerAsyncReaderWriter,
  ServerAsyncResponseWriter,
  ServerAsyncWriter,
  ServerContext,
} from "pollwire";
import { HeaderList } from "../../../transport/mod.ts";
import { test } from "../../harness.ts";
import { collect, echo, failure, type Note, Trial, until } from "../serving.ts";
import { say } from "./queues.ts";
import { both, down, next, one, type QueueBench, queueServing, up } from "./server_calls.ts";

type Unary = ServerAsyncResponseWriter<Note, Note>;

/** The next event, which has `tag`: its success. */
async function done({ queue }: QueueBench, tag: unknown): Promise<boolean> {
  const event = await next(queue);
  assertEquals(event.tag, tag);
  return event.success;
}

test("server streams: [Q82] unary: the request comes with the event; finish sends message and status, with metadata", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    for (const context of [5, {}, null] as never[]) {
      assertThrows(
        () => new ServerAsyncResponseWriter(context),
        TypeError,
        "give a ServerContext, or nothing",
      );
    }
    const responder: Unary = new ServerAsyncResponseWriter();
    assertThrows(() => responder.request, TypeError, "the event of the request has not come with success");
    assertThrows(() => responder.context.peer, TypeError, "Cannot read a call's context before");
    calls.request(one, responder, { queue }, "there");
    let [headers, trailers] = [new Metadata(), new Metadata()];
    const answer = client.one({ text: "a" }, {
      metadata: { sent: "yes" },
      deadlineMs: 10_000,
      onHeaders: (metadata) => void (headers = metadata),
      onTrailers: (metadata) => void (trailers = metadata),
    });
    assert(await done(bench, "there"));
    const { context, request } = responder;
    assertEquals([request.text, context.method, context.clientMetadata.get("sent")], [
      "a",
      "/trial.Trial/One",
      "yes",
    ]);
    assert(context.deadline < queue.deadlineIn(10_001) && context.deadline > queue.deadlineIn(5_000));
    assert("host" in context.peer && context.host.startsWith("127.0.0.1:"));
    context.addInitialMetadata("initial", "1");
    context.addTrailingMetadata("trailing", "2");
    responder.finish({ text: "b" }, { code: "OK", metadata: { also: "3" } }, "sent");
    assert(await done(bench, "sent"));
    assertEquals((await answer).text, "b");
    assertEquals([headers.get("initial"), trailers.get("trailing"), trailers.get("also")], ["1", "2", "3"]);
  });
});

test("server streams: [Q82] the metadata of another server's error is passed on as it came", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const responder: Unary = new ServerAsyncResponseWriter();
    calls.request(one, responder, { queue }, "there");
    const answer = failure(client.one({}));
    assert(await done(bench, "there"));
    responder.context.addTrailingMetadata("mine", "1");
    const metadata = Metadata.fromHeaders(HeaderList.of([["x-why", "Gr\u00fc\u00dfe"]]));
    responder.finishWithError(new RpcError("NOT_FOUND", "gone", { metadata }), "sent");
    assert(await done(bench, "sent"));
    assertEquals([...(await answer).metadata].filter(([name]) => name !== "date"), [["mine", "1"], [
      "x-why",
      "Gr\u00fc\u00dfe",
    ]]);
  });
});

test("server streams: [Q82] with a status other than OK the message is not sent; finishWithError needs one", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    for (const end of ["finish", "finishWithError"] as const) {
      const responder: Unary = new ServerAsyncResponseWriter();
      calls.request(one, responder, { queue }, "there");
      const answer = failure(client.one({}));
      assert(await done(bench, "there"));
      assertThrows(() => responder.finishWithError("OK", 1), TypeError, "Cannot finishWithError with OK");
      for (const none of [{}, undefined, { details: "gone" }]) {
        assertThrows(
          () => responder[end](none as never, none as never, 1),
          TypeError,
          "give a code of 0 to 16",
        );
      }
      const noText = { code: "NOT_FOUND", details: 5 } as never;
      assertThrows(() => responder[end](noText, noText, 1), TypeError, "its details are the number 5");
      const wrong = new RpcError("NOT_FOUND", "no such", { metadata: { why: "gone" } });
      // The message could not be sent: it is not looked at.
      if (end === "finish") responder.finish({ number: "x" } as never, wrong, "sent");
      else responder.finishWithError(wrong, "sent");
      assert(await done(bench, "sent"));
      const { message, metadata } = await answer;
      assertEquals([message, metadata.get("why")], ["NOT_FOUND: no such", "gone"]);
      assertThrows(() => responder.finish({}, 0, 1), CallError, "TOO_MANY_OPERATIONS");
    }
  });
});

test("server streams: [Q80] client streaming: reads until there are no more, then one response", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const reader = new ServerAsyncReader<Note, Note>();
    calls.request(up, reader, { queue }, "there");
    const answer = client.up([{ number: 1 }, { number: 2 }]);
    assert(await done(bench, "there"));
    let total = 0;
    for (;;) {
      reader.read("read");
      if (!await done(bench, "read")) break;
      total += reader.message!.number!;
    }
    assertEquals(reader.message, undefined);
    reader.read("again");
    assert(!await done(bench, "again"));
    reader.finish({ number: total }, "OK", "sent");
    assert(await done(bench, "sent"));
    assertEquals((await answer).number, 3);
  });
});

test("server streams: [Q81] server streaming: write, writeLast and finish; no message after the last", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const writer = new ServerAsyncWriter<Note, Note>();
    calls.request(down, writer, { queue }, "there");
    const answers = collect(client.down({ number: 7 }));
    assert(await done(bench, "there"));
    assertEquals(writer.request.number, 7);
    writer.sendInitialMetadata("metadata");
    assert(await done(bench, "metadata"));
    assertThrows(() => writer.sendInitialMetadata(1), CallError, "TOO_MANY_OPERATIONS");
    writer.write({ number: 1 }, "write");
    assert(await done(bench, "write"));
    writer.writeLast({ number: 2 }, "last");
    assert(await done(bench, "last"));
    for (
      const wrong of [
        () => writer.write({}, 1),
        () => writer.writeLast({}, 1),
        () => writer.writeAndFinish({}, 0, 1),
      ]
    ) assertThrows(wrong, TypeError, "writeLast was called, and no message follows it");
    writer.finish("OK", "sent");
    assert(await done(bench, "sent"));
    assertEquals((await answers).map(({ number }) => number), [1, 2]);
  });
});

test("server streams: [Q81] writeAndFinish sends message, trailers and status together, with one event", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const writer = new ServerAsyncWriter<Note, Note>();
    calls.request(down, writer, { queue }, "there");
    let trailers = new Metadata();
    const answers = collect(client.down({}, { onTrailers: (metadata) => void (trailers = metadata) }));
    assert(await done(bench, "there"));
    writer.context.addTrailingMetadata("t", "1");
    writer.writeAndFinish({ number: 9 }, "OK", "sent");
    assert(await done(bench, "sent"));
    assertEquals([(await answers).map(({ number }) => number), trailers.get("t")], [[9], "1"]);
    writer.write({}, "late");
    assert(!await done(bench, "late"));
    assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
  });
});

test("server streams: [Q80] [Q81] bidi: reads and writes beside each other, one of each at a time", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const stream = new ServerAsyncReaderWriter<Note, Note>();
    calls.request(both, stream, { queue }, "there");
    const answers = collect(client.both([{ number: 1 }, { number: 2 }, { number: 3 }]));
    assert(await done(bench, "there"));
    for (;;) {
      stream.read("read");
      if (!await done(bench, "read")) break;
      stream.write({ number: stream.message!.number! * 2 }, "write");
      assert(await done(bench, "write"));
    }
    stream.finish(0, "sent");
    assert(await done(bench, "sent"));
    assertEquals((await answers).map(({ number }) => number), [2, 4, 6]);
  });
});

test("server streams: [Q83] a request that cannot be decoded ends the call with INTERNAL, and no tag is lost", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, channel } = bench;
    const stream = new ServerAsyncReaderWriter<Note, Note>();
    calls.request(both, stream, { queue }, "there");
    const wrong = failure(
      collect(genericClient(channel).bidiStreaming("/trial.Trial/Both", [Uint8Array.of(0x0a, 0x7f)])),
    );
    assert(await done(bench, "there"));
    stream.read("read");
    assert(!await done(bench, "read"));
    stream.finish(0, "sent");
    assert(!await done(bench, "sent"));
    assertEquals([(await wrong).code, (await wrong).details.startsWith("cannot decode request")], [13, true]);
  });
});

test("server streams: a responder is of its method's kind, and for one call", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const writer = new ServerAsyncWriter<Note, Note>();
    assertThrows(
      () => calls.request(one, writer as never, { queue }, 1),
      TypeError,
      "Cannot request a call of /trial.Trial/One, which is unary, for a ServerAsyncWriter: it is for serverStreaming",
    );
    assertThrows(
      () => calls.request(one, {} as never, { queue }, 1),
      TypeError,
      "for an object: give a responder",
    );
    const responder: Unary = new ServerAsyncResponseWriter();
    calls.request(one, responder, { queue }, "there");
    assertThrows(
      () => calls.request(one, responder, { queue }, 1),
      TypeError,
      "Cannot request a call with a context that has one already",
    );
    const answer = client.one({});
    assert(await done(bench, "there"));
    responder.finish({}, 0, "sent");
    assert(await done(bench, "sent"));
    await answer;
  });
});

test("server streams: [Q73] a request that is refused has asked for nothing: its responder is for another one", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const other = new CompletionQueue<unknown>();
    const over = new CompletionQueue<unknown>();
    over.shutdown();
    const context = new ServerContext();
    const responder: Unary = new ServerAsyncResponseWriter(context);
    for (
      const [code, options] of [
        ["NOT_SERVER_COMPLETION_QUEUE", { queue: other }],
        ["COMPLETION_QUEUE_SHUTDOWN", { queue: over, notificationQueue: queue }],
      ] as const
    ) {
      const refused = assertThrows(() => calls.request(one, responder, options, "refused"), CallError);
      assertEquals(refused.code, code);
    }
    context.asyncNotifyWhenDone("done");
    calls.request(one, responder, { queue }, "there");
    assertThrows(() => context.isCancelled(), TypeError, "before the tag of asyncNotifyWhenDone has come");
    const answer = client.one({ number: 1 });
    assert(await done(bench, "there"));
    responder.finish({ number: 2 }, 0, "sent");
    const events = [say(await next(queue)), say(await next(queue))].sort();
    assertEquals([events, (await answer).number], [[["done", true], ["sent", true]], 2]);
    other.shutdown();
    other.destroy();
  });
});

test("server streams: [Q73] asyncNotifyWhenDone: its tag comes once, when the call is over, and isCancelled may be asked then", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    for (const cancels of [false, true]) {
      const context = new ServerContext();
      context.asyncNotifyWhenDone("done");
      assertThrows(() => context.asyncNotifyWhenDone("again"), TypeError, "of the end of a call twice");
      const responder: Unary = new ServerAsyncResponseWriter(context);
      calls.request(one, responder, { queue }, "there");
      assertThrows(() => context.asyncNotifyWhenDone("late"), TypeError, "set it before the request");
      assert(queue.describePending().includes('tag "done": end of the call that is requested'));
      const abort = new AbortController();
      const answer = client.one({}, { signal: abort.signal }).catch((error: unknown) =>
        (error as RpcError).code
      );
      assert(await done(bench, "there"));
      assert(queue.describePending().includes('tag "done": end of the call /trial.Trial/One'));
      assertThrows(() => context.isCancelled(), TypeError, "before the tag of asyncNotifyWhenDone has come");
      if (cancels) {
        abort.abort();
        assert(await done(bench, "done"));
        responder.finish({}, 0, "sent");
        assert(!await done(bench, "sent"));
        assertEquals(await answer, 1);
      } else {
        responder.finish({ text: "a" }, 0, "sent");
        const events = [say(await next(queue)), say(await next(queue))].sort();
        assertEquals(events, [["done", true], ["sent", true]]);
        assertEquals((await answer as Note).text, "a");
      }
      assertEquals(context.isCancelled(), cancels);
      assertEquals(queue.tryNext().type, "QUEUE_TIMEOUT");
    }
  });
});

test("server streams: [Q73] where the server shuts down before there is a call, the tag comes without success", async () => {
  await queueServing(async (bench) => {
    const { calls, queue } = bench;
    const context = new ServerContext();
    context.asyncNotifyWhenDone("done");
    calls.request(one, new ServerAsyncResponseWriter<Note, Note>(context), { queue }, "there");
    calls.shutdownAndNotify(queue, "over");
    const events = [say(queue.tryNext()), say(queue.tryNext())].sort();
    assertEquals(events, [["done", false], ["there", false]]);
    assert(context.isCancelled());
    context.tryCancel();
    assert(await done(bench, "over"));
  });
});

test("server streams: tryCancel ends the call without a status", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const responder: Unary = new ServerAsyncResponseWriter();
    responder.context.asyncNotifyWhenDone("done");
    calls.request(one, responder, { queue }, "there");
    const answer = failure(client.one({}));
    assert(await done(bench, "there"));
    responder.context.tryCancel();
    assert(await done(bench, "done"));
    assertEquals([(await answer).code, responder.context.isCancelled()], [1, true]);
  });
});

test("server streams: [Q42] { parent: context }: the call that is made for it ends with it", async () => {
  const other = new Server();
  let started = 0;
  other.addService(Trial, {
    ...echo,
    one: (_request, call) => {
      started++;
      return new Promise<Note>((resolve) => call.signal.addEventListener("abort", () => resolve({})));
    },
  });
  const channel = new Channel(`127.0.0.1:${await other.listen("127.0.0.1:0")}`);
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const responder: Unary = new ServerAsyncResponseWriter();
    calls.request(one, responder, { queue }, "there");
    const abort = new AbortController();
    const answer = failure(client.one({}, { signal: abort.signal }));
    assert(await done(bench, "there"));
    const child = failure(createClient(Trial, channel).one({}, { parent: responder.context }));
    await until(() => started === 1);
    abort.abort();
    await answer;
    assertEquals((await child).details, "the call that it was made for is over");
    responder.finish({}, 0, "sent");
    assert(!await done(bench, "sent"));
  });
  channel.close();
  other.close();
  await other.shutdown();
});

test("server streams: [Q68] a server that requests the next call before it works on this one serves them beside each other", async () => {
  await queueServing(async (bench) => {
    const { calls, queue, client } = bench;
    const request = (): void => {
      const responder: Unary = new ServerAsyncResponseWriter();
      calls.request(one, responder, { queue }, responder);
    };
    request();
    const answers = [client.one({ text: "a" }), client.one({ text: "b" })];
    const first = (await next(queue)).tag as Unary;
    assertEquals((await queue.next(queue.deadlineIn(60))).type, "QUEUE_TIMEOUT"); // one request, one call
    request();
    const second = (await next(queue)).tag as Unary;
    for (const responder of [second, first]) {
      responder.finish({ text: responder.request.text! }, "OK", "sent");
      assert(await done(bench, "sent"));
    }
    assertEquals((await Promise.all(answers)).map(({ text }) => text), ["a", "b"]);
  });
});
