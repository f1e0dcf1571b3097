import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import { IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { PlainServer } from "../plain_peer.ts";
import {
  connect,
  firstDifference,
  LOOPBACK,
  pattern,
  read,
  readExactly,
  sleep,
  withEngine,
  write,
} from "../promised.ts";
import { overTcpAndUnix, testEach } from "./setup.ts";

testEach(
  "a peer's bytes stay in the kernel while nobody reads, and all come in the end",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      const total = 24 * 1024 * 1024;
      const bytes = pattern(total);
      let sent = false;
      const sending = plain.write(bytes).then(() => sent = true);
      await sleep(100);
      assert(!sent, "the peer could send everything although nobody read");
      const before = process.memoryUsage().arrayBuffers;
      const got = await readExactly(endpoint, total);
      await sending;
      assertEquals(firstDifference(got, bytes), -1);
      assert(process.memoryUsage().arrayBuffers - before < 10 * total);
    }),
);

testEach(
  "a read that is not repeated pauses, one that is goes on",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      for (let round = 0; round < 20; round++) {
        const bytes = pattern(1 + round * 1000);
        await plain.write(bytes);
        if (round % 2 === 1) await sleep(2); // comes while no read is outstanding
        assertEquals(firstDifference(await readExactly(endpoint, bytes.length), bytes), -1);
      }
    }),
);

testEach(
  "bytes handed up are never written to again",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      const kept: Uint8Array[] = [];
      const copies: Uint8Array[] = [];
      for (let round = 0; round < 60; round++) {
        await plain.write(new Uint8Array(1 + (round * 977) % 9000).fill(round + 1));
        const got = await read(endpoint);
        if (got instanceof IoError) throw new Error(got.message);
        kept.push(got);
        copies.push(new Uint8Array(got));
      }
      plain.endWriting();
      for (let got = await read(endpoint); !(got instanceof IoError); got = await read(endpoint)) {
        kept.push(got);
      }
      copies.forEach((copy, i) => assertEquals(firstDifference(kept[i]!, copy), -1, `read ${i}`));
    }),
);

testEach(
  "what comes with the connection is not lost, nor what comes before the end",
  (factory) =>
    withEngine(factory, async (engine) => {
      const server = await PlainServer.listen(LOOPBACK);
      for (let round = 0; round < 20; round++) {
        const greeting = server.accept().then(async (plain) => {
          await plain.write("hello");
          plain.endWriting();
          return plain;
        });
        const endpoint = await connect(engine, server.address);
        const plain = await greeting;
        if (round % 2 === 1) await sleep(2); // the end is there before the first read
        assertEquals(new TextDecoder().decode(await readExactly(endpoint, 5)), "hello");
        const end = await read(endpoint);
        assertEquals(end instanceof IoError && end.kind, "end-of-stream");
        endpoint.close();
        plain.destroy();
      }
      await server.close();
    }),
);

testEach(
  "the peer's FIN ends reading, not writing",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      plain.endWriting();
      for (let times = 0; times < 2; times++) {
        const end = await read(endpoint);
        assertEquals(end instanceof IoError && end.kind, "end-of-stream");
      }
      assertEquals(await write(endpoint, "still here"), undefined);
      assertEquals(new TextDecoder().decode(await plain.readExactly(10)), "still here");
    }),
);

testEach("a reset is no end of stream", (factory) =>
  withEngine(factory, async (engine) => {
    const server = await PlainServer.listen(LOOPBACK);
    const endpoint = await connect(engine, server.address);
    const plain = await server.accept();
    const reading = read(endpoint);
    // Closing with unread bytes makes the kernel send RST.
    assertEquals(await write(endpoint, new Uint8Array(100_000)), undefined);
    await sleep(20);
    plain.destroy();
    const error = await reading;
    assertEquals(error instanceof IoError && error.kind, "reset");
    endpoint.close();
    await server.close();
  }));

testEach(
  "a callback that reads again is called from another turn",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      const into = new SliceBuffer();
      let depth = 0;
      let deepest = 0;
      const finished = new Promise<void>((resolve) => {
        const loop = (): void => {
          depth++;
          deepest = Math.max(deepest, depth);
          if (into.byteLength >= 2_000_000) resolve();
          else while (endpoint.read(into, loop)) if (into.byteLength >= 2_000_000) return resolve();
          depth--;
        };
        if (endpoint.read(into, loop)) throw new Error("Nothing was sent, yet a read was done");
      });
      await plain.write(pattern(2_000_000));
      await finished;
      assertEquals(deepest, 1);
      assertNotStrictEquals(into.slices.length, 0);
    }),
);
