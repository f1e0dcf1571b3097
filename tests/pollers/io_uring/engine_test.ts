import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import {
  ADOPT,
  type Endpoint,
  type EngineFactory,
  IoError,
  ORPHANED_RESOURCES,
  SliceBuffer,
  SYNC_WAIT,
} from "../../../pollers/mod.ts";
import { EAGAIN, EBADF } from "../../../pollers/ffi/linux_errno_table.ts";
import { Descriptors } from "../../../pollers/io_uring/descriptors.ts";
import type { Scatterer } from "../../../pollers/ffi/scatter.ts";
import { ioUringFactory } from "../../../pollers/io_uring/mod.ts";
import { test } from "../../harness.ts";
import { countDescriptors } from "../epoll/setup.ts";
import { libc } from "../ffi/setup.ts";
import {
  Acceptor,
  LOOPBACK,
  NOBODY,
  read,
  readExactly,
  sleep,
  tryConnect,
  until,
  withEngine,
  write,
} from "../promised.ts";

const probed = ioUringFactory.probe();
const skip = probed.usable ? undefined : probed.because;

/** Rings whose memory is mapped, by parts. */
function mappedRings(): number {
  return readFileSync("/proc/self/maps", "latin1").split("io_uring").length;
}

/** Engines that start no thread, which would have descriptors of its own. */
const threadless: EngineFactory = {
  ...ioUringFactory,
  create: (options) => ioUringFactory.create({ ...options, ownThread: true }),
};

test(
  "io_uring: what a thread that is gone had open is closed, with what operations hold",
  () =>
    withEngine(threadless, async (engine) => {
      const [before, rings] = [countDescriptors(), mappedRings()];
      const gone = threadless.create({});
      const listener = gone.listen({}, () => {}, () => {});
      const bound = await listener.bind(LOOPBACK);
      assert(bound.ok);
      listener.start();
      const [one, other] = await gone.pair();
      one.read(new SliceBuffer(), () => {});
      await until(() => (gone as unknown as { ring: { queued: number } }).ring.queued === 0, "a submission");
      const exported = gone.extension(ORPHANED_RESOURCES)!.exportResources();
      await engine.extension(ORPHANED_RESOURCES)!.reclaimResources(exported);
      // The port is free though an accept was under way on it.
      const again = engine.listen({}, () => {}, () => {});
      assertEquals(await again.bind({ family: "ipv4", host: "127.0.0.1", port: bound.value }), bound);
      again.shutdown();
      await engine.extension(ORPHANED_RESOURCES)!.reclaimResources(exported);
      assertEquals(mappedRings(), rings, "a ring that is mapped is open");
      // It was not gone after all, and notices.
      for (const endpoint of [one, other]) endpoint.close();
      listener.shutdown();
      await gone.shutdown();
      assertEquals(countDescriptors(), before);
    }),
  { skip },
);

test(
  "io_uring: the error of a descriptor that cannot be adopted says why, whatever its number",
  () =>
    withEngine(threadless, (engine) => {
      for (const fd of [-1, -2, 999_999, 2 ** 20, 2 ** 31 - 1]) {
        assertThrows(
          () => engine.extension(ADOPT)!.adopt(fd),
          Error,
          `Cannot adopt descriptor ${fd}: it is not open (EBADF)`,
        );
      }
    }),
  { skip },
);

test(
  "io_uring: descriptors whose numbers are beyond what is shared are used and closed as others are",
  () =>
    withEngine(threadless, async (engine) => {
      const before = countDescriptors();
      const words = new Int32Array(new SharedArrayBuffer(4)); // it has no room for any
      Object.assign(engine, { descriptors: new Descriptors(words) });
      const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
      const connected = await tryConnect(engine, { family: "ipv4", host: "127.0.0.1", port });
      assert(connected.ok, String(!connected.ok && connected.error.message));
      const accepted = await acceptor.accept();
      await write(connected.value, "far");
      assertEquals(new TextDecoder().decode(await read(accepted) as Uint8Array), "far");
      const refused = await tryConnect(engine, NOBODY);
      assert(!refused.ok && refused.error.kind === "refused");
      const ends = await engine.pair();
      for (const end of [connected.value, accepted, ...ends]) end.close();
      await acceptor.shutdown();
      assertEquals(countDescriptors(), before);
    }),
  { skip },
);

