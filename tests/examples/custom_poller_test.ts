// The example of a poller of one's own, as a user of the package has it: registered by name, over the poller of this run.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { nativeFactory } from "../../pollers/native/mod.ts";
import { faultyPoller } from "../../examples/custom_poller/faulty.ts";
import { IoError } from "../../pollers/mod.ts";
import { test } from "../harness.ts";
import { Program } from "../pollers/program.ts";
import { read, readExactly, until, write } from "../pollers/promised.ts";

test("custom poller: connections break, and no call fails", async () => {
  const program = new Program(new URL("../../examples/custom_poller/main.ts", import.meta.url), []);
  const { code, output } = await program.ended;
  assertMatch(output, /^2000 calls right, 0 not, over "faulty" on "[a-z_]+": [1-9]\d* connections broken\n$/);
  assertEquals(code, 0);
}, { timeoutMs: 60_000 });

test("custom poller: an endpoint is reset once its bytes are spent, both its ends see it, and not before", async () => {
  let faults = 0;
  const engine = faultyPoller("faulty", nativeFactory, { bytes: 1_000, onFault: () => faults++ }).create({});
  const [one, other] = await engine.pair();
  assertEquals(await write(one, new Uint8Array(400)), undefined);
  assertEquals((await readExactly(other, 400)).length, 400);
  assertEquals(faults, 0);
  const reading = read(one);
  void write(one, new Uint8Array(2_000));
  await until(() => faults > 0, "the fault");
  const error = await reading;
  assert(error instanceof IoError && error.message.includes("broken by the faulty poller"), String(error));
  let last = await read(other);
  while (last instanceof Uint8Array) last = await read(other);
  assert(last instanceof IoError);
  one.close();
  other.close();
  await engine.shutdown();
});
