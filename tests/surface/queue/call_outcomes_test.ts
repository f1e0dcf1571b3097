// What success means, operation by operation, and how calls over a queue end; by the numbers of their rules.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  CallError,
  Channel,
  CompletionQueue,
  createCall,
  createQueueClient,
  deadlineIn,
  OpFlags,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  type ServerCall,
} from "pollwire";
import { test } from "../../harness.ts";
import { CHUNK, gate, type Note, serving, Trial, until } from "../serving.ts";
import { calling } from "./calls.ts";
import { say } from "./queues.ts";

test("call by queue: [Q41] cancel may come any number of times; the first status stands; the server gets no more than a reset", async () => {
  await calling(async ({ make, served, events }) => {
    const call = make();
    const status = receiveStatusOnClient();
    call.startBatch([sendInitialMetadata(), status], "status");
    const server = await served();
    call.cancelWithStatus(10, "mine");
    call.cancel();
    call.cancelWithStatus(7, "too late");
    assertEquals(await events(1), { status: true });
    assertEquals([status.status?.code, status.status?.details, status.status?.error?.endedBy], [
      10,
      "mine",
      "user",
    ]);
    await until(() => server.call.cancelled);
    assertEquals((server.call.signal.reason as Error).message.includes("mine"), false);
  });
});

test("call by queue: [Q41] a call that has not begun can be cancelled, and one that is over stays as it is", async () => {
  await calling(async ({ make, served, events }) => {
    const call = make();
    const [message, status] = [receiveMessage<Note>(), receiveStatusOnClient()];
    call.startBatch([message], "read");
    call.cancel();
    assertEquals(await events(1), { read: false });
    call.startBatch([sendInitialMetadata(), sendMessage({})], "begin");
    call.startBatch([status], "status");
    assertEquals(await events(2), { begin: false, status: true });
    assertEquals([status.status?.code, status.status?.details], [1, "call was cancelled"]);

    const other = make();
    const end = receiveStatusOnClient();
    other.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
    const server = await served();
    server.respond("never read");
    server.finish("OK");
    assertEquals(await events(1), { begin: true });
    other.startBatch([end], "end"); // waits for the message to be read
    other.cancel(); // or to be given up
    assertEquals(await events(1), { end: true });
    assertEquals([end.status?.code, end.status?.details], [1, "call was cancelled"]); // and not OK
  });
});

test("call by queue: [Q42] deadline and end of a server's call go to a call that is made for it", async () => {
  const queue = new CompletionQueue<string>();
  const statuses = [receiveStatusOnClient(), receiveStatusOnClient()];
  const waiting = gate();
  let channelOf: Channel | undefined;
  const seen: number[] = [];
  const one = async (_request: Note, call: ServerCall): Promise<Note> => {
    const child = createCall(channelOf!, Trial.methods.both, { queue, parent: call });
    child.startBatch([sendInitialMetadata(), statuses[seen.length]!], "child");
    await waiting.opened;
    return {};
  };
  const both = (_requests: AsyncIterable<Note>, call: ServerCall): AsyncIterable<Note> => {
    seen.push(call.timeRemainingMs!);
    const end = new Promise<void>((resolve) => call.signal.addEventListener("abort", () => resolve()));
    return (async function* () {
      await end;
      yield* [];
    })();
  };
  await serving({ one, both }, async ({ channel }) => {
    channelOf = channel;
    const parent = (deadlineMs: number) =>
      createCall(channel, Trial.methods.one, { queue, deadline: deadlineIn(deadlineMs) });
    const whole = () => [
      ...[sendInitialMetadata(), sendMessage({}), sendCloseFromClient()],
      ...[receiveInitialMetadata(), receiveMessage<Note>(), receiveStatusOnClient()],
    ];
    const first = parent(50_000);
    first.startBatch(whole(), "parent");
    await until(() => seen.length === 1);
    assert(seen[0]! > 30_000 && seen[0]! <= 50_000);
    first.cancel();
    const tags = [(await queue.next()).tag, (await queue.next()).tag];
    assertEquals(tags.sort(), ["child", "parent"]);
    assertEquals(statuses[0]!.status?.code, 1);
    const second = parent(50_000);
    second.startBatch(whole(), "parent");
    await until(() => seen.length === 2);
    waiting.open(); // the handler is done before its child
    assertEquals([(await queue.next()).tag, (await queue.next()).tag].sort(), ["child", "parent"]);
    assertEquals(statuses[1]!.status?.code, 1);
    assertThrows(() => createCall(channel, "/a.B/C", { queue, parent: {} as never }), TypeError, "parent is");
  });
  queue.destroy();
});

