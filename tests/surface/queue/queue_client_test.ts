// Typed clients over a queue, by the numbers of their rules.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  CallError,
  CompletionQueue,
  createQueueClient,
  deadlineIn,
  type QueueClient,
  RpcError,
  type ServerCall,
} from "pollwire";
import { test } from "../../harness.ts";
import { type BenchOptions, collect, echo, gate, type Handlers, serving, Trial, until } from "../serving.ts";
import { keeping, say } from "./queues.ts";

/** Runs `check` with a client of the Trial service over a queue of its own, which must be drained at the end. */
async function asking(
  handlers: Handlers,
  check: (client: QueueClient<typeof Trial, string>, queue: CompletionQueue<string>) => Promise<void>,
  options: BenchOptions = {},
): Promise<void> {
  await serving(handlers, async ({ channel }) => {
    const queue = new CompletionQueue<string>();
    await check(createQueueClient(Trial, channel, queue), queue);
    queue.destroy();
  }, options);
}

/** The next event; a test that waits for one too many fails. */
async function next(queue: CompletionQueue<string>): Promise<unknown[]> {
  return say(await queue.next(deadlineIn(15_000)));
}

const options = () => ({ deadline: deadlineIn(60_000) });

test("queue client: [Q77] unary: it starts at once, or by startCall, and only finish has an event", async () => {
  await asking(echo, async (client, queue) => {
    const call = client.asyncOne({ text: "at once" }, { ...options(), metadata: { a: "b" } });
    call.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
    assertEquals([call.response?.text, call.status?.code, call.initialMetadata?.size], ["at once", 0, 0]);
    const prepared = client.prepareAsyncOne({ text: "later" });
    assertThrows(
      () => prepared.finish("early"),
      TypeError,
      "Cannot finish on /trial.Trial/One: call startCall first",
    );
    assertThrows(() => prepared.readInitialMetadata("early"), TypeError, "call startCall first");
    prepared.startCall();
    assertThrows(
      () => prepared.startCall(),
      TypeError,
      "Cannot startCall of /trial.Trial/One: it was started",
    );
    prepared.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
    assertEquals([prepared.response?.text, say(queue.tryNext())], ["later", ["QUEUE_TIMEOUT"]]);
  });
});

test("queue client: [Q77] what is prepared and not started is not sent; the deadline holds all the same", async () => {
  let calls = 0;
  await asking({
    one: () => {
      calls++;
      return {};
    },
  }, async (client, queue) => {
    client.prepareAsyncOne({});
    const late = client.prepareAsyncOne({}, { deadline: deadlineIn(-5) });
    late.startCall();
    late.finish("late");
    assertEquals(await next(queue), ["late", true]);
    assertEquals([late.status?.code, late.response, calls], [4, undefined, 0]);
    const wrong = { deadline: 5, retries: 1 } as never;
    assertThrows(() => client.asyncOne({}, wrong), TypeError, 'there is no option "retries"');
    for (const name of ["waitForReady", "corked"]) {
      const says = `${name} is the string "no"; give true or false`;
      assertThrows(() => client.asyncOne({}, { [name]: "no" }), TypeError, says);
    }
    assertThrows(() => client.asyncOne({ number: "x" } as never), CallError, "INVALID_MESSAGE");
  });
});

test("queue client: [Q78] the start of a stream has an event; a corked call has none, and begins with its first write", async () => {
  const seen: string[] = [];
  await asking({
    up: async (requests, call) => {
      seen.push(String(call.metadata.get("a")));
      return { number: (await collect(requests)).length };
    },
    down: (request) => [request],
  }, async (client, queue) => {
    const usual = client.asyncUp("start", { metadata: { a: "usual" } });
    assertEquals(await next(queue), ["start", true]);
    await until(() => seen.length === 1); // before any request
    usual.writesDone("done");
    assertEquals(await next(queue), ["done", true]);
    assertThrows(() => usual.write({}, "more"), TypeError, "writeLast or writesDone was called");
    usual.finish("finish");
    assertEquals(await next(queue), ["finish", true]);

    const corked = client.prepareAsyncUp({ metadata: { a: "corked" }, corked: true });
    corked.startCall("never");
    assertEquals(say(await queue.next(deadlineIn(30))), ["QUEUE_TIMEOUT"]);
    assertEquals(seen, ["usual"]);
    corked.write({}, "write");
    assertEquals(await next(queue), ["write", true]);
    corked.writeLast({}, "last");
    assertEquals(await next(queue), ["last", true]);
    corked.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
    assertEquals([corked.response?.number, seen], [2, ["usual", "corked"]]);

    const down = client.asyncDown({ text: "with a start" }, "start");
    assertEquals(await next(queue), ["start", true]);
    down.read("read");
    assertEquals(await next(queue), ["read", true]);
    down.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
    assertEquals([down.message?.text, down.status?.code], ["with a start", 0]);
  });
});

