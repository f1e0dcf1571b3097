import { assert, assertEquals } from "@std/assert";
import type { EpollEngine } from "../../../pollers/epoll/engine.ts";
import { SliceBuffer } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { firstDifference, pattern } from "../promised.ts";
import { epollEngine, noEpoll } from "../epoll/setup.ts";

const skip = noEpoll;
const EAGAIN = -11;

/** A rope of `sizes`, and the bytes in it; each slice in memory of its own, behind a byte that is not in it. */
function ropeOf(sizes: readonly number[]): { data: SliceBuffer; bytes: Uint8Array } {
  const bytes = pattern(sizes.reduce((sum, size) => sum + size, 0));
  const data = new SliceBuffer();
  let at = 0;
  for (const size of sizes) {
    const memory = new Uint8Array(size + 2).fill(0xee);
    memory.set(bytes.subarray(at, at + size), 1);
    data.append(memory.subarray(1, size + 1));
    at += size;
  }
  return { data, bytes };
}

/** Writes a rope and reads it on the other side, as the kernel has room; gives what came and the calls it took. */
function pass(
  engine: EpollEngine,
  data: SliceBuffer,
  isSocket: boolean,
): { got: Uint8Array; writes: number } {
  const fds = isSocket ? engine.sockets.pair() as [number, number] : pipe(engine);
  const got = new SliceBuffer();
  let writes = 0;
  for (let result = EAGAIN; result === EAGAIN; writes++) {
    assert(writes < 10_000);
    result = engine.gatherer.write(fds[1], data, isSocket);
    assert(result === 0 || result === EAGAIN, `errno ${-result}`);
    assertEquals(result === 0, data.byteLength === 0);
    while (engine.scatterer.read(fds[0], got) > 0);
  }
  for (const fd of fds) engine.sockets.libc.close(fd);
  return { got: got.join(), writes };
}

function pipe({ sockets }: EpollEngine): [number, number] {
  const fds = new Int32Array(1024); // large enough to stay where it is
  sockets.libc.pipe2(new Uint8Array(fds.buffer), 0o4000);
  return [fds[0]!, fds[1]!];
}

const repeated = (times: number, ...sizes: number[]): number[] =>
  Array.from({ length: times }, () => sizes).flat();

/** Ropes by what is hard about them; 2,048 bytes are copied, 2,049 are not, and a call takes 64 vectors. */
const ROPES: Record<string, readonly number[]> = {
  "one byte": [1],
  "one slice that is copied": [2048],
  "one slice that is not": [2049],
  "100,000 slices of one byte": repeated(100_000, 1),
  "scratch memory that is just full": repeated(32, 2048),
  "scratch memory and one byte more": [...repeated(32, 2048), 1],
  "scratch memory that is full but for a byte, and two more": [...repeated(31, 2048), 2047, 2],
  "63 vectors": repeated(63, 2049),
  "64 vectors": repeated(64, 2049),
  "65 vectors": repeated(65, 2049),
  "300 vectors": repeated(300, 2049),
  "small and large in turn": repeated(100, 1, 2049, 2048, 5000, 3),
  "64 vectors, the last one joined": [...repeated(63, 2049), 1, 1, 1],
  "more than any buffer": [10_000_000],
  "large, tiny, large": [3_000_000, 1, 3_000_000, 1],
};

for (const [what, sizes] of Object.entries(ROPES)) {
  test(`gather: ${what}, through a socket and through a pipe`, async () => {
    const engine = epollEngine();
    for (const isSocket of [true, false]) {
      const { data, bytes } = ropeOf(sizes);
      const { got } = pass(engine, data, isSocket);
      assertEquals(firstDifference(got, bytes), -1);
      assertEquals([data.byteLength, data.slices.length], [0, 0]);
    }
    await engine.shutdown();
  }, { skip });
}

test(
  "gather: after a partial write the rope begins with what was not sent, in the middle of a slice",
  async () => {
    const engine = epollEngine();
    const [reader, writer] = engine.sockets.pair() as [number, number];
    const { data, bytes } = ropeOf(repeated(1000, 1000, 3000));
    const before = data.byteLength;
    assertEquals(engine.gatherer.write(writer, data, true), EAGAIN);
    const got = new SliceBuffer();
    while (engine.scatterer.read(reader, got) > 0);
    assert(data.byteLength > 0 && data.byteLength < before);
    assertEquals(got.byteLength, before - data.byteLength);
    assertEquals(firstDifference(data.join(), bytes.subarray(got.byteLength)), -1);
    for (const fd of [reader, writer]) engine.sockets.libc.close(fd);
    await engine.shutdown();
  },
  { skip },
);

test("gather: tiny slices take few system calls", async () => {
  const engine = epollEngine();
  let calls = 0;
  const { libc } = engine.sockets;
  const counting = Object.assign(Object.create(libc), {
    send: (...values: Parameters<typeof libc.send>) => (calls++, libc.send(...values)),
    sendmsg: (...values: Parameters<typeof libc.sendmsg>) => (calls++, libc.sendmsg(...values)),
  });
  Object.assign(engine.gatherer, { libc: counting });
  pass(engine, ropeOf(repeated(60_000, 1)).data, true);
  assert(calls >= 1 && calls <= 3, `${calls} calls`);
  await engine.shutdown();
}, { skip });

test(
  "gather: bytes that were given away while they wait are an error, not a loop without an end",
  async () => {
    const engine = epollEngine();
    const [reader, writer] = engine.sockets.pair() as [number, number];
    for (const before of [pattern(100), new Uint8Array(0)]) {
      const lost = new Uint8Array(5000);
      const data = new SliceBuffer();
      data.append(before);
      data.append(lost);
      structuredClone(lost, { transfer: [lost.buffer] });
      assertEquals(engine.gatherer.write(writer, data, true), -14);
    }
    for (const fd of [reader, writer]) engine.sockets.libc.close(fd);
    await engine.shutdown();
  },
  { skip },
);