test("call by queue: [Q43] peer is the target before there is a connection, and then the address", async () => {
  await serving({}, async ({ port }) => {
    const queue = new CompletionQueue();
    const channel = new Channel(`localhost:${port}`);
    const call = createCall(channel, "/trial.Trial/None", { queue, deadline: deadlineIn(60_000) });
    assertEquals(call.peer, `localhost:${port}`);
    const status = receiveStatusOnClient();
    call.startBatch([sendInitialMetadata(), sendCloseFromClient(), status], 1);
    await queue.next();
    assertEquals([status.status?.code, call.peer], [12, `127.0.0.1:${port}`]);
    channel.close();
    queue.destroy();
  });
});

test("call by queue: [Q44] sends succeed when flow control accepts them, before the server has read anything", async () => {
  const body = new Uint8Array(CHUNK);
  const reading = gate();
  let read = 0;
  await serving({
    up: async (requests) => {
      await reading.opened;
      for await (const request of requests) read += request.body!.length;
      return {};
    },
  }, async ({ channel }) => {
    const queue = new CompletionQueue<number>();
    const call = createCall(channel, Trial.methods.up, { queue, deadline: deadlineIn(60_000) });
    call.startBatch([sendInitialMetadata()], -1);
    assertEquals(say(await queue.next()), [-1, true]);
    let sent = 0;
    for (;;) { // until the windows are full
      call.startBatch([sendMessage({ body })], sent);
      const event = await queue.next(deadlineIn(300));
      if (event.type === "QUEUE_TIMEOUT") break;
      assertEquals(say(event), [sent++, true]);
    }
    assert(sent > 0 && read === 0, `${sent} accepted, ${read} read`);
    reading.open();
    assertEquals(say(await queue.next()), [sent, true]);
    const status = receiveStatusOnClient();
    call.startBatch([sendCloseFromClient(), receiveInitialMetadata(), receiveMessage<Note>(), status], -2);
    assertEquals(say(await queue.next()), [-2, true]);
    assertEquals([status.status?.code, read], [0, (sent + 1) * CHUNK]);
    queue.destroy();
  });
});

test("call by queue: [Q45] after a status, a cancel and a deadline every send completes with false", async () => {
  await calling(async ({ make, served, events }) => {
    const ends = ["status", "error status", "cancel", "deadline"];
    for (const end of ends) {
      const call = make(end === "deadline" ? 800 : 60_000);
      call.startBatch([sendInitialMetadata(), receiveInitialMetadata(), receiveStatusOnClient()], "status");
      const server = await served();
      if (end === "status") server.finish();
      if (end === "error status") server.finish("NOT_FOUND");
      if (end === "cancel") call.cancel();
      assertEquals(await events(1), { status: true }, end);
      for (let i = 0; i < 2; i++) {
        call.startBatch([sendMessage({})], "send");
        assertEquals(await events(1), { send: false }, end);
      }
      call.startBatch([sendCloseFromClient()], "close");
      assertEquals(await events(1), { close: false }, end);
    }
  });
});

test("call by queue: [Q45] a send that waits for flow control completes with false when the call ends", async () => {
  await calling(async ({ make, served, events, queue }) => {
    const call = make();
    call.startBatch([sendInitialMetadata(), sendMessage({ body: new Uint8Array(4_000_000) })], "large");
    const server = await served();
    server.call.signal; // nothing reads so fast
    call.cancel();
    const event = await queue.next();
    assertEquals(event.tag, "large");
    call.startBatch([receiveStatusOnClient()], "status");
    assertEquals(await events(1), { status: true });
  });
});

