// Whatever applications read or leave unread on some streams, the other calls of a connection go on.
import { assert, assertEquals, assertLess } from "@std/assert";
import { test } from "../harness.ts";
import { Metadata } from "pollwire";
import { CHUNK, collect, echo, gate, type Note, serving, standstill, until } from "./serving.ts";

const STREAMS = 32;
/** What a stream that nobody reads may have under way: its window, the sender's queue, and a message at each end. */
const UNREAD_BYTES = 4 * CHUNK;

function* chunks(count: number, onYield: () => void, size = CHUNK): Generator<Note> {
  const body = new Uint8Array(size);
  for (let number = 1; number <= count; number++) {
    onYield();
    yield { number, body };
  }
}

test("response streams that nobody reads hold back themselves, and no other call", () => {
  let yielded = 0;
  return serving({ ...echo, down: () => chunks(1_000, () => yielded++) }, async ({ client, channel }) => {
    const streams = Array.from({ length: STREAMS }, () => client.down({}));
    await until(() => yielded >= STREAMS);
    assertLess(await standstill(() => yielded) * CHUNK, STREAMS * UNREAD_BYTES);
    assertEquals((await client.one({ text: "beside" }, { deadlineMs: 5_000 })).text, "beside");
    assertEquals((await collect(client.down({}, { deadlineMs: 10_000 }))).length, 1_000);
    assertEquals((await collect(streams[0]!)).length, 1_000);
    for (const stream of streams.slice(1)) await stream.return!();
    assertEquals(channel.state, "READY");
  });
});

test("uploads that a handler does not read hold back themselves, and no other call of that client", () => {
  const read = gate();
  let yielded = 0;
  return serving({
    ...echo,
    async up(requests, call) {
      if (call.metadata.get("wait") !== undefined) await read.opened;
      return { number: (await collect(requests)).length };
    },
  }, async ({ client }) => {
    const metadata = new Metadata({ wait: "yes" });
    const calls = Array.from(
      { length: STREAMS },
      () => client.up(chunks(200, () => yielded++), { metadata }),
    );
    await until(() => yielded >= STREAMS);
    assertLess(await standstill(() => yielded) * CHUNK, STREAMS * UNREAD_BYTES);
    assertEquals((await client.one({ text: "beside" }, { deadlineMs: 5_000 })).text, "beside");
    assertEquals((await client.up(chunks(200, () => {}), { deadlineMs: 10_000 })).number, 200);
    read.open();
    for (const { number } of await Promise.all(calls)) assertEquals(number, 200);
  });
});

test("ten loops that read a stream and make a call for each of its messages come to their end", () =>
  serving({ ...echo, down: () => chunks(60, () => {}, 60_000) }, async ({ client }) => {
    let read = 0;
    const loop = async (): Promise<void> => {
      for await (const { number } of client.down({})) {
        assertEquals((await client.one({ number: number! }, { deadlineMs: 10_000 })).number, number);
        read++;
      }
    };
    await Promise.all(Array.from({ length: 10 }, loop));
    assertEquals(read, 600);
  }));

test("200 streams of which one message was read stay open beside other calls, and all end", () =>
  serving({ ...echo, down: () => chunks(20, () => {}) }, async ({ client }) => {
    const streams = Array.from({ length: 200 }, () => client.down({}));
    for (const stream of streams) assertEquals((await stream.next()).value?.number, 1);
    assertEquals((await client.one({ text: "beside" }, { deadlineMs: 5_000 })).text, "beside");
    assertEquals((await client.up(chunks(200, () => {}), { deadlineMs: 10_000 })).number, 200 * 201 / 2);
    for (const stream of streams) assertEquals((await collect(stream)).length, 19);
  }));

test("a stream whose messages are larger than its window goes on beside others of that kind", () =>
  serving({ ...echo, down: () => chunks(3, () => {}, 1_000_000) }, async ({ client }) => {
    const streams = Array.from({ length: 40 }, () => client.down({}));
    const [first, ...unread] = streams;
    assertEquals((await collect(first!)).length, 3);
    assertEquals((await client.one({ text: "beside" }, { deadlineMs: 5_000 })).text, "beside");
    for (const stream of unread) {
      assert((await collect(stream)).every(({ body }) => body!.length === 1_000_000));
    }
  }));
