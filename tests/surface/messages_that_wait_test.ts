// Messages that the peer does not take at once keep what they say, though others are encoded meanwhile.
import { assertEquals } from "@std/assert";
import { test } from "../harness.ts";
import { collect, type Handlers, type Note, serving } from "./serving.ts";

/** Above what is copied while it waits; together far more than windows and socket buffers take at once. */
const SIZES = [20_000, 40_000, 90_000, 300_000];
const CALLS = 24;

const echo: Handlers = {
  one: ({ number, body }) => ({ number: number!, body: body! }),
  async *both(requests) {
    for await (const { number, body } of requests) yield { number: number!, body: body! };
  },
  async *down({ number }) {
    for (let i = 0; i < 3; i++) yield note(number! * 10 + i);
  },
  up: async (requests) => ({ text: said(await collect(requests)) }),
};

const sizeOf = (number: number) => SIZES[number % SIZES.length]!;

/** A message that says `number` in every octet. */
function note(number: number): Note {
  return { number, body: new Uint8Array(sizeOf(number)).fill(number) };
}

/** The numbers that messages say, and "torn" for one whose octets say something else. */
function said(notes: readonly Note[]): string {
  return notes.map(({ number, body }) =>
    body!.length === sizeOf(number!) && body!.every((octet) => octet === number! % 256) ? number : "torn"
  ).join();
}

const three = (i: number) => [note(i * 10), note(i * 10 + 1), note(i * 10 + 2)];
const calls = Array.from({ length: CALLS }, (_, i) => i);
const wanted = calls.map((i) => `${i * 10},${i * 10 + 1},${i * 10 + 2}`);

test("messages that wait: requests and responses of calls at the same time, before there is a connection and after", () =>
  serving(echo, async ({ client }) => {
    for (let round = 0; round < 2; round++) {
      const answers = await Promise.all(calls.map((i) => client.one(note(i))));
      assertEquals(said(answers), calls.join());
    }
  }));

test("messages that wait: streams of requests at the same time", () =>
  serving(echo, async ({ client }) => {
    const answers = await Promise.all(calls.map((i) => client.up(three(i))));
    assertEquals(answers.map(({ text }) => text), wanted);
  }));

test("messages that wait: streams of responses at the same time", () =>
  serving(echo, async ({ client }) => {
    const streams = await Promise.all(calls.map((i) => collect(client.down({ number: i }))));
    assertEquals(streams.map(said), wanted);
  }));

test("messages that wait: both ways at the same time, beside small ones", () =>
  serving(echo, async ({ client }) => {
    const small = Promise.all(calls.map((i) => client.one({ number: i + 1, body: new Uint8Array(i) })));
    const streams = await Promise.all(calls.map((i) => collect(client.both(three(i)))));
    assertEquals(streams.map(said), wanted);
    assertEquals(
      (await small).map(({ number, body }) => [number, body!.length]),
      calls.map((i) => [i + 1, i]),
    );
  }));
