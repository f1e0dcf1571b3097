// Batches: what is accepted, what is refused and how, by the numbers of their rules.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CallError,
  type CallErrorCode,
  CompletionQueue,
  createCall,
  deadlineIn,
  type Metadata,
  OpFlags,
  receiveCloseOnServer,
  receiveInitialMetadata,
  receiveMessage,
  receiveStatusOnClient,
  sendCloseFromClient,
  sendInitialMetadata,
  sendMessage,
  sendStatusFromServer,
} from "pollwire";
import { test } from "../../harness.ts";
import { type Note, Trial, until } from "../serving.ts";
import { calling, type Trials } from "./calls.ts";
import { say } from "./queues.ts";

const PATH = "/trial.Trial/Both";

/** `start` is refused with `code`, and the message says `words`; no event comes of it. */
function refused(start: () => void, code: CallErrorCode, words: string): void {
  const error = assertThrows(start, CallError, words);
  assertEquals(error.code, code);
  assert(error.message.startsWith(`${code}: Cannot start `) && error.message.includes(PATH), error.message);
}

/** Ends a call that has begun or not: nothing of it is pending then. */
async function finish(call: ReturnType<Trials["make"]>, { events }: Trials): Promise<void> {
  call.cancel();
  call.startBatch([receiveStatusOnClient()], "status");
  assertEquals(await events(1), { status: true });
}

test("batch: [Q5][Q30] one event when all its operations are done", async () => {
  await calling(async (trials) => {
    const { make, served, events, none } = trials;
    const call = make();
    const [metadata, message, status] = [
      receiveInitialMetadata(),
      receiveMessage<Note>(),
      receiveStatusOnClient(),
    ];
    call.startBatch([
      sendInitialMetadata({ a: "b" }),
      sendMessage({ text: "hello" }),
      sendCloseFromClient(),
      metadata,
      message,
      status,
    ], "all");
    const server = await served();
    server.call.sendMetadata({ initial: "1" });
    server.respond("answer");
    assertEquals(say(await none()), ["QUEUE_TIMEOUT"]); // the status is missing
    server.finish("OK", "", { trailing: "2" });
    assertEquals(await events(1), { all: true });
    assertEquals(server.call.metadata.get("a"), "b");
    assertEquals([server.received.map(({ text }) => text), server.halfClosed], [["hello"], true]);
    assertEquals(metadata.metadata?.get("initial"), "1");
    assertEquals(message.message?.text, "answer");
    assertEquals([status.status?.code, status.status?.details, status.status?.error], [0, "", undefined]);
    assertEquals(status.status?.metadata.get("trailing"), "2");
    assertEquals(say(await none()), ["QUEUE_TIMEOUT"]);
  });
});

test("batch: [Q31][Q33] a batch that a getter of its message starts goes first, and the one around it is refused", async () => {
  await calling(async (trials) => {
    const { make, served, events, none } = trials;
    const call = make();
    let isInside = false;
    const message: Note = {
      get text() {
        if (!isInside) call.startBatch([sendInitialMetadata(), sendMessage({ text: "inner" })], "inner");
        isInside = true;
        return "outer";
      },
    };
    refused(
      () => call.startBatch([sendInitialMetadata(), sendMessage(message)], "outer"),
      "TOO_MANY_OPERATIONS",
      "SEND_INITIAL_METADATA",
    );
    assertEquals(await events(1), { inner: true });
    const server = await served();
    await until(() => server.received.length > 0);
    assertEquals([server.received.map(({ text }) => text), say(await none())], [["inner"], [
      "QUEUE_TIMEOUT",
    ]]);
    await finish(call, trials);
  });
});

test("batch: [Q27] all events of a call come out of its own queue", async () => {
  await calling(async ({ channel, make, served, events, queue }) => {
    const other = new CompletionQueue<string>();
    const elsewhere = createCall(channel, Trial.methods.both, { queue: other, deadline: deadlineIn(60_000) });
    const here = make();
    elsewhere.startBatch([sendInitialMetadata(), receiveStatusOnClient()], "other");
    here.startBatch([sendInitialMetadata(), receiveStatusOnClient()], "here");
    for (let i = 0; i < 2; i++) (await served()).finish();
    assertEquals(await events(1), { here: true });
    assertEquals(say(await other.next()), ["other", true]);
    assertEquals([say(queue.tryNext()), say(other.tryNext())], [["QUEUE_TIMEOUT"], ["QUEUE_TIMEOUT"]]);
    other.destroy();
  });
});

