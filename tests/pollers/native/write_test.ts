import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Endpoint, IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { PlainServer } from "../plain_peer.ts";
import { connect, firstDifference, LOOPBACK, pattern, sleep, withEngine, write } from "../promised.ts";
import { overTcpAndUnix, testEach } from "./setup.ts";

/** More than the kernel takes from one side for the other. */
const FLOOD_BYTES = 16 * 1024 * 1024;

testEach(
  "a write the kernel takes in parts arrives whole",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      const bytes = pattern(FLOOD_BYTES);
      let done = false;
      const writing = write(endpoint, bytes).then((error) => {
        done = true;
        return error;
      });
      await sleep(50);
      assert(!done, "the write was over although the peer had not read");
      const got = await plain.readExactly(FLOOD_BYTES);
      assertEquals(await writing, undefined);
      assertEquals(firstDifference(got, bytes), -1);
    }),
);

for (
  const [what, sizes] of [
    ["many small slices", Array.from({ length: 3000 }, (_, i) => 1 + i % 200)],
    ["a few large slices", [1_000_000, 65_536, 3_000_000, 65_536, 16_384, 4_000_000]],
    ["small slices among large ones", [9, 500_000, 9, 2_000_000, 9, 4_000_000, 5]],
  ] as Array<[string, number[]]>
) {
  testEach(
    `${what} arrive in order, and the buffer is empty afterwards`,
    (factory) =>
      overTcpAndUnix(factory, async (endpoint, plain) => {
        const total = sizes.reduce((sum, size) => sum + size, 0);
        const bytes = pattern(total);
        for (let times = 0; times < 2; times++) {
          const data = sliced(bytes, sizes);
          const writing = writeAll(endpoint, data);
          const got = await plain.readExactly(total);
          assertEquals(await writing, undefined);
          assertEquals(data.byteLength, 0);
          assertEquals(firstDifference(got, bytes), -1);
        }
      }),
  );
}

testEach(
  "a write cut short by close fails with the reason, and its bytes are free from then on",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      const large = new Uint8Array(FLOOD_BYTES).fill(1);
      const data = sliced(large, [FLOOD_BYTES / 2, FLOOD_BYTES / 2]);
      const writing = writeAll(endpoint, data);
      await sleep(30);
      const reason = new IoError("cancelled", "write", endpoint.peer);
      endpoint.close(reason);
      assertEquals(await writing, reason);
      large.fill(2); // as a pool does that gives the bytes to another connection
      const got = await plain.readToEnd();
      assert(got.length < FLOOD_BYTES);
      assertEquals(got.indexOf(2), -1);
    }),
);

testEach(
  "what was written arrives although the endpoint closes at once",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      const bytes = pattern(150_000);
      assertEquals(await write(endpoint, bytes), undefined);
      endpoint.close();
      assertEquals(firstDifference(await plain.readToEnd(), bytes), -1);
    }),
);

testEach(
  "what was written before arrives although close cuts the next write short",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      const bytes = pattern(50_000);
      assertEquals(await write(endpoint, bytes), undefined);
      const writing = write(endpoint, new Uint8Array(FLOOD_BYTES));
      await sleep(20);
      endpoint.close();
      assertEquals((await writing)?.kind, "closed");
      assertEquals(firstDifference((await plain.readToEnd()).subarray(0, bytes.length), bytes), -1);
    }),
);

testEach(
  "writing to a peer that is gone fails as reset, again and again",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint, plain) => {
      plain.destroy();
      await sleep(20);
      let error = await write(endpoint, "first"); // TCP takes it and hears the reset afterwards
      for (let times = 0; times < 3; times++) {
        await sleep(20);
        error = await write(endpoint, "next");
        assertEquals(error?.kind, "reset");
      }
    }),
);

testEach("a pending write hears that the peer is gone", (factory) =>
  withEngine(factory, async (engine) => {
    const server = await PlainServer.listen(LOOPBACK);
    const endpoint = await connect(engine, server.address);
    const plain = await server.accept();
    const writing = write(endpoint, new Uint8Array(FLOOD_BYTES));
    await sleep(30);
    plain.destroy();
    assertEquals((await writing)?.kind, "reset");
    endpoint.close();
    await server.close();
  }));

testEach(
  "a second write, and a second read, is misuse",
  (factory) =>
    overTcpAndUnix(factory, async (endpoint) => {
      const writing = write(endpoint, new Uint8Array(FLOOD_BYTES));
      const data = sliced(new Uint8Array(1), [1]);
      assertThrows(() => endpoint.write(data, () => {}), TypeError, "outstanding");
      endpoint.read(new SliceBuffer(), () => {});
      assertThrows(() => endpoint.read(new SliceBuffer(), () => {}), TypeError, "outstanding");
      endpoint.close();
      assertEquals((await writing)?.kind, "closed");
    }),
);

function sliced(bytes: Uint8Array, sizes: readonly number[]): SliceBuffer {
  const data = new SliceBuffer();
  let at = 0;
  for (const size of sizes) data.append(bytes.subarray(at, at += size));
  return data;
}

function writeAll(endpoint: Endpoint, data: SliceBuffer): Promise<IoError | undefined> {
  return new Promise((resolve) => {
    if (endpoint.write(data, resolve)) resolve(undefined);
  });
}
