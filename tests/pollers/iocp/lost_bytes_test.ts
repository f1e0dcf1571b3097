// Bytes that an application gave away while iocp had not written them yet.
import { assertEquals } from "@std/assert";
import process from "node:process";
import { type Endpoint, type IoError, SliceBuffer } from "../../../pollers/mod.ts";
import { Acceptor, connect, pattern } from "../promised.ts";
import { forEachShape, iocpTests } from "./setup.ts";

/** Writes bytes of which some are no longer there; the error's code. */
async function writeLost(to: Endpoint, before: Uint8Array): Promise<string | undefined> {
  const lost = new Uint8Array(5_000);
  const data = new SliceBuffer();
  data.append(before);
  data.append(lost);
  structuredClone(lost, { transfer: [lost.buffer] });
  const error = await new Promise<IoError | undefined>((resolve) => {
    if (to.write(data, resolve)) resolve(undefined);
  });
  return error?.code;
}

iocpTests("bytes that were given away", () => {
  forEachShape(
    "bytes of a socket that were given away are an error, not a loop without an end",
    async (engine) => {
      const [ours, theirs] = await engine.pair();
      for (const before of [pattern(100), pattern(3_000)]) {
        assertEquals(await writeLost(ours, before), "EFAULT");
      }
      ours.close();
      theirs.close();
    },
  );

  forEachShape(
    "bytes of a pipe that were given away are an error, not a loop without an end",
    async (engine) => {
      const at = { family: "npipe", name: `pollwire-lost-${process.pid}` } as const;
      const [acceptor] = await Acceptor.listen(engine, at);
      const ours = await connect(engine, at);
      const theirs = await acceptor.accept();
      assertEquals(await writeLost(ours, pattern(100)), "EFAULT");
      ours.close();
      theirs.close();
      await acceptor.shutdown();
    },
  );
});