test("batch: [Q28] a kind twice in a batch is refused; the order means nothing", async () => {
  await calling(async (trials) => {
    const { make, served, events } = trials;
    const call = make();
    refused(
      () => call.startBatch([sendInitialMetadata(), sendInitialMetadata()], "twice"),
      "TOO_MANY_OPERATIONS",
      "Cannot start SEND_INITIAL_METADATA on /trial.Trial/Both (client): a batch has at most one of a kind",
    );
    refused(
      () => call.startBatch([receiveMessage<Note>(), receiveMessage<Note>()], ""),
      "TOO_MANY_OPERATIONS",
      "one of a kind",
    );
    const [status, message] = [receiveStatusOnClient(), receiveMessage<Note>()];
    call.startBatch([
      status,
      message,
      sendCloseFromClient(),
      receiveInitialMetadata(),
      sendMessage({ text: "in any order" }),
      sendInitialMetadata(),
    ], "reversed");
    const server = await served();
    server.respond("yes");
    server.finish();
    assertEquals(await events(1), { reversed: true });
    assertEquals([server.received[0]?.text, message.message?.text, status.status?.code], [
      "in any order",
      "yes",
      0,
    ]);
  });
});

test("batch: [Q29] an empty one is done at once, through the queue", async () => {
  await calling(async ({ make, queue }) => {
    const call = make();
    call.startBatch([], "empty");
    assertEquals(say(queue.tryNext()), ["empty", true]);
    call.cancel();
    call.startBatch([], "empty again");
    assertEquals(say(queue.tryNext()), ["empty again", true]);
    await Promise.resolve();
  });
});

test("batch: [Q31] one that is refused has changed nothing: the same operations can be started, and no event comes", async () => {
  await calling(async (trials) => {
    const { make, served, events, queue } = trials;
    const call = make();
    const operations = [sendInitialMetadata(), sendMessage({ text: "first" }), receiveInitialMetadata()];
    refused(
      () => call.startBatch([...operations, sendMessage({ text: "" })], ""),
      "TOO_MANY_OPERATIONS",
      "one of a kind",
    );
    refused(() => call.startBatch([...operations, receiveMessage<Note>(0x10)], ""), "INVALID_FLAGS", "0x10");
    refused(
      () => call.startBatch([...operations, sendStatusFromServer() as never], ""),
      "NOT_ON_CLIENT",
      "of servers",
    );
    const wrong = [sendInitialMetadata({ "a b": "" }), operations[1]!, operations[2]!];
    refused(() => call.startBatch(wrong, ""), "INVALID_METADATA", "a b");
    const noPairs = [sendInitialMetadata([5, null] as never), operations[1]!, operations[2]!];
    refused(() => call.startBatch(noPairs, ""), "INVALID_METADATA", "Cannot make metadata of the number 5");
    assertEquals(say(queue.tryNext()), ["QUEUE_TIMEOUT"]);
    call.startBatch(operations, "accepted");
    const server = await served();
    server.call.sendMetadata({});
    assertEquals(await events(1), { accepted: true });
    assertEquals(server.received.map(({ text }) => text), ["first"]);
    call.startBatch([sendMessage({ text: "second" })], "second"); // its place is free
    assertEquals(await events(1), { second: true });
    await finish(call, trials);
  });
});

test("batch: [Q32] operations of servers are NOT_ON_CLIENT; what is none is an error", async () => {
  await calling(async (trials) => {
    const call = trials.make();
    for (const operation of [sendStatusFromServer(), receiveCloseOnServer()]) {
      refused(
        () => call.startBatch([operation as never], ""),
        "NOT_ON_CLIENT",
        `${operation.type} on ${PATH} (client)`,
      );
    }
    for (const operation of [undefined, {}, "RECV_MESSAGE"]) {
      refused(() => call.startBatch([operation as never], ""), "ERROR", "is no operation");
    }
    await finish(call, trials);
  });
});

