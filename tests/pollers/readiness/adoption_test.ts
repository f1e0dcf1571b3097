// Descriptors of others, on every engine over the C library: what they share, and that each refuses the same.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { closeSync, fstatSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { epollFactory } from "../../../pollers/epoll/mod.ts";
import { ioUringFactory } from "../../../pollers/io_uring/mod.ts";
import { ADOPT, type EngineFactory, type FdAdoption } from "../../../pollers/mod.ts";
import { pollFactory } from "../../../pollers/poll/mod.ts";
import { test } from "../../harness.ts";
import { libc } from "../ffi/setup.ts";
import { readExactly, withEngine, write } from "../promised.ts";

const FILE = fileURLToPath(import.meta.url);

function pipe(): [read: number, write: number] {
  const fds = new Int32Array(1024); // large enough to stay where it is
  assertEquals(libc().pipe2(new Uint8Array(fds.buffer), 0o2000000), 0);
  return [fds[0]!, fds[1]!];
}

function forEachEngine(name: string, body: (factory: EngineFactory) => Promise<void>): void {
  for (const factory of [epollFactory, pollFactory, ioUringFactory]) {
    const probed = factory.probe();
    test(`adoption, ${factory.name}: ${name}`, () => body(factory), {
      skip: probed.usable ? undefined : probed.because,
    });
  }
}

/** Why `fds` cannot be adopted. */
function refusal(engine: FdAdoption, ...fds: [number, number?]): string {
  return assertThrows(() => engine.adopt(...fds), Error).message;
}

forEachEngine("two pipes are one endpoint, and a pair talks", async (factory) => {
  await withEngine(factory, async (engine) => {
    const [there, back] = [pipe(), pipe()];
    const adopting = engine.extension(ADOPT)!;
    const ends = [adopting.adopt(there[0], back[1]), adopting.adopt(back[0], there[1])] as const;
    for (const [one, other] of [ends, await engine.pair()]) {
      assertEquals(await write(one, "ping"), undefined);
      assertEquals(await readExactly(other, 4), new TextEncoder().encode("ping"));
      assertEquals(await write(other, "pong"), undefined);
      assertEquals(await readExactly(one, 4), new TextEncoder().encode("pong"));
      one.close();
      other.close();
    }
  });
});

forEachEngine("what cannot be adopted stays as it is, and the error says why", async (factory) => {
  await withEngine(factory, (engine) => {
    const adopting = engine.extension(ADOPT)!;
    const file = openSync(FILE, "r");
    const [reads, writes] = pipe();
    const files =
      `Cannot adopt descriptor ${file}: files cannot be polled, only sockets, pipes and their like (EPERM)`;
    assertEquals(refusal(adopting, file), files);
    assert(fstatSync(file).isFile());
    const endpoint = adopting.adopt(reads);
    assertEquals(
      refusal(adopting, reads),
      `Cannot adopt descriptor ${reads}: this engine has it already (EEXIST)`,
    );
    endpoint.close();
    assertEquals(libc().close(writes), 0);
    assertEquals(refusal(adopting, writes), `Cannot adopt descriptor ${writes}: it is not open (EBADF)`);
    for (const none of [undefined as unknown as number, NaN, 0.5, 2 ** 31]) {
      assertEquals(refusal(adopting, none), `Cannot adopt ${none}: a descriptor is a whole number`);
    }
    closeSync(file);
  });
});

forEachEngine("an engine that was shut down adopts nothing", async (factory) => {
  const engine = factory.create({});
  await engine.shutdown();
  const [reads, writes] = pipe();
  const refused = `Cannot adopt descriptor ${reads}: the engine was shut down`;
  assertEquals(refusal(engine.extension(ADOPT)!, reads), refused);
  for (const fd of [reads, writes]) assertEquals(libc().close(fd), 0);
});