test("queue client: [Q78] a corked call that reads or finishes before its first write begins with that", async () => {
  await asking({
    both: async function* (_requests, call) {
      yield { text: `both ${call.metadata.get("a")}` };
    },
    up: async (requests, call) => {
      call.sendMetadata({ begun: "up" });
      return { text: `up ${call.metadata.get("a")}`, number: (await collect(requests)).length };
    },
  }, async (client, queue) => {
    const both = client.prepareAsyncBoth({ ...options(), metadata: { a: "reads" }, corked: true });
    both.startCall("never");
    both.read("read");
    assertEquals([await next(queue), both.message?.text], [["read", true], "both reads"]);
    both.finish("finish");
    assertEquals([await next(queue), both.status?.code], [["finish", true], 0]);

    const up = client.prepareAsyncUp({ ...options(), metadata: { a: "finishes" }, corked: true });
    up.startCall("never");
    up.finish("finish");
    await until(() => up.peer.includes(":"));
    up.writeLast({}, "last");
    assertEquals([await next(queue), await next(queue)].sort(), [["finish", true], ["last", true]]);
    assertEquals([up.response?.text, up.response?.number], ["up finishes", 1]);
  });
});

test("queue client: [Q79] initial metadata is asked for once, before read and finish, which ask for it themselves", async () => {
  await asking({
    one: (_request, call: ServerCall) => {
      call.sendMetadata({ x: "1" });
      return {};
    },
    down: (request, call) => {
      call.sendMetadata({ x: "2" });
      return [request];
    },
  }, async (client, queue) => {
    const call = client.asyncOne({});
    call.readInitialMetadata("metadata");
    assertEquals(await next(queue), ["metadata", true]);
    assertEquals(call.initialMetadata?.get("x"), "1");
    assertThrows(
      () => call.readInitialMetadata("again"),
      TypeError,
      "Cannot readInitialMetadata of /trial.Trial/One",
    );
    call.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
    assertThrows(() => call.readInitialMetadata("after"), TypeError, "it was asked for");
    const down = client.asyncDown({}, "start");
    await next(queue);
    down.read("read");
    assertThrows(
      () => down.readInitialMetadata("with"),
      TypeError,
      "it was asked for, by itself or with read or finish",
    );
    assertEquals(await next(queue), ["read", true]);
    assertEquals(down.initialMetadata?.get("x"), "2");
    down.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
  });
});

test("queue client: [Q48][Q80] at the end a read has no success, and finish always has", async () => {
  await asking({
    down: function* ({ number }) {
      for (let i = 1; i <= number!; i++) yield { number: i };
      if (number === 2) throw new RpcError("ABORTED", "two is enough");
    },
  }, async (client, queue) => {
    for (const [count, code] of [[3, 0], [2, 10]] as const) {
      const call = client.asyncDown({ number: count }, "start");
      assertEquals(await next(queue), ["start", true]);
      const read: unknown[] = [];
      for (;;) {
        call.read("read");
        const [tag, success] = await next(queue);
        assertEquals(tag, "read");
        if (success !== true) break;
        read.push(call.message?.number);
      }
      assertEquals(read, [1, 2, 3].slice(0, count));
      call.finish("finish");
      assertThrows(() => call.finish("again"), CallError, "TOO_MANY_OPERATIONS");
      assertEquals(await next(queue), ["finish", true]);
      assertEquals([call.status?.code, call.message], [code, undefined]);
    }
  });
});

test("queue client: [Q80] finish waits for what was not read where the status is OK, and for nothing where it is not", async () => {
  await asking({
    down: function* ({ text }) {
      yield { text: "unread" };
      if (text === "fail") throw new RpcError("ABORTED");
    },
  }, async (client, queue) => {
    const failed = client.asyncDown({ text: "fail" }, "start");
    await next(queue);
    failed.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
    assertEquals(failed.status?.code, 10);
    const fine = client.asyncDown({}, "start");
    await next(queue);
    fine.finish("finish");
    assertEquals(say(await queue.next(deadlineIn(50))), ["QUEUE_TIMEOUT"]);
    fine.read("read");
    const both = [await next(queue), await next(queue)].sort();
    assertEquals([both, fine.message?.text, fine.status?.code], [
      [["finish", true], ["read", true]],
      "unread",
      0,
    ]);
  });
});