test("batch: [Q33] what a call has once is refused again, also after the first one is done", async () => {
  await calling(async (trials) => {
    const { make, served, events } = trials;
    const call = make();
    const once = () => [
      sendInitialMetadata(),
      sendCloseFromClient(),
      receiveInitialMetadata(),
      receiveStatusOnClient(),
    ];
    const again = (): void => {
      for (const operation of once()) {
        refused(
          () => call.startBatch([operation], ""),
          "TOO_MANY_OPERATIONS",
          `${operation.type} on ${PATH} (client): a call has it once`,
        );
      }
    };
    call.startBatch(once(), "all");
    again();
    (await served()).finish();
    assertEquals(await events(1), { all: true });
    again();
  });
});

test("batch: [Q34] one message each way at a time; the ways do not wait for each other", async () => {
  await calling(async (trials) => {
    const { make, served, events } = trials;
    const call = make();
    call.startBatch([sendMessage({ text: "kept" })], "write"); // before the call has begun
    refused(
      () => call.startBatch([sendMessage({ text: "" })], ""),
      "TOO_MANY_OPERATIONS",
      "SEND_MESSAGE on /trial.Trial/Both (client): the one before is not done",
    );
    call.startBatch([receiveMessage<Note>()], "read");
    refused(() => call.startBatch([receiveMessage<Note>()], ""), "TOO_MANY_OPERATIONS", "RECV_MESSAGE");
    call.startBatch([sendInitialMetadata(), receiveInitialMetadata()], "begin");
    const server = await served();
    assertEquals(await events(1), { write: true }); // the read is still there
    call.startBatch([sendMessage({ text: "next" })], "write 2");
    assertEquals(await events(1), { "write 2": true });
    server.respond("now");
    assertEquals(await events(2), { begin: true, read: true });
    call.startBatch([receiveMessage<Note>()], "read 2");
    await until(() => server.received.length === 2);
    call.cancel();
    call.startBatch([receiveStatusOnClient()], "status");
    assertEquals(await events(2), { "read 2": false, status: true });
    assertEquals(server.received.map(({ text }) => text), ["kept", "next"]);
  });
});

test("batch: [Q36] a message that is missing or cannot be encoded, metadata that cannot be sent, an object twice", async () => {
  await calling(async (trials) => {
    const { make } = trials;
    const call = make();
    const both = "SEND_MESSAGE on /trial.Trial/Both (client): ";
    refused(
      () => call.startBatch([sendMessage(undefined as never)], ""),
      "INVALID_MESSAGE",
      `${both}there is no message`,
    );
    refused(() => call.startBatch([sendMessage(null as never)], ""), "INVALID_MESSAGE", both);
    refused(() => call.startBatch([sendMessage({ number: "x" } as never)], ""), "INVALID_MESSAGE", "number");
    const raw = createCall(trials.channel, PATH, { queue: trials.queue });
    refused(
      () => raw.startBatch([sendMessage("text" as never)], ""),
      "INVALID_MESSAGE",
      "expected a Uint8Array",
    );
    for (
      const metadata of [{ "Bad Key": "v" }, { key: "\n" }, { "grpc-status": "0" }, { "a-bin": "text" }, 5]
    ) {
      refused(
        () => call.startBatch([sendInitialMetadata(metadata as never)], ""),
        "INVALID_METADATA",
        "SEND_INITIAL_METADATA",
      );
    }
    const operation = receiveMessage<Note>();
    call.startBatch([operation], "read");
    refused(() => make().startBatch([operation], ""), "ERROR", "part of a batch that is not done");
    call.cancel();
    assertEquals(await trials.events(1), { read: false });
  });
});

