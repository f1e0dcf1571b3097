// Attempts alone: what becomes of a call when its picks give no stream, when streams move, and of what waits to be written.
import { assertEquals, assertMatch } from "@std/assert";
import { Metadata, Status } from "pollwire";
import type { HedgingPolicy, RetryPolicy } from "../../../../surface/channel/service_config/method_config.ts";
import { attemptHeaders, NO_RETRY, pushbackOf } from "../../../../surface/client/attempts/attempt_headers.ts";
import { RetryThrottle, throttleOf } from "../../../../surface/client/attempts/retry_throttle.ts";
import { KeptRequests } from "../../../../surface/client/kept_requests.ts";
import { Replay } from "../../../../surface/client/replay.ts";
import { fieldName, HeaderList } from "../../../../transport/mod.ts";
import { test } from "../../../harness.ts";
import { failure } from "../../serving.ts";
import { ScriptedRoute } from "./scripted_route.ts";
import { WrittenCall } from "./written_call.ts";

const RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialBackoffMs: 100,
  maxBackoffMs: 100,
  backoffMultiplier: 1,
  retryableStatusCodes: new Set([Status.UNAVAILABLE]),
};
const HEDGING: HedgingPolicy = {
  maxAttempts: 3,
  hedgingDelayMs: 100,
  nonFatalStatusCodes: new Set([Status.UNAVAILABLE]),
};

test("[C54] a stream of which nothing was sent moves as often as needed, with a policy and without", async () => {
  for (const config of [{}, { retry: RETRY }, { hedging: { ...HEDGING, hedgingDelayMs: 1e6 } }]) {
    const route = new ScriptedRoute(config);
    route.throttle = new RetryThrottle({ maxTokens: 2, tokenRatio: 1 });
    const call = route.client.one({});
    for (let i = 0; i < 20; i++) route.last.end("unsent");
    route.last.answer();
    await call;
    assertEquals([route.streams.length, route.last.before, route.throttle.allows], [21, "-", true]);
  }
});

test("[C54] a refused stream moves once, at once; it counts neither as an attempt nor by the throttle", async () => {
  const route = new ScriptedRoute({ retry: RETRY });
  route.throttle = new RetryThrottle({ maxTokens: 3, tokenRatio: 1 });
  const error = failure(route.client.one({}));
  route.last.end("refused");
  assertEquals([route.streams.length, route.last.before], [2, "-"]);
  route.last.end("refused"); // 3 tokens, now 2: this one counts
  assertEquals(route.streams.length, 2);
  await route.pass(101);
  assertEquals([route.streams.length, route.last.before], [3, "1"]);
  route.last.end("refused"); // 1 token
  await route.pass(1_000);
  assertEquals([route.streams.length, (await error).code], [3, Status.UNAVAILABLE]);
});

test("[C54] an attempt that is not the first moves too, where none has moved before", async () => {
  const route = new ScriptedRoute({ retry: RETRY });
  const call = route.client.one({});
  route.last.end({ code: Status.UNAVAILABLE });
  await route.pass(101);
  route.last.end("refused");
  assertEquals(route.streams.map(({ before }) => before), ["-", "1", "1"]);
  route.last.answer();
  await call;
});

test("[C58] a call that a policy drops is not made again, one that finds no connection is", async () => {
  for (const config of [{ retry: RETRY }, { hedging: HEDGING }]) {
    const dropped = new ScriptedRoute(config);
    dropped.picks.push("drop");
    assertEquals((await failure(dropped.client.one({}))).code, Status.UNAVAILABLE);
    await dropped.pass(1_000);
    assertEquals(dropped.streams.length, 0);

    const failed = new ScriptedRoute(config);
    failed.picks.push("failure", "failure");
    const call = failed.client.one({});
    await failed.pass(1_000);
    assertEquals([failed.streams.length, failed.last.before], [1, "2"]);
    failed.last.answer();
    await call;
  }
});

