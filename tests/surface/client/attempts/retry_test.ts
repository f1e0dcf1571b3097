// Calls with a retry policy (gRFC A6), in virtual time: which attempts are made, when, and what the caller gets.
import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import {
  callCredentials,
  Channel,
  createClient,
  insecure,
  RpcError,
  Server,
  Status,
  type StatusCode,
} from "pollwire";
import { test } from "../../../harness.ts";
import { collect, type Note, numbersOf, Trial } from "../../serving.ts";
import { takenForSecure } from "../../credentials/secured_channel.ts";
import { fail, hedge, retry, RetryingWorld, type Script } from "./retrying.ts";

/** The first `count` attempts fail. */
const failing =
  (count: number, status: Parameters<typeof fail>[0] = "UNAVAILABLE", pushback?: string): Script =>
  ({ nth }) => {
    if (nth < count) fail(status, pushback);
  };

/** The code of an outcome that is an error. */
function code(outcome: unknown): StatusCode {
  assertInstanceOf(outcome, RpcError);
  return outcome.code;
}

test("[C55] [C60] a call that fails with a retryable status is made again, and says how often it was made before", async () => {
  const world = await new RetryingWorld(retry(), failing(2)).ready();
  const given = world.client.one({ text: "a" }, { metadata: { "grpc-previous-rpc-attempts": "9" } });
  const outcome = await world.outcome(given);
  assertEquals((outcome as Note).text, "a");
  assertEquals(world.seen.map((one) => one.split(" ")[1]), ["9", "1", "2"]);
});

test("[C56] the n-th retry comes after initialBackoff times backoffMultiplier to the n-1, maxBackoff at most, give or take a fifth", async () => {
  for (
    const [random, waits] of [[0.5, [100, 200, 300]], [0, [80, 160, 240]], [0.999999, [
      120,
      240,
      360,
    ]]] as const
  ) {
    const world = new RetryingWorld(retry(), failing(9));
    world.random = random;
    await world.ready();
    assertEquals(code(await world.outcome(world.client.one({}))), Status.UNAVAILABLE);
    let at = 0;
    const expected = [0, ...waits.map((ms) => at += ms + 2)]; // and 2 ms to the server and back
    assertEquals(world.attempts, expected.map((ms, n) => `${ms} ${n === 0 ? "-" : n}`));
  }
});

test("[C55] other statuses end the call, and what the server said stands", async () => {
  const world = await new RetryingWorld(retry(), failing(9, "FAILED_PRECONDITION")).ready();
  const outcome = await world.outcome(world.client.one({}));
  assertEquals(code(outcome), Status.FAILED_PRECONDITION);
  assertEquals([world.seen.length, (outcome as RpcError).details], [1, "said the server"]);
});

test("[C55] more attempts than five mean five, or as many as maxCallAttempts says", async () => {
  for (
    const [options, attempts] of [[{}, 5], [{ maxCallAttempts: 7 }, 7], [{ maxCallAttempts: 2 }, 2]] as const
  ) {
    const world = await new RetryingWorld(retry({ maxAttempts: 9 }), failing(20), options).ready();
    await world.outcome(world.client.one({}));
    assertEquals(world.seen.length, attempts);
  }
});

test("[C64] enableRetries: false: no policy makes a call again", async () => {
  const world = await new RetryingWorld(retry(), failing(1), { enableRetries: false }).ready();
  assertEquals(code(await world.outcome(world.client.one({}))), Status.UNAVAILABLE);
  assertEquals(world.seen.length, 1);
});

test("[C57] initial metadata commits a call: it is not made again, whatever it then fails with", async () => {
  const world = await new RetryingWorld(retry(), ({ call }) => {
    call.sendMetadata({ "x-a": "b" });
    fail("UNAVAILABLE");
  }).ready();
  assertEquals(code(await world.outcome(world.client.one({}))), Status.UNAVAILABLE);
  assertEquals(world.seen.length, 1);
});