test("call by queue: [Q46] a deadline that has passed before the start: sends fail, the status is DEADLINE_EXCEEDED", async () => {
  await calling(async ({ make, events }) => {
    for (const batches of [1, 2]) {
      const call = make(-10.25);
      const status = receiveStatusOnClient();
      const sends = [sendInitialMetadata(), sendCloseFromClient()];
      if (batches === 1) {
        call.startBatch([...sends, status], "all");
        assertEquals(await events(1), { all: true });
      } else {
        call.startBatch(sends, "sends");
        call.startBatch([status], "status");
        assertEquals(await events(2), { sends: false, status: true });
      }
      assertEquals(status.status?.code, 4);
      assertEquals(status.status?.error?.endedBy, "user");
      assertMatch(status.status?.details ?? "", /^deadline of -[0-9]+ ms has passed$/);
    }
  });
});

test("call by queue: [Q46] the deadline holds for a call that waits to begin", async () => {
  await calling(async ({ make, events }) => {
    const call = make(20);
    const [message, status] = [receiveMessage<Note>(), receiveStatusOnClient()];
    call.startBatch([message], "read");
    call.startBatch([status], "status");
    assertEquals(await events(2), { read: false, status: true });
    assertEquals(status.status?.code, 4);
    assert(status.status!.details.startsWith("deadline of 20 ms exceeded"), status.status?.details);
    call.startBatch([sendInitialMetadata()], "too late");
    assertEquals(await events(1), { "too late": false });
  });
});

test("call by queue: [Q47] initial metadata: Trailers-Only has none and succeeds; a call that failed before does not", async () => {
  await calling(async ({ make, served, events, channel, queue }) => {
    const only = make();
    const metadata = receiveInitialMetadata();
    const status = receiveStatusOnClient();
    only.startBatch([sendInitialMetadata()], "begin");
    only.startBatch([metadata], "metadata");
    only.startBatch([status], "status");
    (await served()).finish("NOT_FOUND", "no such note");
    assertEquals(await events(3), { begin: true, metadata: true, status: true });
    assertEquals([metadata.metadata?.size, status.status?.code, status.status?.details], [
      0,
      5,
      "no such note",
    ]);
    const failing = [make(), make(800), createCall(channel, Trial.methods.both, { queue })];
    for (const [i, call] of failing.entries()) {
      const none = receiveInitialMetadata();
      call.startBatch([sendInitialMetadata()], "begin");
      call.startBatch([none], "metadata");
      await served();
      if (i === 0) call.cancel();
      if (i === 2) channel.close();
      assertEquals(await events(2), { begin: true, metadata: false });
      assertEquals(none.metadata, undefined);
    }
  });
});

test("call by queue: [Q48] at the end of the server's messages a receive succeeds, without a message", async () => {
  await calling(async ({ make, served, events }) => {
    const call = make();
    const [first, second, third] = [receiveMessage<Note>(), receiveMessage<Note>(), receiveMessage<Note>()];
    call.startBatch([sendInitialMetadata(), receiveInitialMetadata(), first], "first");
    const server = await served();
    server.respond("one");
    assertEquals(await events(1), { first: true });
    call.startBatch([second], "second");
    server.finish();
    assertEquals(await events(1), { second: true });
    call.startBatch([receiveStatusOnClient()], "status");
    assertEquals(await events(1), { status: true });
    call.startBatch([third], "third"); // after the status too
    assertEquals(await events(1), { third: true });
    assertEquals([first.message?.text, second.message, third.message], ["one", undefined, undefined]);
    assertEquals(call.failedBeforeRecvMessage, false);
  });
});

test("call by queue: [Q49] on a call that failed a receive fails, and says that it is not the end", async () => {
  await calling(async ({ make, served, events, channel }) => {
    for (const end of ["cancel", "deadline", "close"]) {
      const call = make(end === "deadline" ? 800 : 60_000);
      call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
      const server = await served();
      server.call.sendMetadata({});
      assertEquals(await events(1), { begin: true });
      const message = receiveMessage<Note>();
      call.startBatch([message], "read");
      if (end === "cancel") call.cancel();
      if (end === "close") channel.close();
      assertEquals(await events(1), { read: false }, end);
      assertEquals([message.message, call.failedBeforeRecvMessage], [undefined, true], end);
      call.startBatch([receiveMessage<Note>()], "again");
      assertEquals(await events(1), { again: false }, end);
    }
  });
});