test("[C58] a later attempt that is dropped ends the call; hedges that run go on", async () => {
  const route = new ScriptedRoute({ retry: RETRY });
  const error = failure(route.client.one({}));
  route.picks.push("drop");
  route.last.end({ code: Status.UNAVAILABLE });
  await route.pass(1_000);
  assertMatch((await error).message, /drop; 2 attempts were made$/);

  const hedged = new ScriptedRoute({ hedging: HEDGING });
  const call = hedged.client.one({});
  hedged.picks.push("drop");
  await hedged.pass(1_000);
  assertEquals(hedged.streams.length, 1);
  hedged.last.answer();
  await call;
});

test("[C57] what was sent is written when one stream has written it; each attempt is asked", async () => {
  const route = new ScriptedRoute({ retry: RETRY });
  const written: string[] = [];
  const call = new WrittenCall(route.context, () => void written.push("written"));
  call.begin();
  const first = route.last;
  first.end({ code: Status.UNAVAILABLE });
  first.notices[0]!(true); // of a stream that is gone
  await route.pass(101);
  assertEquals([written, route.last.notices.length], [[], 1]);
  route.last.notices[0]!(true);
  route.last.notices[0]!(true);
  assertEquals(written, ["written"]);
});

test("[C57] flow control: what is sent waits while no attempt can send", async () => {
  const route = new ScriptedRoute({ retry: RETRY });
  const call = new WrittenCall(route.context, () => {});
  call.begin();
  assertEquals(call.writeBlocked, false);
  route.last.end({ code: Status.UNAVAILABLE });
  assertEquals(call.writeBlocked, true); // until the next attempt has a stream
  await route.pass(101);
  assertEquals(call.writeBlocked, false);
  route.last.writeBlocked = true;
  assertEquals(call.writeBlocked, true);
  call.cancel(Status.CANCELLED, "enough");
  assertEquals(route.last.cancelled, true);
});

test("[C57] requests that come while the call waits for its next attempt count too", async () => {
  const route = new ScriptedRoute({ retry: RETRY });
  const call = new WrittenCall(route.context, () => {});
  call.begin();
  route.last.end({ code: Status.UNAVAILABLE });
  call.sendMore(300_000);
  await route.pass(101);
  assertEquals([route.last.sent, route.context.keptRequests!.bytes], [[10, 300_000], 0]);
  route.last.end({ code: Status.UNAVAILABLE });
  assertEquals([call.isOver, route.streams.length], [true, 2]);
});

test("[C61] a hedge that the throttle does not let be made is the last one", async () => {
  const route = new ScriptedRoute({ hedging: HEDGING });
  const throttle = route.throttle = new RetryThrottle({ maxTokens: 2, tokenRatio: 1 });
  const call = route.client.one({});
  throttle.failed();
  await route.pass(101);
  throttle.succeeded();
  await route.pass(1_000);
  assertEquals(route.streams.length, 1);
  route.last.answer();
  await call;
});

test("[C61] tokens: from maxTokens down to none, up by tokenRatio in thousandths, and retries above half", () => {
  const throttle = new RetryThrottle({ maxTokens: 4, tokenRatio: 0.0004 });
  throttle.failed();
  assertEquals(throttle.allows, true);
  throttle.failed();
  assertEquals(throttle.allows, false); // 2 of 4
  for (let i = 0; i < 5_000; i++) throttle.succeeded(); // a ratio below a thousandth is none
  assertEquals(throttle.allows, false);

  const full = new RetryThrottle({ maxTokens: 4, tokenRatio: 2 });
  full.succeeded(); // no more than all
  full.failed();
  full.failed();
  assertEquals(full.allows, false);

  const other = new RetryThrottle({ maxTokens: 4, tokenRatio: 0.001 });
  for (let i = 0; i < 9; i++) other.failed(); // no fewer than none
  for (let i = 0; i < 2_000; i++) other.succeeded();
  assertEquals(other.allows, false);
  other.succeeded();
  assertEquals(other.allows, true);
});