test("[C57] messages are sent again from the first, of all kinds of calls", async () => {
  const requests = [1, 2, 3].map((number) => ({ number }));
  for (const outcome of ["up", "both", "down"] as const) {
    const world = await new RetryingWorld(retry(), failing(2)).ready();
    const { client } = world;
    const call = outcome === "up"
      ? client.up(requests).then(({ text }) => text)
      : collect(outcome === "both" ? client.both(requests) : client.down({ number: 3 })).then((notes) =>
        numbersOf(notes).join()
      );
    assertEquals([outcome, await world.outcome(call), world.seen.length], [outcome, "1,2,3", 3]);
  }
});

test("[C57] the request is sent again as it was, however the application has changed it since", async () => {
  const request = { text: "a" };
  const world = await new RetryingWorld(retry(), (seen) => {
    request.text = "changed";
    failing(1)(seen);
  }).ready();
  assertEquals((await world.outcome(world.client.one(request)) as Note).text, "a");
});

test("[C57] a call that has sent more than 256 KiB, or than the channel keeps, is not made again", async () => {
  const body = new Uint8Array(100_000);
  for (
    const [options, requests, attempts] of [
      [{}, 2, 2],
      [{}, 3, 1],
      [{ retryBufferBytes: 250_000 }, 2, 2],
      [{ retryBufferBytes: 150_000 }, 2, 1],
    ] as const
  ) {
    const world = await new RetryingWorld(retry(), failing(1), options).ready();
    const outcome = await world.outcome(world.client.up(Array(requests).fill({ number: 1, body })));
    assertEquals([options, requests, world.seen.length], [options, requests, attempts]);
    assertEquals(outcome instanceof RpcError, attempts === 1);
    assertEquals(world.context.keptRequests!.bytes, 0);
  }
});

test("[C57] what the channel keeps is that of all its calls, until they are committed", async () => {
  const world = await new RetryingWorld(
    retry(),
    async ({ call, nth }) => {
      if (nth === 0) {
        call.sendMetadata({});
        await world.simulation.sleep(1_000);
      } else if (nth === 1) await world.simulation.sleep(1_000);
      else if (nth === 2) fail("UNAVAILABLE");
    },
    { retryBufferBytes: 150_000 },
  ).ready();
  const body = new Uint8Array(100_000);
  const kept = () => Math.round(world.context.keptRequests!.bytes / 1_000);
  const first = world.client.one({ body });
  assertEquals(kept(), 100);
  await world.run(1_100);
  assertEquals(kept(), 0); // the server has answered
  const second = world.client.one({ body });
  await world.run(1_200);
  assertEquals(kept(), 100); // it has not
  const third = world.client.one({ body });
  assertEquals(code(await world.outcome(third)), Status.UNAVAILABLE);
  assertEquals([world.seen.length, (await first).body!.length, (await second).body!.length], [
    3,
    100_000,
    100_000,
  ]);
});

test("[C59] a server's grpc-retry-pushback-ms is waited for exactly, and the next wait is the first one again", async () => {
  const world = new RetryingWorld(retry(), ({ nth }) => fail("UNAVAILABLE", nth === 1 ? "1234" : undefined));
  world.random = 0.5;
  await world.ready();
  await world.outcome(world.client.one({}));
  assertEquals(world.attempts, ["0 -", "102 1", `${102 + 1_234 + 2} 2`, `${102 + 1_236 + 102} 3`]);
});

test("[C59] a negative or garbled pushback: the call is not made again; 0: at once", async () => {
  for (const pushback of ["-1", "soon", "1.5", "", "99999999999"]) {
    const world = await new RetryingWorld(retry(), failing(9, "UNAVAILABLE", pushback)).ready();
    assertEquals([pushback, code(await world.outcome(world.client.one({})))], [pushback, Status.UNAVAILABLE]);
    assertEquals([pushback, world.seen.length], [pushback, 1]);
  }
  const world = await new RetryingWorld(retry(), failing(1, "UNAVAILABLE", "0")).ready();
  await world.outcome(world.client.one({}));
  assertEquals(world.attempts, ["0 -", "2 1"]);
});