test("call by queue: [Q50] a message is not delivered before initial metadata was asked for", async () => {
  await calling(async ({ make, served, events, none }) => {
    const call = make();
    const message = receiveMessage<Note>();
    call.startBatch([sendInitialMetadata()], "begin");
    call.startBatch([message], "read");
    const server = await served();
    server.respond("there");
    server.finish();
    assertEquals(await events(1), { begin: true });
    assertEquals(say(await none()), ["QUEUE_TIMEOUT"]);
    call.startBatch([receiveInitialMetadata()], "metadata");
    assertEquals(await events(2), { metadata: true, read: true });
    assertEquals(message.message?.text, "there");
  });
});

test("call by queue: [Q51] the status always succeeds, and so does the whole batch that it is in", async () => {
  await calling(async ({ make, served, events }) => {
    const call = make();
    const [metadata, message, status] = [
      receiveInitialMetadata(),
      receiveMessage<Note>(),
      receiveStatusOnClient(),
    ];
    call.startBatch([sendInitialMetadata(), sendMessage({}), metadata, message, status], "all");
    await served();
    call.cancel();
    assertEquals(await events(1), { all: true });
    assertEquals([metadata.metadata, message.message, status.status?.code], [undefined, undefined, 1]);
    assertEquals(status.status?.error?.message, "CANCELLED: call was cancelled");
  });
});

test("call by queue: [Q53] OK comes when every message was received", async () => {
  await calling(async ({ make, served, events, none }) => {
    const call = make();
    call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
    call.startBatch([receiveStatusOnClient()], "status");
    const server = await served();
    for (const text of ["1", "2"]) server.respond(text);
    server.finish();
    assertEquals(await events(1), { begin: true });
    assertEquals(say(await none()), ["QUEUE_TIMEOUT"]);
    const received = [receiveMessage<Note>(), receiveMessage<Note>()];
    call.startBatch([received[0]!], "1");
    assertEquals(await events(1), { 1: true });
    assertEquals(say(await none()), ["QUEUE_TIMEOUT"]);
    call.startBatch([received[1]!], "2");
    assertEquals(await events(2), { 2: true, status: true });
    assertEquals(received.map(({ message }) => message?.text), ["1", "2"]);
  });
});

test("call by queue: [Q46] [Q53] a status that waits for messages waits until the deadline", async () => {
  await calling(async ({ make, served, events }) => {
    for (const code of ["OK", "ABORTED"] as const) {
      const call = make(800);
      const [message, status] = [receiveMessage<Note>(), receiveStatusOnClient()];
      call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
      const server = await served();
      server.respond("never read");
      server.finish(code);
      call.startBatch([status], "status");
      assertEquals(await events(2), { begin: true, status: true });
      assertEquals(status.status?.code, 4);
      assertMatch(status.status!.details, / exceeded before the responses were read$/);
      call.startBatch([message], "read");
      assertEquals(await events(1), { read: false });
    }
  });
});

test("call by queue: [Q53] another status lets messages be received first, asked for or not", async () => {
  await calling(async ({ make, served, events, none }) => {
    for (const ask of [false, true]) {
      const call = make();
      const [message, status, end] = [
        receiveMessage<Note>(),
        receiveStatusOnClient(),
        receiveMessage<Note>(),
      ];
      call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
      if (ask) call.startBatch([status], "status");
      const server = await served();
      server.respond("buffered");
      server.finish("ABORTED");
      assertEquals(await events(1), { begin: true });
      assertEquals(say(await none()), ["QUEUE_TIMEOUT"]);
      call.startBatch([message], "read");
      assertEquals(await events(ask ? 2 : 1), ask ? { read: true, status: true } : { read: true });
      assertEquals(message.message?.text, "buffered");
      if (!ask) {
        call.startBatch([status], "status");
        assertEquals(await events(1), { status: true });
      }
      call.startBatch([end], "end");
      assertEquals(await events(1), { end: true });
      assertEquals([status.status?.code, end.message], [10, undefined]);
    }
  });
});

test("call by queue: [Q53] a call that is cancelled drops what was not received", async () => {
  await calling(async ({ make, served, events, none }) => {
    const call = make();
    call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
    const server = await served();
    server.respond("dropped");
    assertEquals(await events(1), { begin: true });
    await none();
    call.cancel();
    const message = receiveMessage<Note>();
    call.startBatch([message], "read");
    assertEquals(await events(1), { read: false });
    assertEquals(message.message, undefined);
  });
});