test(
  "io_uring: a ring that is lost fails what is open, whoever finds out, and throws nowhere",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const pairs = await Promise.all(Array.from({ length: 10 }, () => engine.pair()));
      const reads = pairs.flat().map((end) => read(end));
      await sleep(1); // they are submitted, and there is no poller thread yet
      const { ring } = engine as unknown as {
        ring: { calls: { enter: () => number; enterAndWait: () => number } };
      };
      ring.calls.enter = ring.calls.enterAndWait = () => -EBADF;
      for (const [one] of pairs) one.close(); // each enters the ring
      const ended = await Promise.all(reads);
      assertEquals(
        ended.map((error) => error instanceof IoError ? error.message : "bytes").filter((message) =>
          message.includes("the ring can no longer be waited on: io_uring_enter failed: EBADF")
        ).length,
        pairs.length,
      );
      const attempts = Array.from({ length: 600 }, () => tryConnect(engine, NOBODY)); // more than wait in a ring
      for (const attempt of await Promise.all(attempts)) {
        assert(!attempt.ok);
        assertMatch(attempt.error.message, /connect failed: the ring can no longer be waited on/);
      }
    }),
  { skip },
);

test(
  "io_uring: a wait that does not listen accepts nothing after another one was refused inside it",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
      const { waitSync } = engine.extension(SYNC_WAIT)!;
      const wait = waitSync.bind(engine);
      await sleep(50); // its poller thread waits
      const at = { family: "ipv4", host: "127.0.0.1", port } as const;
      let connected = 0;
      engine.connect(at, {}, (first) => {
        assertThrows(() => wait(() => true, Infinity), TypeError);
        engine.connect(at, {}, (second) => {
          for (const { value } of [first, second] as { value: Endpoint }[]) value.close();
          connected = 2;
        });
      });
      assert(wait(() => connected === 2, engine.now() + 20_000, 0, false));
      assertEquals(wait(() => false, engine.now() + 50, 0, false), false); // in which it would accept them
      assertEquals(acceptor.events, []);
      for (let i = 0; i < 2; i++) (await acceptor.accept()).close();
      await acceptor.shutdown();
    }),
  { skip },
);

test(
  "io_uring: a long stream after small messages, and small ones after it",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const [one, other] = await engine.pair();
      const sizes = [1, 4_095, 4_096, 4_097, 1_000_000, 3, 1_000_000, 1, 1];
      for (const [i, size] of sizes.entries()) {
        const sent = new Uint8Array(size).fill(i + 1);
        const writing = write(one, sent);
        const got = await readExactly(other, size);
        assertEquals(await writing, undefined);
        assert(got.every((byte) => byte === i + 1), `${size} bytes`);
      }
      one.close();
      assertEquals(String(await read(other)).includes("end of stream"), true);
      other.close();
    }),
  { skip },
);

test(
  "io_uring: what is written between events is sent though the endpoint is closed at once",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const [one, other] = await engine.pair();
      one.read(new SliceBuffer(), () => {
        const data = new SliceBuffer();
        for (const part of ["short ", "and in ", "parts"]) data.append(new TextEncoder().encode(part));
        one.write(data, () => {});
        one.close();
      });
      assertEquals(await write(other, "?"), undefined);
      assertEquals(new TextDecoder().decode(await readExactly(other, 18)), "short and in parts");
      other.close();
    }),
  { skip },
);

test(
  "io_uring: a short write that finds no room waits for it, and arrives whole",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const chunk = () => {
        const data = new SliceBuffer();
        data.append(new Uint8Array(4_000).fill(1));
        return data;
      };
      const [probe, unread] = await engine.pair();
      let room = 0;
      while (probe.write(chunk(), () => {})) room++;
      const [one, other] = await engine.pair();
      for (let i = 0; i < room; i++) assert(one.write(chunk(), () => {}));
      const written = new Promise<unknown>((resolve) => {
        one.read(new SliceBuffer(), () => assert(!one.write(chunk(), resolve)));
      });
      assertEquals(await write(other, "?"), undefined);
      assertEquals((await readExactly(other, (room + 1) * 4_000)).length, (room + 1) * 4_000);
      assertEquals(await written, undefined);
      one.close();
      assertEquals(String(await read(other)).includes("end of stream"), true, "and nothing twice");
      for (const endpoint of [probe, unread, other]) endpoint.close();
    }),
  { skip },
);

test(
  "io_uring: a write that is over is forgotten: its buffer is the caller's again, and the endpoint can be handed on",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const adoption = engine.extension(ADOPT)!;
      const [one, other] = await engine.pair();
      const data = new SliceBuffer();
      data.append(new Uint8Array(4_000));
      const sent = new Promise((resolve) => {
        one.read(new SliceBuffer(), () => assert(!one.write(data, resolve), "it is sent with others"));
      });
      assertEquals([await write(other, "?"), await sent], [undefined, undefined]);
      data.append(new Uint8Array(1_000));
      adoption.adopt(adoption.detach(one)).close();
      assertEquals(data.byteLength, 1_000);

      const [reader, writer] = await engine.pair();
      const large = new SliceBuffer();
      large.append(new Uint8Array(4_000_000));
      const waited = new Promise((resolve) => assert(!writer.write(large, resolve), "it waits for room"));
      assertEquals((await readExactly(reader, 4_000_000)).length, 4_000_000);
      assertEquals(await waited, undefined);
      large.append(new Uint8Array(1_000));
      adoption.adopt(adoption.detach(writer)).close();
      assertEquals(large.byteLength, 1_000);
      for (const endpoint of [other, reader]) endpoint.close();
    }),
  { skip },
);

