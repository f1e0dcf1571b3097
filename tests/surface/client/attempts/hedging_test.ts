// Calls with a hedging policy (gRFC A6), in virtual time: attempts beside each other, and which of them is the call's.
import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { RpcError, Status, type StatusCode } from "pollwire";
import { test } from "../../../harness.ts";
import { collect, type Note, numbersOf } from "../../serving.ts";
import { fail, hedge, RetryingWorld } from "./retrying.ts";

function code(outcome: unknown): StatusCode {
  assertInstanceOf(outcome, RpcError);
  return outcome.code;
}

/** A world whose n-th attempt takes `ms[n]`, and what became of the attempts at the server. */
async function slowWorld(
  policy: object,
  ms: readonly number[],
  options: ConstructorParameters<typeof RetryingWorld>[2] = {},
) {
  const ends: string[] = [];
  const world = new RetryingWorld(
    policy,
    async ({ call, nth }) => {
      call.signal.addEventListener(
        "abort",
        () => void ends.push(`${nth} cancelled ${Math.round(world.simulation.now) - 1_000}`),
      );
      await world.simulation.sleep(ms[nth]!);
      ends.push(`${nth} answers ${Math.round(world.simulation.now) - 1_000}`);
    },
    options,
  );
  await world.ready();
  return { world, ends };
}

test("[C62] the next attempt begins each hedgingDelay, and the first answer is the call's: the others are cancelled", async () => {
  const { world, ends } = await slowWorld(hedge(), [1_000, 150, 1_000]);
  assertEquals((await world.outcome(world.client.one({ text: "a" })) as Note).text, "a");
  assertEquals(world.attempts, ["0 -", "100 1", "200 2"]);
  assertEquals(ends.slice(0, 3), ["1 answers 250", "0 cancelled 252", "2 cancelled 252"]);
  assertEquals(world.context.keptRequests!.bytes, 0);
});

test("[C62] an attempt that may have no stream, for what the call itself is, ends the call, and nothing throws", async () => {
  const errors: unknown[] = [];
  const { world } = await slowWorld(hedge(), [50], { onError: (error) => void errors.push(error) });
  const metadata = { "x-large": "v".repeat(100_000) }; // above the server's SETTINGS_MAX_HEADER_LIST_SIZE
  assertEquals(code(await world.outcome(world.client.one({}, { metadata }))), Status.RESOURCE_EXHAUSTED);
  assertEquals([errors, world.attempts, world.context.keptRequests!.bytes], [[], [], 0]);
});

test("[C62] a call that is answered before the delay has one attempt", async () => {
  const { world } = await slowWorld(hedge(), [50]);
  await world.outcome(world.client.one({}));
  assertEquals(world.attempts, ["0 -"]);
});

test("[C62] without a delay all attempts are made at once", async () => {
  const { world } = await slowWorld(hedge({ hedgingDelay: "0s" }), [50, 60, 70]);
  await world.outcome(world.client.one({}));
  assertEquals(world.attempts, ["0 -", "0 1", "0 2"]);
});

test("[C62] a status that is not fatal has the next attempt made at once, and the delay begins anew", async () => {
  const world = await new RetryingWorld(hedge({ maxAttempts: 4 }), async ({ nth }) => {
    if (nth === 0) {
      await world.simulation.sleep(50);
      fail("UNAVAILABLE");
    }
    await world.simulation.sleep(1_000);
  }).ready();
  await world.outcome(world.client.one({}));
  assertEquals(world.attempts, ["0 -", "52 1", "152 2", "252 3"]);
});

test("[C62] any other status is the call's, while others run; the last that is not fatal is it, where none is left", async () => {
  const fatal = await new RetryingWorld(hedge(), async ({ nth }) => {
    if (nth === 1) fail("FAILED_PRECONDITION");
    await fatal.simulation.sleep(10_000);
  }).ready();
  const outcome = await fatal.outcome(fatal.client.one({}));
  assertEquals([code(outcome), fatal.attempts], [Status.FAILED_PRECONDITION, ["0 -", "100 1"]]);

  const none = await new RetryingWorld(hedge(), () => fail("UNAVAILABLE")).ready();
  assertEquals(code(await none.outcome(none.client.one({}))), Status.UNAVAILABLE);
  assertEquals(none.attempts, ["0 -", "2 1", "4 2"]);
});

test("[C62] a pushback says when the next attempt is made, or that none is", async () => {
  for (const [pushback, attempts] of [["500", ["0 -", "502 1", "602 2"]], ["-1", ["0 -"]]] as const) {
    const world = await new RetryingWorld(hedge(), async ({ nth }) => {
      if (nth === 0) fail("UNAVAILABLE", pushback);
      await world.simulation.sleep(300);
    }).ready();
    const outcome = await world.outcome(world.client.one({}));
    assertEquals([pushback, world.attempts], [pushback, [...attempts]]);
    assertEquals(outcome instanceof RpcError, pushback === "-1");
  }
  // The attempts that run go on.
  const world = await new RetryingWorld(hedge(), async ({ nth }) => {
    await world.simulation.sleep(nth === 0 ? 500 : 10);
    if (nth === 1) fail("UNAVAILABLE", "-1");
  }).ready();
  assertEquals((await world.outcome(world.client.one({ text: "a" })) as Note).text, "a");
  assertEquals(world.attempts, ["0 -", "100 1"]);
});