test("call by queue: [Q54] the message of a batch that failed is dropped, but not where the status is in it", async () => {
  await calling(async ({ make, served, events, none }) => {
    for (const withStatus of [false, true]) {
      const call = make();
      call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
      const server = await served();
      server.respond("message");
      server.finish();
      assertEquals(await events(1), { begin: true });
      await none(); // the call is over: what is sent now fails
      const [message, status] = [receiveMessage<Note>(), receiveStatusOnClient()];
      call.startBatch([sendMessage({}), message, ...(withStatus ? [status] : [])], "batch");
      assertEquals(await events(1), { batch: withStatus });
      assertEquals(message.message?.text, withStatus ? "message" : undefined);
    }
  });
});

test("call by queue: [Q83] a message that cannot be decoded ends the call with INTERNAL, and no tag is lost", async () => {
  await calling(async ({ channel, queue, served, events }) => {
    const wrong = {
      ...Trial.methods.both,
      responseCodec: { ...Trial.methods.both.responseCodec, decode: fail },
    };
    function fail(): Note {
      throw new Error("no such message");
    }
    const call = createCall(channel, wrong, { queue, deadline: deadlineIn(60_000) });
    const [message, status] = [receiveMessage<Note>(), receiveStatusOnClient()];
    call.startBatch([sendInitialMetadata(), receiveInitialMetadata(), message], "read");
    call.startBatch([status], "status");
    (await served()).respond("text");
    assertEquals(await events(2), { read: false, status: true });
    assertEquals([message.message, status.status?.code], [undefined, 13]);
    assertEquals(status.status?.details, "cannot decode response: no such message");
  }, { channel: { onError: () => {}, logger: { debug() {}, info() {}, warn() {}, error() {} } } });
});

test("call by queue: a connection that fails ends the call, unless it waits until the channel is ready", async () => {
  const queue = new CompletionQueue<string>();
  const channel = new Channel("127.0.0.1:1");
  const [usual, patient] = [1, 2].map(() =>
    createCall(channel, "/a.B/C", { queue, deadline: deadlineIn(200) })
  );
  const statuses = [receiveStatusOnClient(), receiveStatusOnClient()];
  usual!.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "usual");
  usual!.startBatch([statuses[0]!], "status");
  patient!.startBatch([sendInitialMetadata({}, OpFlags.WAIT_FOR_READY), statuses[1]!], "patient");
  const first = [say(await queue.next()), say(await queue.next())].sort();
  assertEquals(first, [["status", true], ["usual", false]]);
  assertEquals(say(await queue.next()), ["patient", true]);
  assertEquals(statuses.map(({ status }) => status?.code), [14, 4]);
  channel.close();
  queue.destroy();
});

test("[C14] call by queue: what it says of waiting for a connection comes before what the service config says", async () => {
  const { WAIT_FOR_READY, WAIT_FOR_READY_EXPLICITLY_SET } = OpFlags;
  const outcomes: unknown[] = [];
  for (const configured of [true, false]) {
    const serviceConfig = { methodConfig: [{ name: [{}], waitForReady: configured }] };
    const channel = new Channel("127.0.0.1:1", { serviceConfig });
    const queue = new CompletionQueue<ReturnType<typeof receiveStatusOnClient>>();
    const code = async () => (await queue.next()).tag?.status?.code;
    // The first one fails when the connection was refused, so that the others need not wait for that.
    const deadline = (waits: boolean) => deadlineIn(waits ? 50 : 30_000);
    const flagged = [
      [WAIT_FOR_READY_EXPLICITLY_SET, false],
      [0, configured],
      [WAIT_FOR_READY | WAIT_FOR_READY_EXPLICITLY_SET, true],
    ] as const;
    for (const [flags, waits] of flagged) {
      const status = receiveStatusOnClient();
      createCall(channel, "/a.B/C", { queue, deadline: deadline(waits) })
        .startBatch([sendInitialMetadata({}, flags), status], status);
      outcomes.push(await code());
    }
    const typed = new CompletionQueue<string>();
    const client = createQueueClient(Trial, channel, typed);
    for (const options of [{}, { waitForReady: false }, { waitForReady: true }]) {
      const call = client.asyncOne({}, {
        deadline: deadline(options.waitForReady ?? configured),
        ...options,
      });
      call.finish("status");
      await typed.next();
      outcomes.push(call.status?.code);
    }
    channel.close();
    for (const one of [queue, typed]) one.destroy();
  }
  assertEquals(outcomes, [14, 4, 4, 4, 14, 4, 14, 14, 4, 14, 14, 4]);
});