test("batch: [Q37] flags are of their operations alone", async () => {
  await calling(async (trials) => {
    const { BUFFER_HINT, NO_COMPRESS, THROUGH, WAIT_FOR_READY, WAIT_FOR_READY_EXPLICITLY_SET } = OpFlags;
    const call = trials.make();
    const metadata = WAIT_FOR_READY | WAIT_FOR_READY_EXPLICITLY_SET | THROUGH;
    const message = BUFFER_HINT | NO_COMPRESS | THROUGH;
    for (let flag = 1; flag <= 0x100; flag *= 2) {
      if ((metadata & flag) === 0) {
        refused(
          () => call.startBatch([sendInitialMetadata({}, flag)], ""),
          "INVALID_FLAGS",
          `the flags 0x${flag.toString(16)}`,
        );
      }
      if ((message & flag) === 0) {
        refused(
          () => call.startBatch([sendMessage({}, flag)], ""),
          "INVALID_FLAGS",
          `the flags 0x${flag.toString(16)}`,
        );
      }
      for (
        const operation of [
          sendCloseFromClient(flag),
          receiveInitialMetadata(flag),
          receiveMessage<Note>(flag),
          receiveStatusOnClient(flag),
        ]
      ) refused(() => call.startBatch([operation], ""), "INVALID_FLAGS", operation.type);
    }
    call.startBatch([sendInitialMetadata({}, metadata), sendMessage({}, message)], "all flags");
    assertEquals(await trials.events(1), { "all flags": true });
    await finish(call, trials);
  });
});

test("batch: [Q38] THROUGH: the event comes when the message is in the socket", async () => {
  await calling(async (trials) => {
    const call = trials.make();
    call.startBatch([sendInitialMetadata()], "begin");
    assertEquals(await trials.events(1), { begin: true });
    call.startBatch([sendMessage({ text: "usual" })], "usual");
    assertEquals(say(trials.queue.tryNext()), ["usual", true]); // accepted
    call.startBatch([sendMessage({ text: "through" }, OpFlags.THROUGH)], "through");
    assertEquals(say(trials.queue.tryNext()), ["QUEUE_TIMEOUT"]);
    assertEquals(await trials.events(1), { through: true });
    call.startBatch([sendMessage({ text: "never" }, OpFlags.THROUGH)], "never");
    call.cancel();
    assertEquals(await trials.events(1), { never: false });
  });
});

test("batch: [Q38] BUFFER_HINT: messages wait, in order, for one without, or for the half-close", async () => {
  await calling(async (trials) => {
    const call = trials.make();
    call.startBatch([sendInitialMetadata()], "begin");
    assertEquals(await trials.events(1), { begin: true });
    const server = await trials.served();
    const texts = () => server.received.map(({ text }) => text);
    for (const text of ["a", "b"]) {
      call.startBatch([sendMessage({ text }, OpFlags.BUFFER_HINT)], text);
      assertEquals(say(trials.queue.tryNext()), [text, true]);
    }
    assertEquals([(await trials.none()).type, texts()], ["QUEUE_TIMEOUT", []]);
    call.startBatch([sendMessage({ text: "c" })], "c");
    assertEquals(await trials.events(1), { c: true });
    await until(() => server.received.length === 3);
    assertEquals(texts(), ["a", "b", "c"]);
    call.startBatch([sendMessage({ text: "d" }, OpFlags.BUFFER_HINT)], "d");
    call.startBatch([sendCloseFromClient()], "close");
    assertEquals(await trials.events(2), { d: true, close: true });
    await until(() => server.halfClosed);
    assertEquals(texts(), ["a", "b", "c", "d"]);
    await finish(call, trials);
  });
});

test("batch: [Q38] BUFFER_HINT: what is held back is bounded, and THROUGH is not held back", async () => {
  await calling(async (trials) => {
    const call = trials.make();
    call.startBatch([sendMessage({ text: "x".repeat(70_000) }, OpFlags.BUFFER_HINT)], "large");
    call.startBatch([sendInitialMetadata()], "begin");
    assertEquals(await trials.events(2), { begin: true, large: true });
    const server = await trials.served();
    await until(() => server.received.length === 1);
    call.startBatch([sendMessage({ text: "now" }, OpFlags.BUFFER_HINT | OpFlags.THROUGH)], "now");
    assertEquals(await trials.events(1), { now: true });
    await until(() => server.received.length === 2);
    await finish(call, trials);
  });
});

