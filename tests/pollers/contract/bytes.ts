// Rules 1, 2 and 6: bytes arrive whole, in order and unchanged, one read and one write at a time.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Endpoint, type EventEngine, SliceBuffer } from "../../../pollers/mod.ts";
import { PlainServer, type PlainSocket } from "../plain_peer.ts";
import { connect, firstDifference, pattern, read, readExactly, withEngine, write } from "../promised.ts";
import type { Suite } from "./suite.ts";

/** Runs `body` with an endpoint of `engine` connected to a plain socket, and closes both. */
export async function withConnection(
  engine: EventEngine,
  body: (endpoint: Endpoint, plain: PlainSocket) => Promise<void>,
): Promise<void> {
  const server = await PlainServer.listen();
  const endpoint = await connect(engine, server.address);
  const plain = await server.accept();
  try {
    await body(endpoint, plain);
  } finally {
    endpoint.close();
    plain.destroy();
    await server.close();
  }
}

const SIZES = [1, 2, 1023, 1024, 2048, 2049, 65_535, 65_536, 65_537, 1_000_000, 16_777_216, 67_108_864];

/** Tests of `read` and `write` in the ordinary course of things. */
export function byteRules({ factory, rule }: Suite): void {
  rule(
    "2 reads 1 B to 64 MB, whole and in order",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          for (const size of SIZES) {
            const sent = pattern(size);
            const sending = plain.write(sent);
            const got = await readExactly(endpoint, size);
            assertEquals(firstDifference(got, sent), -1, `${size} bytes differ`);
            await sending;
          }
        })),
    { timeoutMs: 60_000 },
  );

  rule(
    "6 what a read gives are plain Uint8Arrays, of which `slice` is a copy",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          for (const size of [5, 100_000]) {
            const sending = plain.write(pattern(size));
            for (let count = 0; count < size;) {
              const bytes = await read(endpoint);
              assert(bytes instanceof Uint8Array, `${bytes}`);
              assertEquals(Object.getPrototypeOf(bytes), Uint8Array.prototype);
              count += bytes.length;
            }
            await sending;
          }
        })),
  );

  rule(
    "2 after a buffer was given away amid a read, bytes come whole, or the read fails and so do later ones",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          await plain.write(pattern(100));
          const before = await read(endpoint);
          assert(before instanceof Uint8Array, `${before}`);
          const pending = read(endpoint);
          await new Promise((resolve) => setTimeout(resolve, 20)); // it has begun
          structuredClone(before, { transfer: [before.buffer as ArrayBuffer] });
          await plain.write(pattern(200));
          const bytes = await pending;
          if (bytes instanceof Uint8Array) return assertEquals(bytes, pattern(200));
          assertEquals([bytes.kind, await read(endpoint)], ["other", bytes]);
        })),
  );

  rule(
    "2 writes 1 B to 64 MB, whole and in order",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          for (const size of SIZES) {
            const sent = pattern(size);
            const sending = write(endpoint, sent);
            const got = await plain.readExactly(size);
            assertEquals(firstDifference(got, sent), -1, `${size} bytes differ`);
            assertEquals(await sending, undefined);
          }
        })),
    { timeoutMs: 60_000 },
  );

  rule(
    "2 reads and writes 16 MB at the same time",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(16_777_216);
          const [, , got, heard] = await Promise.all([
            plain.write(sent),
            write(endpoint, sent),
            readExactly(endpoint, sent.length),
            plain.readExactly(sent.length),
          ]);
          assertEquals([firstDifference(got, sent), firstDifference(heard, sent)], [-1, -1]);
        })),
  );

  rule(
    "2 a write of 10,000 slices arrives in order, and its buffer is left empty",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(1_000_000);
          const data = new SliceBuffer();
          for (let at = 0; at < sent.length; at += 100) data.append(sent.subarray(at, at + 100));
          const sending = new Promise<void>((resolve, reject) => {
            const finish = (error?: { message: string }) =>
              error ? reject(new Error(error.message)) : resolve();
            if (endpoint.write(data, finish)) resolve();
          });
          assertEquals(firstDifference(await plain.readExactly(sent.length), sent), -1);
          await sending;
          assertEquals(data.byteLength, 0);
          assertEquals(await write(endpoint, new Uint8Array(0)), undefined);
        })),
  );

  rule(
    "2 a read appends, and leaves what its buffer had",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const into = new SliceBuffer();
          into.append(Uint8Array.of(1, 2));
          await plain.write(Uint8Array.of(3));
          await new Promise<void>((resolve) => {
            if (endpoint.read(into, () => resolve())) resolve();
          });
          assertEquals([...into.join()], [1, 2, 3]);
        })),
  );

  rule(
    "2 a thousand small messages there and back",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          for (let i = 0; i < 1000; i++) {
            const message = Uint8Array.of(i & 255, i >> 8, 7);
            await write(endpoint, message);
            assertEquals(await plain.readExactly(3), message);
            await plain.write(message);
            assertEquals(await readExactly(endpoint, 3), message);
          }
        })),
  );

  rule(
    "1 a second read throws, and the first one is not disturbed",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const first = read(endpoint);
          assertThrows(() => endpoint.read(new SliceBuffer(), () => {}), TypeError, "outstanding");
          await plain.write("once");
          assertEquals(new TextDecoder().decode(await first as Uint8Array), "once");
        })),
  );

  rule(
    "1 a second write throws, and the first one is not disturbed",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(67_108_864);
          const first = write(endpoint, sent); // nobody reads yet, so it cannot be done
          assertThrows(() => endpoint.write(new SliceBuffer(), () => {}), TypeError, "outstanding");
          assertEquals(firstDifference(await plain.readExactly(sent.length), sent), -1);
          assertEquals(await first, undefined);
        })),
  );

  rule(
    "6 bytes handed up are never written to again",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(3_000_000);
          const sending = (async () => {
            for (let at = 0, size = 1; at < sent.length; at += size, size = size % 9000 + 7) {
              await plain.write(sent.subarray(at, at + size));
            }
          })();
          // The views are kept, and compared only when all of them are there.
          const kept: Uint8Array[] = [];
          for (let count = 0; count < sent.length; count += kept.at(-1)!.length) {
            const got = await read(endpoint);
            assert(got instanceof Uint8Array, String(got));
            kept.push(got);
          }
          await sending;
          let at = 0;
          for (const view of kept) {
            assertEquals(firstDifference(view, sent.subarray(at, at + view.length)), -1);
            at += view.length;
          }
        })),
  );

  rule(
    "6 reads that lend, among others: everything comes, and what was not lent is never written to again",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(5_000_000);
          const sending = (async () => {
            for (let at = 0, size = 1; at < sent.length; at += size, size = size * 3 % 400_000 + 7) {
              await plain.write(sent.subarray(at, at + size));
            }
          })();
          const kept: Array<readonly [bytes: Uint8Array, at: number]> = [];
          for (let at = 0, reads = 0; at < sent.length; reads++) {
            const lend = reads % 12 < 8;
            const got = await read(endpoint, lend);
            assert(got instanceof Uint8Array, String(got));
            kept.push([lend ? got.slice() : got, at]);
            at += got.length;
          }
          await sending;
          for (const [bytes, at] of kept) {
            assertEquals(firstDifference(bytes, sent.subarray(at, at + bytes.length)), -1);
          }
        })),
  );
}
