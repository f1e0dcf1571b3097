import { assert, assertEquals } from "@std/assert";
import { type Endpoint, IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { firstDifference, pattern, read, write } from "../promised.ts";
import { epollEngine, noEpoll } from "./setup.ts";

const skip = noEpoll;
const SLAB = 4096;

/** An engine with small slabs, and a connected pair of sockets of its. */
function small() {
  const engine = epollEngine({ readBufferBytes: SLAB });
  const [reader, writer] = engine.sockets.pair() as [number, number];
  const put = (bytes: Uint8Array): void => {
    const data = new SliceBuffer();
    data.append(bytes);
    assertEquals(engine.gatherer.write(writer, data, true), 0);
  };
  const end = async (): Promise<void> => {
    for (const fd of [reader, writer]) engine.sockets.libc.close(fd);
    await engine.shutdown();
  };
  return { engine, reader, put, end };
}

/** Sizes of what comes before each read; all boundaries of a slab are among them. */
const READS: Record<string, readonly number[]> = {
  "a slab, byte by byte": Array.from({ length: SLAB + 10 }, () => 1),
  "a slab at once, three times": [SLAB, SLAB, SLAB],
  "up to a slab's last byte, and over it": [SLAB - 1, 1, SLAB - 1, 2, SLAB - 3, 3],
  "one byte, then a slab": [1, SLAB, SLAB, SLAB - 1, SLAB],
  "half slabs": [SLAB / 2, SLAB / 2, SLAB / 2, SLAB / 2 + 1, SLAB / 2],
  "what is no divisor": Array.from({ length: 40 }, (_, i) => 700 + i),
};

/** By `readv`, and by `recv`, which fills the rest of a slab before it goes on in the next one. */
for (const isSocket of [false, true]) {
  for (const [what, sizes] of Object.entries(READS)) {
    test(
      `scatter, ${isSocket ? "socket" : "any descriptor"}: ${what}; nothing that was handed up changes`,
      async () => {
        const { engine, reader, put, end } = small();
        const sent = pattern(sizes.reduce((sum, size) => sum + size, 0));
        const kept: Array<readonly [view: Uint8Array, expected: Uint8Array]> = [];
        let at = 0;
        for (const size of sizes) {
          put(sent.subarray(at, at + size));
          const into = new SliceBuffer();
          for (let left = size; left > 0;) {
            const count = engine.scatterer.read(reader, into, isSocket);
            left -= count;
            assert(left === 0 || count === engine.scatterer.asked);
          }
          assertEquals(into.byteLength, size);
          assert(isSocket || (engine.scatterer.asked >= SLAB && into.slices.length <= 2));
          let within = at;
          for (const view of into.slices) {
            kept.push([view, sent.subarray(within, within + view.length)]);
            within += view.length;
          }
          at += size;
        }
        assert(kept.every(([view, expected]) => firstDifference(view, expected) === -1));
        await end();
      },
      { skip },
    );
  }
}

test("scatter: a socket that brings much is read into two slabs at once, with one call", async () => {
  const { engine, reader, put, end } = small();
  const calls: string[] = [];
  const { libc } = engine.sockets;
  const { recv, readv } = libc;
  Object.assign(libc, {
    recv: (...values: Parameters<typeof recv>) => (calls.push("recv"), recv(...values)),
    readv: (...values: Parameters<typeof readv>) => (calls.push("readv"), readv(...values)),
  });
  for (const size of [100, 100, 3_000, 3_000, 100, 100]) {
    put(pattern(size));
    assertEquals(engine.scatterer.read(reader, new SliceBuffer(), true), size);
  }
  Object.assign(libc, { recv, readv });
  assertEquals(calls, ["recv", "recv", "recv", "readv", "readv", "recv"]);
  await end();
}, { skip });

test("scatter: a read takes no more than a slab, and says that it could have taken all of it", async () => {
  const { engine, reader, put, end } = small();
  const sent = pattern(3 * SLAB);
  put(sent);
  const into = new SliceBuffer();
  const counts = Array.from({ length: 4 }, () => engine.scatterer.read(reader, into));
  assertEquals(counts, [SLAB, SLAB, SLAB, -11]);
  assertEquals(engine.scatterer.asked, SLAB);
  assertEquals(firstDifference(into.join(), sent), -1);
  await end();
}, { skip });

test("scatter: endpoints take turns in one slab, and none sees another's bytes", async () => {
  const engine = epollEngine({ readBufferBytes: SLAB });
  const pairs = await Promise.all(Array.from({ length: 7 }, () => engine.pair()));
  const kept: Array<[Uint8Array, number]> = [];
  for (let round = 0; round < 60; round++) {
    for (const [i, [one, other]] of pairs.entries()) {
      assertEquals(await write(one, new Uint8Array(round * 5 + i + 1).fill(i)), undefined);
      const got = await read(other);
      assert(got instanceof Uint8Array);
      kept.push([got, i]);
    }
  }
  assert(kept.every(([view, i]) => view.every((byte) => byte === i)));
  for (const end of pairs.flat()) end.close();
  await engine.shutdown();
}, { skip });

async function exchange(one: Endpoint, other: Endpoint, text: string): Promise<Uint8Array> {
  assertEquals(await write(one, text), undefined);
  const got = await read(other);
  if (got instanceof IoError) throw new Error(got.message);
  assertEquals(new TextDecoder().decode(got), text);
  return got;
}

test("scatter: an application may give a view's buffer away; what comes then lies elsewhere", async () => {
  const engine = epollEngine({ readBufferBytes: SLAB });
  const [one, other] = await engine.pair();
  for (let i = 0; i < 20; i++) {
    const view = await exchange(one, other, `message ${i}`);
    const away = structuredClone(view, { transfer: [view.buffer as ArrayBuffer] });
    const after = await exchange(one, other, `after ${i}`);
    assertEquals(new TextDecoder().decode(away), `message ${i}`);
    assert(after.buffer !== away.buffer && after.length > 0);
  }
  one.close();
  other.close();
  await engine.shutdown();
}, { skip });

test("scatter: a lent slab is four times as large, and used again once it is given back", async () => {
  const { engine: { scatterer }, engine, reader, put, end } = small();
  const all = pattern(3 * SLAB);
  const seen = new Set<ArrayBufferLike>();
  for (let i = 0; i < 10; i++) {
    const sent = all.subarray(i >> 1); // of each size two reads
    put(sent);
    const into = new SliceBuffer();
    const slab = scatterer.lend()!;
    const count = scatterer.readInto(slab, reader, into, i % 2 === 0);
    assertEquals([count, scatterer.asked], [sent.length, 4 * SLAB]);
    assertEquals(firstDifference(into.join(), sent), -1);
    seen.add(slab.bytes.buffer);
    scatterer.giveBack(slab);
  }
  assertEquals(seen.size, 1);
  assertEquals(engine.scatterer.readInto(scatterer.lend()!, reader, new SliceBuffer()), -11);
  await end();
}, { skip });

test("scatter: memory is lent to 8 endpoints at a time, and to none that are idle or closed", async () => {
  const engine = epollEngine({ readBufferBytes: SLAB });
  const { scatterer } = engine;
  const pairs = await Promise.all(Array.from({ length: 12 }, () => engine.pair()));
  for (let round = 0; round < 3; round++) {
    const sent = pattern(3 * SLAB);
    const sizes: number[] = [];
    for (const [one, other] of pairs) {
      assertEquals(await write(one, sent), undefined);
      const got = await read(other, true);
      assert(got instanceof Uint8Array);
      assertEquals(firstDifference(got, sent.subarray(0, got.length)), -1);
      sizes.push(got.length);
    }
    // The other four have their views as usual, in slabs that are not used again.
    assertEquals(sizes.filter((size) => size > SLAB).length, 8);
    for (const [one, other] of pairs) {
      for (let left = sent.length - sizes.shift()!; left > 0;) {
        const got = await read(other, true);
        assert(got instanceof Uint8Array);
        left -= got.length;
      }
      const next = read(other, true); // nothing is there: what was lent is taken back
      assertEquals(await write(one, "x"), undefined);
      await next;
    }
    assertEquals(scatterer.lend(), undefined);
    if (round !== 1) { // in round 1 what is lent ends with the endpoints
      for (const [, other] of pairs) assertEquals(other.read(new SliceBuffer(), () => {}, true), false);
      const slab = scatterer.lend();
      assert(slab !== undefined);
      scatterer.giveBack(slab);
    }
    for (const end of pairs.flat()) end.close();
    pairs.splice(0, pairs.length, ...await Promise.all(Array.from({ length: 12 }, () => engine.pair())));
  }
  for (const end of pairs.flat()) end.close();
  await engine.shutdown();
}, { skip });