test("batch: [Q39] a message is encoded when its batch starts, and never changed", async () => {
  await calling(async (trials) => {
    const { queue, events, served } = trials;
    const call = createCall(trials.channel, PATH, { queue, deadline: deadlineIn(60_000) });
    const bytes = Uint8Array.of(0x0a, 1, 0x61); // { text: "a" }
    call.startBatch([sendInitialMetadata(), sendMessage(bytes)], "raw");
    bytes.fill(0xff);
    assertEquals(await events(1), { raw: true });
    const server = await served();
    server.finish();
    const [message, status] = [receiveMessage<Uint8Array>(), receiveStatusOnClient()];
    call.startBatch([receiveInitialMetadata(), message, status], "end");
    assertEquals(await events(1), { end: true });
    assertEquals([status.status?.code, server.received.map(({ text }) => text)], [0, ["a"]]);
    assertEquals([...bytes], [0xff, 0xff, 0xff]);
  });
});

test("batch: [Q40] the deadline is sent with initial metadata, and `te` of the application is not", async () => {
  await calling(async (trials) => {
    const calls = [{ te: "x", a: "1" }, [["TE", "x"], ["a", "1"]] as Array<[string, string]>];
    for (const metadata of calls) {
      const call = trials.make(40_000);
      call.startBatch([sendInitialMetadata(metadata), receiveStatusOnClient()], "status");
      const { call: seen, finish } = await trials.served();
      assert(seen.timeRemainingMs! > 30_000 && seen.timeRemainingMs! <= 40_000, `${seen.timeRemainingMs}`);
      assertEquals([...(seen.metadata as Metadata)], [["a", "1"]]);
      void finish;
      call.cancel();
      assertEquals(await trials.events(1), { status: true });
    }
  });
});

test("batch: a batch and its operations say what is missing", async () => {
  await calling(async (trials) => {
    const call = trials.make();
    call.startBatch([receiveMessage<Note>(), sendInitialMetadata(), receiveInitialMetadata()], "pending");
    await trials.served();
    assert(
      trials.queue.describePending().includes(
        `tag "pending": batch of ${PATH} (client): SEND_INITIAL_METADATA (done), RECV_INITIAL_METADATA, RECV_MESSAGE`,
      ),
      trials.queue.describePending(),
    );
    call.cancel();
    assertEquals(await trials.events(1), { pending: false });
  });
});

test("batch: on a queue that is over, or that cannot call the tag, nothing has begun", async () => {
  await calling(async (trials) => {
    const queue = new CompletionQueue();
    const call = createCall(trials.channel, Trial.methods.both, { queue });
    queue.shutdown();
    const message = sendMessage<Note>({ text: "kept" });
    refused(
      () => call.startBatch([sendInitialMetadata(), message], 1),
      "COMPLETION_QUEUE_SHUTDOWN",
      "is shut down",
    );

    const callbacks = new CompletionQueue({ completionType: "CALLBACK" });
    const other = createCall(trials.channel, Trial.methods.both, { queue: callbacks });
    assertThrows(() => other.startBatch([message], "no function"), TypeError, "not a function");
    const done = new Promise((resolve) => other.startBatch([message, sendInitialMetadata()], resolve));
    assertEquals(await done, true);
    other.cancel();
    callbacks.destroy();
  });
});

test("batch: [Q48] an operation that is started again has nothing of the time before", async () => {
  await calling(async (trials) => {
    const { make, served, events } = trials;
    const message = receiveMessage<Note>();
    const first = make();
    first.startBatch(
      [sendInitialMetadata(), sendCloseFromClient(), receiveInitialMetadata(), message],
      "first",
    );
    const server = await served();
    server.respond("answer");
    assertEquals(await events(1), { first: true });
    assertEquals(message.message?.text, "answer");
    first.startBatch([message], "end");
    assertEquals(message.message, undefined);
    server.finish();
    assertEquals(await events(1), { end: true });
    assertEquals(message.message, undefined);
    await finish(first, trials);

    const [metadata, status] = [receiveInitialMetadata(), receiveStatusOnClient()];
    for (const details of ["once", "again"]) {
      trials.make().startBatch([sendInitialMetadata(), metadata, status], details);
      assertEquals([metadata.metadata, status.status], [undefined, undefined]);
      const server = await served();
      server.call.sendMetadata({ details });
      server.finish("ABORTED", details);
      assertEquals(await events(1), { [details]: true });
      assertEquals([metadata.metadata?.get("details"), status.status?.details], [details, details]);
    }
  });
});