test("call by queue: describePending of its channel says which operations are outstanding, and what they wait for", async () => {
  await calling(async ({ make, served, events, none, channel }) => {
    const lines = () => channel.describePending().split("\n  ").slice(1);
    const call = make();
    call.startBatch([receiveMessage<Note>()], "read");
    assertEquals(lines(), []); // it has not begun
    call.startBatch([sendInitialMetadata()], "begin");
    call.startBatch([receiveStatusOnClient()], "status");
    assertEquals(await events(1), { begin: true });
    const read = "RECV_MESSAGE (comes after RECV_INITIAL_METADATA, which was not started)";
    assertEquals(lines(), [`call /trial.Trial/Both: ${read}, RECV_STATUS_ON_CLIENT`]);
    const server = await served();
    server.respond("1");
    server.respond("2");
    server.finish();
    await none();
    const status = "RECV_STATUS_ON_CLIENT (comes when 2 messages were received)";
    assertEquals(lines(), [`call /trial.Trial/Both: ${read}, ${status}`]);
    call.startBatch([receiveInitialMetadata()], "metadata");
    assertEquals(await events(2), { metadata: true, read: true });
    call.cancel();
    assertEquals([await events(1), lines()], [{ status: true }, []]);
    const idle = make();
    idle.startBatch([sendInitialMetadata()], "begin");
    assertEquals(await events(1), { begin: true });
    assertEquals(lines(), ["call /trial.Trial/Both: no operation is outstanding"]);
    idle.cancel();
    assertEquals(lines(), []);
  });
});

test("call by queue: [Q41] a status that is none, or OK, is no end of a call, and what is no list is no batch", async () => {
  await calling(async ({ make, events }) => {
    const call = make();
    const status = receiveStatusOnClient();
    call.startBatch([sendInitialMetadata(), status], "status");
    for (const code of [0, "OK", 17, "SORRY", undefined] as never[]) {
      assertThrows(
        () => call.cancelWithStatus(code, "x"),
        TypeError,
        "Cannot cancel the call of /trial.Trial/Both",
      );
    }
    const details = 5 as never;
    assertThrows(() => call.cancelWithStatus("ABORTED", details), TypeError, "its details are the number 5");
    const none = "Cannot start a batch of /trial.Trial/Both: operations are";
    for (const wrong of [undefined, receiveMessage()] as never[]) {
      assertThrows(() => call.startBatch(wrong, "x"), CallError, none);
    }
    call.cancelWithStatus("ABORTED", "by its name");
    assertEquals(await events(1), { status: true });
    assertEquals([status.status?.code, status.status?.details], [10, "by its name"]);
  });
});

test("call by queue: what no call can be made of throws", async () => {
  await serving({}, async ({ channel }) => {
    using queue = new CompletionQueue();
    for (
      const path of [
        "a.B/C",
        "x/a.B/C",
        "/a.B",
        "/a.B/",
        "//C",
        "/a/b/c",
        "",
        "/a.B/C D",
        "/a.B/\n",
        "/a.B/\u00e9",
      ]
    ) {
      assertThrows(
        () => createCall(channel, path, { queue }),
        TypeError,
        'a path is "/package.Service/Method"',
      );
    }
    assertThrows(
      () => createCall(channel, {} as never, { queue }),
      TypeError,
      "give a method of a service, or a path",
    );
    assertThrows(() => createCall({} as never, "/a.B/C", { queue }), TypeError, "expected a Channel");
    assertThrows(
      () => createCall(channel, "/a.B/C", { queue: {} as never }),
      TypeError,
      "give a CompletionQueue",
    );
    assertThrows(
      () => createCall(channel, "/a.B/C", { queue, deadline: Date.now() }),
      TypeError,
      "deadlineIn",
    );
    assertThrows(
      () => createCall(channel, "/a.B/C", { queue, deadlineMs: 5 } as never),
      TypeError,
      "did you mean deadline?",
    );
    await Promise.resolve();
  });
});