test(
  "io_uring: a pipe is read and written, and what is in it at its end",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const ends = new Uint8Array(4_096);
      libc().pipe2(ends, 0);
      const [reader, writer] = new Int32Array(ends.buffer, 0, 2);
      const endpoint = engine.extension(ADOPT)!.adopt(reader!, writer!);
      for (const size of [1, 200_000, 5]) {
        const writing = write(endpoint, new Uint8Array(size).fill(7));
        assertEquals((await readExactly(endpoint, size)).length, size);
        assertEquals(await writing, undefined);
      }
      endpoint.close();
    }),
  { skip },
);

test(
  "io_uring: bytes that were handed up stay as they are when buffers are used again",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const [one, other] = await engine.pair();
      const kept: Uint8Array[] = [];
      for (let i = 0; i < 600; i++) { // more than there are buffers
        const reading = read(other);
        assertEquals(await write(one, new Uint8Array(3).fill(i)), undefined);
        kept.push(await reading as Uint8Array);
      }
      assertEquals(kept.map((bytes) => bytes[2]), Array.from({ length: 600 }, (_, i) => i & 0xff));
      one.close();
      other.close();
    }),
  { skip },
);

test(
  "io_uring: memory that reads lend is the ring's or a slab, and comes back with the next read or the end",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const { scatterer } = engine as unknown as { scatterer: Scatterer<number> };
      const [one, other] = await engine.pair();
      const places = new Map<ArrayBufferLike, Set<number>>();
      for (let i = 0; i < 600; i++) {
        const reading = read(other, true);
        assertEquals(await write(one, new Uint8Array(1_000).fill(i)), undefined);
        const got = await reading as Uint8Array;
        assert(got.length === 1_000 && got.every((byte) => byte === (i & 0xff)));
        places.set(got.buffer, (places.get(got.buffer) ?? new Set()).add(got.byteOffset));
      }
      const used = [...places.values()].reduce((sum, { size }) => sum + size, 0);
      assert(used < 100, `${used} places of 600 reads: they were copied`); // the ring has 64 buffers
      for (let i = 0; i < 20; i++) {
        const writing = write(one, new Uint8Array(300_000).fill(i));
        for (let left = 300_000; left > 0;) {
          const got = await read(other, true) as Uint8Array;
          assert(got.every((byte) => byte === i));
          left -= got.length;
        }
        assertEquals(await writing, undefined);
      }
      for (const end of [one, other]) end.close();
      const slabs = Array.from({ length: 8 }, () => scatterer.lend()); // all that may be lent at a time
      assert(slabs.every((slab) => slab !== undefined), "a slab was not given back");
      for (const slab of slabs) scatterer.giveBack(slab!);
    }),
  { skip },
);

test(
  "io_uring: what came with no buffer left is read all the same",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const pairs = await Promise.all(Array.from({ length: 300 }, () => engine.pair()));
      const reading = pairs.map(([one]) => read(one));
      // In one turn, in which no buffer is given back.
      const written = await Promise.all(pairs.map(([, other], i) => write(other, Uint8Array.of(i))));
      assertEquals(written, pairs.map(() => undefined));
      const got = await Promise.all(reading);
      assertEquals(
        got.map((bytes) => (bytes as Uint8Array)[0]),
        pairs.map((_, i) => i & 0xff),
      );
      for (const pair of pairs) for (const end of pair) end.close();
    }),
  { skip },
);

test(
  "io_uring: what the kernel does not take for the moment is asked for again, though nothing else happens",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const { ring: { calls } } = engine as unknown as { ring: { calls: { enter(): number } } };
      const [one, other] = await engine.pair();
      await sleep(100); // the poller thread waits
      const { enter } = calls;
      let refused = 0;
      calls.enter = () => {
        if (++refused === 3) calls.enter = enter;
        return -EAGAIN;
      };
      const made = await tryConnect(engine, NOBODY);
      assert(!made.ok && made.error.kind === "refused");
      assertEquals(refused, 3);
      one.close();
      other.close();
    }),
  { skip },
);

test(
  "io_uring: as many connects as there may be wait while the kernel takes none of them",
  () =>
    withEngine(ioUringFactory, async (engine) => {
      const { ring: { calls } } = engine as unknown as { ring: { calls: { enter(): number } } };
      const { enter } = calls;
      calls.enter = () => -EAGAIN;
      const connects = Array.from({ length: 700 }, () => tryConnect(engine, NOBODY));
      await sleep(20);
      calls.enter = enter;
      const made = await Promise.all(connects);
      assert(made.every((one) => !one.ok && one.error.kind === "refused"));
    }),
  { skip },
);
