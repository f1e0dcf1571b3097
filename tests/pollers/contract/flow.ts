// Rule 7: who does not read stops who sends, in both directions.
import { assert, assertEquals } from "@std/assert";
import type { Endpoint, EventEngine } from "../../../pollers/mod.ts";
import {
  Acceptor,
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
import { withConnection } from "./bytes.ts";
import type { Suite } from "./suite.ts";

/** Far more than the kernel's own buffers hold. */
const PLENTY = 67_108_864;

/** What an engine and the kernel's buffers of both sides may hold together. */
const MAX_HELD = 33_554_432;

/** Tests of backpressure. */
export function flowRules({ factory, rule }: Suite): void {
  rule(
    "7 a peer whose bytes are not read has to wait, each time anew",
    () =>
      withEngine(factory, (engine) =>
        withConnection(engine, async (endpoint, plain) => {
          const sent = pattern(2 * PLENTY);
          let taken = 0;
          const sending = (async () => {
            while (taken < sent.length) {
              const end = taken + 262_144;
              await plain.write(sent.subarray(taken, end));
              taken = end;
            }
          })();
          const received = new Uint8Array(sent.length);
          let count = 0;
          /** Reads until there are `least` bytes, and asks for no more then. */
          const receive = async (least: number): Promise<void> => {
            while (count < least) {
              const got = await read(endpoint);
              assert(got instanceof Uint8Array, String(got));
              received.set(got, count);
              count += got.length;
            }
          };
          for (const least of [1, PLENTY / 3, PLENTY]) {
            await receive(least);
            await standstill(() => taken);
            assert(taken - count < MAX_HELD, `${taken} bytes were taken from the peer, and ${count} read`);
          }
          await receive(sent.length);
          assertEquals(firstDifference(received, sent), -1);
          await sending;
        })),
  );

  rule(
    "7 a write to a peer that does not read waits, and is done once it reads, each time anew",
    () =>
      withEngine(factory, (engine) =>
        withPair(engine, async (endpoint, other) => {
          const sent = pattern(PLENTY);
          for (let round = 0; round < 2; round++) {
            let done = false;
            const sending = write(endpoint, sent).then((error) => {
              done = true;
              return error;
            });
            await sleep(300);
            assertEquals(done, false);
            assertEquals(firstDifference(await readExactly(other, PLENTY), sent), -1);
            assertEquals(await sending, undefined);
          }
        })),
  );
}

/** Two endpoints of `engine`, connected over TCP. */
async function withPair(
  engine: EventEngine,
  body: (endpoint: Endpoint, other: Endpoint) => Promise<void>,
): Promise<void> {
  const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
  const endpoint = await connect(engine, { family: "ipv4", host: "127.0.0.1", port });
  const other = await acceptor.accept();
  await body(endpoint, other);
  endpoint.close();
  other.close();
  await acceptor.shutdown();
}

/** Waits until `count` has been the same for a while. */
async function standstill(count: () => number): Promise<void> {
  for (let last = -1; last !== count();) {
    last = count();
    await sleep(200);
  }
}