test("[C62] streamed requests go to all attempts, and responses come from one", async () => {
  const { world } = await slowWorld(hedge(), [1_000, 1_000, 50]);
  async function* requests(): AsyncGenerator<Note> {
    for (const number of [1, 2, 3]) {
      yield { number };
      await world.simulation.sleep(60);
    }
  }
  const call = collect(world.client.both(requests())).then(numbersOf);
  assertEquals(await world.outcome(call), [1, 2, 3]);
  assertEquals(world.seen.length, 3);
});

test("[C57] [C62] a call that has sent more than is kept goes on with one attempt", async () => {
  const { world, ends } = await slowWorld(hedge(), [500, 500, 500]);
  async function* requests(): AsyncGenerator<Note> {
    for (const number of [1, 2, 3]) {
      yield { number, body: new Uint8Array(100_000) };
      await world.simulation.sleep(120);
    }
  }
  assertEquals((await world.outcome(world.client.up(requests())) as Note).number, 6);
  assertEquals(ends.length, 1); // the other had not got its requests
  const large = await slowWorld(hedge(), [500, 500]);
  await large.world.outcome(large.world.client.one({ body: new Uint8Array(300_000) }));
  assertEquals(large.world.attempts.length, 1);
});

test("[C61] hedges are made while the channel has tokens, and first attempts always", async () => {
  const { world } = await slowWorld(hedge(), [350, 350, 350, 10], {
    throttling: { maxTokens: 4, tokenRatio: 0.1 },
  });
  await world.outcome(world.client.one({}), 1_500);
  assertEquals(world.seen.length, 3);

  const failing = await new RetryingWorld(hedge({ maxAttempts: 5 }), () => fail("UNAVAILABLE"), {
    throttling: { maxTokens: 4, tokenRatio: 0.1 },
  }).ready();
  assertEquals(code(await failing.outcome(failing.client.one({}))), Status.UNAVAILABLE);
  assertEquals(failing.seen.length, 2); // 4 tokens, 3, then 2, which is half
});

test("[C15] [C17] the deadline, a cancellation and the end of the channel end all attempts, and the delay", async () => {
  for (const how of ["deadline", "signal", "close"] as const) {
    const { world, ends } = await slowWorld(hedge(), [10_000, 10_000, 10_000]);
    const controller = new AbortController();
    const options = how === "deadline" ? { deadlineMs: 151 } : { signal: controller.signal };
    world.simulation.schedule(1_150, () => {
      if (how === "signal") controller.abort();
      if (how === "close") world.channel.close();
    });
    const outcome = await world.outcome(world.client.one({}, options), 2_000) as RpcError;
    const expected = {
      deadline: Status.DEADLINE_EXCEEDED,
      signal: Status.CANCELLED,
      close: Status.UNAVAILABLE,
    };
    assertEquals([how, code(outcome), world.attempts], [how, expected[how], ["0 -", "100 1"]]);
    if (how === "deadline") {
      assertMatch(outcome.details, /exceeded waiting for the response of attempt 2 of 3$/);
    }
    assertEquals(ends.slice(0, 2), ["0 cancelled 151", "1 cancelled 151"]);
  }
});

test("[C62] of a call that is over no attempt gets the stream that another one of its own leaves free", async () => {
  for (const how of ["answer", "status", "deadline", "signal", "left"] as const) {
    const errors: unknown[] = [];
    const world = await new RetryingWorld(hedge({ hedgingDelay: "0s", maxAttempts: 4 }), async ({ nth }) => {
      if (nth === 1 && how === "status") fail("FAILED_PRECONDITION");
      await world.simulation.sleep(nth === 1 && how === "answer" ? 500 : 10_000);
    }, {
      onError: (error) => void errors.push(error),
      server: { settings: { maxConcurrentStreams: 2 } },
    }).ready();
    const controller = new AbortController();
    const options = how === "deadline" ? { deadlineMs: 151 } : { signal: controller.signal };
    const call = world.client.down({ number: 1 }, options);
    world.simulation.schedule(1_150, () => {
      if (how === "signal") controller.abort();
      if (how === "left") void call[Symbol.asyncIterator]().return!();
    });
    const outcome = await world.outcome(collect(call), 3_000);
    const expected = {
      answer: Status.OK,
      status: Status.FAILED_PRECONDITION,
      deadline: Status.DEADLINE_EXCEEDED,
      signal: Status.CANCELLED,
      left: Status.OK,
    }[how];
    const ended = outcome instanceof RpcError ? outcome.code : Status.OK;
    assertEquals([how, ended, errors, world.seen.length], [how, expected, [], 2]);
  }
});

test("[C62] observers see one call, and each attempt of it", async () => {
  const { world } = await slowWorld(hedge(), [1_000, 1_000, 50]);
  const seen: string[] = [];
  world.channel.observe({
    onAttempt: ({ attempts }) => void seen.push(`attempt ${attempts}`),
    onCallEnd: ({ attempts, messagesSent, messagesReceived, status }) =>
      void seen.push(`${status} ${attempts} ${messagesSent} ${messagesReceived}`),
  });
  await world.outcome(world.client.one({}));
  assertEquals(seen, ["attempt 1", "attempt 2", "attempt 3", "OK 3 1 1"]);
});