test("queue client: [Q81] writeLast is the last write and the half-close in one", async () => {
  await asking(echo, async (client, queue) => {
    const call = client.asyncBoth("start");
    assertEquals(await next(queue), ["start", true]);
    call.write({ number: 1 }, "write");
    assertEquals(await next(queue), ["write", true]);
    call.writeLast({ number: 2 }, "last");
    assertEquals(await next(queue), ["last", true]);
    assertThrows(
      () => call.write({}, "more"),
      TypeError,
      "writeLast or writesDone was called, and nothing follows",
    );
    assertThrows(() => call.writeLast({}, "more"), TypeError, "Cannot writeLast on /trial.Trial/Both");
    assertThrows(() => call.writesDone("more"), TypeError, "nothing follows");
    const numbers: unknown[] = [];
    for (;;) {
      call.read("read");
      if ((await next(queue))[1] === false) break;
      numbers.push(call.message?.number);
    }
    call.finish("finish");
    assertEquals(await next(queue), ["finish", true]);
    assertEquals([numbers, call.status?.code], [[2, 4], 0]);
  });
});

test("queue client: [Q34] reads and writes of a stream are under way at once, one of each", async () => {
  const answer = gate();
  await asking({
    both: async function* (requests) {
      await answer.opened;
      yield* requests;
    },
  }, async (client, queue) => {
    const call = client.asyncBoth("start");
    assertEquals(await next(queue), ["start", true]);
    call.read("read");
    assertThrows(() => call.read("again"), CallError, "TOO_MANY_OPERATIONS");
    call.write({ text: "here" }, "write");
    assertEquals(await next(queue), ["write", true]);
    answer.open();
    assertEquals([await next(queue), call.message?.text], [["read", true], "here"]);
    call.cancel();
    call.finish("finish");
    assertEquals([await next(queue), call.status?.code], [["finish", true], 1]);
  });
});

test("queue client: [Q83] a response that cannot be decoded, is missing or is one too many makes the status", async () => {
  await serving(
    { one: () => ({}), down: (request) => [request, request].slice(0, request.number) },
    async ({ channel }) => {
      const queue = new CompletionQueue<string>();
      const { one, down } = Trial.methods;
      function decode(): never {
        throw new Error("unreadable");
      }
      const unary = { ...down, kind: "unary" as const }; // the server sends as many as it likes
      const Odd = {
        fullName: "trial.Trial",
        methods: {
          one: { ...one, responseCodec: { ...one.responseCodec, decode } },
          down: unary,
          stream: { ...down, responseCodec: { ...one.responseCodec, decode } },
        },
      };
      const client = createQueueClient(Odd, channel, queue);
      const ended: string[] = [];
      channel.observe({ onCallEnd: ({ status }) => void ended.push(status) });
      for (const wait of [false, true]) {
        const call = client.asyncOne({});
        if (wait) await until(() => ended.length === 1); // response and status came before they are asked for
        call.finish("finish");
        assertEquals(await next(queue), ["finish", true]);
        assertEquals([call.status?.code, call.status?.details], [13, "cannot decode response: unreadable"]);
        assertEquals([call.response, ended.splice(0)], [undefined, ["INTERNAL"]]);
      }
      const late = client.asyncStream({ number: 1 }, "start"); // what streams is decoded when it is read
      await next(queue);
      await until(() => ended.length === 1);
      late.read("read");
      assertEquals(await next(queue), ["read", false]);
      late.finish("finish");
      assertEquals(await next(queue), ["finish", true]);
      assertEquals([late.status?.code, ended.splice(0)], [13, ["OK"]]);
      for (
        const [number, details] of [[0, "server sent no response message"], [
          2,
          "server sent more than one response message",
        ]] as const
      ) {
        const call = client.asyncDown({ number });
        call.finish("finish");
        assertEquals(await next(queue), ["finish", true]);
        assertEquals([call.status?.code, call.status?.details, call.response], [12, details, undefined]);
        assert(call.status?.error instanceof RpcError);
      }
      queue.destroy();
    },
    { channel: { logger: keeping().logger } },
  );
});

test("queue client: a method of another kind, and a queue that is over, throw", async () => {
  await asking(echo, async (client, queue) => {
    const call = client.asyncOne({}) as unknown as Record<string, (...args: unknown[]) => void>;
    assertThrows(() => call.read!("read"), TypeError, "Cannot read on /trial.Trial/One: the method is unary");
    assertThrows(() => call.write!({}, "write"), TypeError, "the method is unary");
    call.finish!("finish");
    await next(queue);
    queue.shutdown();
    assertThrows(() => client.asyncOne({}), CallError, "COMPLETION_QUEUE_SHUTDOWN");
    assertThrows(() => client.asyncUp("start"), CallError, "COMPLETION_QUEUE_SHUTDOWN");
  });
});
