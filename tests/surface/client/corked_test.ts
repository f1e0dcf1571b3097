// Corked calls of promises: the server learns of the call with its first request.
import { assertEquals, assertMatch } from "@std/assert";
import { test } from "../../harness.ts";
import {
  collect,
  echo,
  failure,
  gate,
  type Note,
  numbersOf,
  serving,
  sleep,
  type TrialClient,
} from "../serving.ts";

const corked = { corked: true, deadlineMs: 30_000 };
const numbers: Note[] = [{ number: 1 }, { number: 2 }];

test("corked: requests that are there go at once, and none at all do too", () =>
  serving(echo, async ({ client }) => {
    for (let i = 0; i < 2; i++) { // without a connection, and with one
      assertEquals((await client.up(numbers, corked)).number, 3);
      assertEquals((await client.up([], corked)).number, 0);
      assertEquals(numbersOf(await collect(client.both(numbers, corked))), [2, 4]);
      assertEquals((await client.one({ number: 5 }, corked)).number, 5);
    }
  }));

const CALLS: Record<string, (client: TrialClient, requests: AsyncIterable<Note>) => PromiseLike<unknown>> = {
  up: (client, requests) => client.up(requests, corked),
  both: (client, requests) => collect(client.both(requests, corked)),
};

for (const [kind, call] of Object.entries(CALLS)) {
  test(`corked: the server learns nothing of a call before its first request: ${kind}`, () =>
    serving(echo, async ({ client, server }) => {
      await client.one({});
      const begun: string[] = [];
      server.observe({ onCallBegin: ({ method }) => void begun.push(method) });
      const { opened, open } = gate();
      const outcome = call(
        client,
        (async function* () {
          await opened;
          yield* numbers;
        })(),
      );
      await sleep(30);
      assertEquals(begun, []);
      open();
      await outcome;
      assertEquals(begun.length, 1);
    }));
}

for (const how of ["close", "drain"] as const) {
  for (const [kind, call] of Object.entries(CALLS)) {
    test(`corked: a call ends with its channel, whether or not it ever has a request: ${kind}, ${how}`, () =>
      serving(echo, async ({ client, channel }) => {
        await client.one({});
        const { opened, open } = gate();
        const never = async function* (): AsyncGenerator<Note> {
          await opened;
          yield* numbers;
        };
        const outcome = failure(call(client, never()));
        await sleep(10);
        const ended = channel[how]();
        assertMatch((await outcome).message, /^UNAVAILABLE: channel is closed$/);
        await ended;
        assertMatch((await failure(call(client, never()))).message, /^UNAVAILABLE: channel is closed$/);
        open();
      }));
  }
}

test("corked: a call that has its stream goes on while its channel drains", () =>
  serving(echo, async ({ client, channel }) => {
    await client.one({});
    const { opened, open } = gate();
    const first = gate();
    const outcome = client.up(
      (async function* () {
        yield numbers[0]!;
        first.open();
        await opened;
        yield numbers[1]!;
      })(),
      corked,
    );
    await first.opened;
    await sleep(10);
    const drained = channel.drain();
    open();
    assertEquals((await outcome).number, 3);
    await drained;
  }));