test("[C58] no connection is a failed attempt: the call is made again, and says how often it was", async () => {
  const world = new RetryingWorld(retry(), () => {});
  const call = world.outcome(world.client.one({}), 20_000);
  const outcome = await call;
  assertEquals(code(outcome), Status.UNAVAILABLE);
  assertMatch((outcome as RpcError).details, /connection refused.*; 4 attempts were made$/s);

  const late = new RetryingWorld(retry(), () => {}, { initialBackoffMs: 120 });
  const later = late.client.one({ text: "a" });
  late.simulation.schedule(50, () => void late.server.listen("0.0.0.0:80"));
  assertEquals((await late.outcome(later) as Note).text, "a");
  assertEquals(late.seen.map((one) => one.split(" ")[1]).length, 1);
});

test("[C15] the deadline covers all attempts, and its error says what the call waited for", async () => {
  const world = await new RetryingWorld(retry({ initialBackoff: "10s", maxBackoff: "10s" }), failing(9))
    .ready();
  const outcome = await world.outcome(world.client.one({}, { deadlineMs: 500 })) as RpcError;
  assertEquals(outcome.code, Status.DEADLINE_EXCEEDED);
  assertMatch(
    outcome.details,
    /^deadline of 500 ms exceeded waiting 9502 ms before attempt 2 of 4: last status UNAVAILABLE: said the server$/,
  );

  const hanging = await new RetryingWorld(retry(), async ({ nth }) => {
    if (nth === 0) fail("UNAVAILABLE");
    await hanging.simulation.sleep(10_000);
  }).ready();
  const other = await hanging.outcome(hanging.client.one({}, { deadlineMs: 500 })) as RpcError;
  assertMatch(
    other.details,
    /exceeded waiting for the response of attempt 2 of 4; before that UNAVAILABLE: said the server$/,
  );
});

test("[C15] each attempt says what is left of the deadline", async () => {
  const left: number[] = [];
  const world = await new RetryingWorld(retry(), (seen) => {
    left.push(Math.round(seen.call.timeRemainingMs!));
    failing(1)(seen);
  }).ready();
  await world.outcome(world.client.one({}, { deadlineMs: 1_000 }));
  assertEquals(left, [1_000, 898]);
});

test("[C17] a call that is aborted while it waits for its next attempt ends at once, and nothing is left of it", async () => {
  const world = await new RetryingWorld(retry({ initialBackoff: "10s", maxBackoff: "10s" }), failing(9))
    .ready();
  const controller = new AbortController();
  let endedAt = 0;
  const call = world.client.one({}, { signal: controller.signal }).finally(() =>
    endedAt = world.simulation.now
  );
  world.simulation.schedule(2_000, () => controller.abort());
  const outcome = await world.outcome(call);
  assertEquals([code(outcome), endedAt, world.seen.length], [Status.CANCELLED, 2_000, 1]);
  assertEquals(world.context.keptRequests!.bytes, 0);
});

for (const how of ["close", "drain"] as const) {
  test(`[C7] ${how}() ends a call that waits for its next attempt`, async () => {
    const world = await new RetryingWorld(retry({ initialBackoff: "10s", maxBackoff: "10s" }), failing(9))
      .ready();
    let endedAt = 0;
    const call = world.client.one({}).finally(() => endedAt = world.simulation.now);
    world.simulation.schedule(2_000, () => void world.channel[how]());
    const outcome = await world.outcome(call) as RpcError;
    assertEquals([code(outcome), endedAt], [Status.UNAVAILABLE, 2_000]);
    assertMatch(outcome.details, /^channel is closed/);
  });
}

test("[C7] a call whose attempt fails when the channel is closed, or drains, ends at once", async () => {
  for (const how of ["close", "drain"] as const) {
    const script: Script = async ({ nth }) => {
      if (nth > 0) await world.simulation.sleep(2_000);
      fail("UNAVAILABLE", nth === 0 ? "100" : undefined);
    };
    const world = await new RetryingWorld(retry({ initialBackoff: "5s", maxBackoff: "5s" }), script).ready();
    const ends: number[] = [];
    const end = () => void ends.push(Math.round(world.simulation.now));
    const calls = [1, 2].map(() => world.client.one({}).finally(end).catch((error) => error)); // one has its second attempt
    world.simulation.schedule(2_000, () => void world.channel[how]());
    await world.outcome(Promise.all(calls));
    assertEquals((await Promise.all(calls)).map(code), [Status.UNAVAILABLE, Status.UNAVAILABLE]);
    assertEquals([how, ends], [how, how === "close" ? [2_000, 2_000] : [3_001, 3_103]]);
  }
});