test("[C61] a new service config with the same values keeps the count, with others it begins anew", () => {
  const throttling = { maxTokens: 4, tokenRatio: 0.5 };
  const throttle = throttleOf(throttling, undefined)!;
  throttle.failed();
  throttle.failed();
  assertEquals(throttleOf({ ...throttling }, throttle)!.allows, false);
  assertEquals(throttleOf({ ...throttling, maxTokens: 5 }, throttle)!.allows, true);
  assertEquals(throttleOf({ ...throttling, tokenRatio: 0.6 }, throttle)!.allows, true);
  assertEquals(throttleOf(undefined, throttle), undefined);
});

test("[C59] a pushback is one whole number of milliseconds", () => {
  const said = (...values: string[]) =>
    pushbackOf(HeaderList.of(values.map((value) => ["grpc-retry-pushback-ms", value])));
  assertEquals([said(), said("0"), said("250")], [undefined, 0, 250]);
  for (const values of [["-1"], ["x"], [""], ["1 "], ["0x10"], ["1", "2"]]) {
    assertEquals(said(...values), NO_RETRY);
  }
});

test("[C60] the count of attempts stands once, whatever the application says", () => {
  // Names of applications are collected anew where there are many of them.
  for (let i = 0; i < 2_000; i++) fieldName(`x-${i}`);
  const headers = new Metadata({ a: "b", "grpc-previous-rpc-attempts": "7" }).toHeaders();
  assertEquals(attemptHeaders(headers, 0), headers);
  assertEquals(attemptHeaders(headers, 2)!.fields, ["a", "b", "grpc-previous-rpc-attempts", "2"]);
  assertEquals(attemptHeaders(undefined, 1)!.fields, ["grpc-previous-rpc-attempts", "1"]);
});

test("[C57] what is kept says still whether it is to be compressed", () => {
  const kept = new KeptRequests(1e9);
  for (const [bytes, mark] of [[20, 2], [20, 0], [500, 2]] as const) {
    const replay = new Replay();
    const framed = new Uint8Array(bytes).fill(7);
    framed[0] = mark;
    replay.addOnly(framed, kept);
    framed.fill(9); // its memory is the next message's
    const sent: Uint8Array[] = [];
    replay.sendOn({ sendMessage: (message: Uint8Array) => (sent.push(message), true) } as never);
    assertEquals([sent[0]!.length, sent[0]![0], ...sent[0]!.subarray(5)], [
      bytes,
      mark,
      ...Array(bytes - 5).fill(7),
    ]);
    replay.drop();
  }
});

test("[C57] small requests are kept in blocks, which are used again when none of theirs is needed", () => {
  const kept = new KeptRequests(1e9);
  const message = (fill: number, bytes = 1_000) => new Uint8Array(bytes).fill(fill);
  const replays: Replay[] = [];
  for (let i = 0; i < 100; i++) {
    const replay = new Replay();
    assertEquals(replay.addOnly(message(i), kept), true);
    replays.push(replay);
  }
  const large = new Replay();
  assertEquals(large.addOnly(message(1, 2_000), kept), false);
  assertEquals(kept.bytes, 102_000);
  const sent: Uint8Array[] = [];
  const stream = { sendMessage: (framed: Uint8Array) => (sent.push(framed), true) };
  for (const replay of replays.filter((_, i) => i % 3 === 0)) replay.drop();
  for (let i = 0; i < 34; i++) new Replay().addOnly(message(200), kept);
  replays.forEach((replay, i) => {
    if (i % 3 === 0) return;
    replay.sendOn(stream as never);
    assertEquals([sent.at(-1)![0], sent.at(-1)![999], sent.at(-1)!.length], [i, i, 1_000]);
    replay.drop();
  });
  large.drop();
  assertEquals(kept.bytes, 34_000);
});
