// Rule 7: who does not read stops who sends, in both directions.
import { assert, assertEquals } from "@std/assert";
import type { Endpoint } from "../../../pollers/mod.ts";
import type { Suite } from "../contract.ts";
import { firstDifference, pattern, read, readExactly, sleep, withEngine, write } from "../promised.ts";
import { withConnection } from "./bytes.ts";

/** Far more than the kernel's own buffers hold. */
const PLENTY = 67_108_864;

/** What an engine and the kernel's buffers of both sides may hold together. */
const MAX_HELD = 33_554_432;

/** Tests of backpressure. */
export function flowRules({ factory, rule }: Suite): void {
  rule(
    "7 a peer whose bytes are not read has to wait",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(PLENTY);
          let taken = 0;
          const sending = (async () => {
            for (let at = 0; at < PLENTY; at += 262_144) {
              await plain.write(sent.subarray(at, at + 262_144));
              taken = at + 262_144;
            }
          })();
          // The first read lets bytes flow, and then nothing asks for more.
          const first = await read(endpoint);
          assert(first instanceof Uint8Array, String(first));
          await sleep(300);
          const stalledAt = taken;
          assert(stalledAt < MAX_HELD, `${stalledAt} bytes were taken from the peer`);
          await sleep(100);
          assertEquals(taken, stalledAt);
          const rest = await readRest(endpoint, first, PLENTY);
          assertEquals(firstDifference(rest, sent), -1);
          await sending;
        })),
    { timeoutMs: 30_000 },
  );

  rule(
    "7 a write to a peer that does not read waits, and is done once it reads",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(PLENTY);
          let done = false;
          const sending = write(endpoint, sent).then((error) => {
            done = true;
            return error;
          });
          await sleep(300);
          assertEquals(done, false);
          assertEquals(firstDifference(await plain.readExactly(PLENTY), sent), -1);
          assertEquals(await sending, undefined);
        })),
    { timeoutMs: 30_000 },
  );
}

/** `first` and what comes after it, `count` bytes in all. */
async function readRest(endpoint: Endpoint, first: Uint8Array, count: number): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  all.set(first);
  all.set(await readExactly(endpoint, count - first.length), first.length);
  return all;
}