test("[C55] observers see one call and each of its attempts; requests are counted once", async () => {
  const world = await new RetryingWorld(retry(), failing(2)).ready();
  const seen: string[] = [];
  world.channel.observe({
    onCallBegin: () => void seen.push("begin"),
    onAttempt: ({ attempts }) => void seen.push(`attempt ${attempts}`),
    onCallEnd: ({ attempts, messagesSent, status }) =>
      void seen.push(`${status} ${attempts} ${messagesSent}`),
  });
  await world.outcome(world.client.one({}));
  assertEquals(seen, ["begin", "attempt 1", "attempt 2", "attempt 3", "OK 3 1"]);
});

test("[C86] each attempt shows credentials that are fetched for it; ones that cannot be had are a failed attempt", async () => {
  for (const policy of [retry(), hedge({ hedgingDelay: "60s" })]) {
    const shown: unknown[] = [];
    let fetched = 0;
    const world = new RetryingWorld(policy, (seen) => {
      shown.push(seen.metadata.get("authorization"));
      failing(1)(seen);
    });
    const client = createClient(Trial, takenForSecure(world.channel));
    await world.ready();
    const credentials = callCredentials.from(() => {
      fetched++;
      if (fetched === 2) throw new RpcError("UNAVAILABLE", "no token");
      return { authorization: `t${fetched}` };
    });
    const outcome = await world.outcome(client.one({ text: "a" }, { callCredentials: credentials }));
    assertEquals([(outcome as Note).text, shown, fetched], ["a", ["t1", "t3"], 3]);
  }
});

test("[C61] a channel without tokens makes no call again, first attempts all the same; successes bring tokens back", async () => {
  let fails = true;
  const world = await new RetryingWorld(retry(), () => void (fails && fail("UNAVAILABLE")), {
    throttling: { maxTokens: 10, tokenRatio: 0.5 },
  }).ready();
  const attemptsOf = async (calls: number): Promise<number> => {
    const before = world.seen.length;
    for (let i = 0; i < calls; i++) {
      const call = world.client.one({}).catch(() => {});
      await world.run(world.simulation.now + 2_000);
      await call;
    }
    return world.seen.length - before;
  };
  assertEquals(await attemptsOf(1), 4); // 10 tokens, then 6
  assertEquals(await attemptsOf(1), 1); // 5, which is half
  assertEquals(await attemptsOf(2), 2); // 3
  fails = false;
  assertEquals(await attemptsOf(6), 6); // 6
  fails = true;
  assertEquals(await attemptsOf(1), 1); // 5
  fails = false;
  await attemptsOf(3); // 6.5
  fails = true;
  assertEquals(await attemptsOf(1), 2); // 5.5, then 4.5
  world.channel.close();
  world.server.close();
  await world.run(world.simulation.now + 100_000);
});

test("[C58] each attempt is balanced again", async () => {
  const world = new RetryingWorld(retry(), failing(1));
  const other = world.simulation.host();
  const second = new Server({ poller: other, credentials: insecure });
  second.addService(Trial, {
    one: (_request, { metadata }) => ({
      text: `second ${metadata.get("grpc-previous-rpc-attempts") ?? "-"}`,
    }),
  });
  for (const server of [second, world.server]) await server.listen("0.0.0.0:80");
  const channel = new Channel(`ipv4:${world.at.hostAddress}:80,${other.hostAddress}:80`, {
    poller: world.host,
    credentials: insecure,
    serviceConfig: { loadBalancingConfig: [{ round_robin: {} }], methodConfig: [{ name: [{}], ...retry() }] },
  });
  channel.connect();
  await world.run(100);
  const calls = [1, 2].map(() => createClient(Trial, channel).one({}).then(({ text }) => text));
  await world.run(1_000);
  assertEquals((await Promise.all(calls)).sort(), ["second -", "second 1"]);
  for (const one of [channel, second]) one.close();
  await world.outcome(Promise.resolve());
});
