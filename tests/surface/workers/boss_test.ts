// The boss of reactor workers: connections that a worker has not taken when it is gone go to the others.
import { assertEquals } from "@std/assert";
import {
  ADOPT,
  createEngine,
  type Endpoint,
  type EventEngine,
  type IoError,
  selectPoller,
} from "../../../pollers/mod.ts";
import { Boss } from "../../../surface/workers/boss.ts";
import { readDescriptors } from "../../../surface/workers/intake.ts";
import { ADOPTED, GONE, type Intake, OPEN, TAKEN } from "../../../surface/workers/protocol.ts";
import { test, type TestOptions } from "../../harness.ts";
import { whyNoHandover } from "../../pollers/powers.ts";
import { Acceptor, connect, LOOPBACK, read, readExactly, until, write } from "../../pollers/promised.ts";

const poller = selectPoller().name;
const options: TestOptions = { skip: whyNoHandover(poller) };

/** A worker's side, on this thread: what it was sent, of which it takes as many as it is told. */
class Side {
  readonly sent: number[] = [];
  ended = false;
  readonly #from: Endpoint;

  constructor(readonly engine: EventEngine, readonly intake: Intake) {
    this.#from = engine.extension(ADOPT)!.adopt(intake.descriptor);
    Atomics.store(intake.state, ADOPTED, 1);
    readDescriptors(this.#from, (descriptor) => this.sent.push(descriptor), () => this.ended = true);
  }

  take(count: number): Endpoint[] {
    Atomics.add(this.intake.state, OPEN, count);
    Atomics.add(this.intake.state, TAKEN, count);
    return this.sent.splice(0, count).map((one) => this.engine.extension(ADOPT)!.adopt(one));
  }

  /** As many of the connections that it has taken are closed. */
  lose(count: number): void {
    Atomics.sub(this.intake.state, OPEN, count);
  }

  close(): void {
    this.#from.close();
  }
}

/** A boss with an engine, and a way to get pairs of a client and what it is connected to. */
async function withBoss(
  body: (boss: Boss, engine: EventEngine, accept: () => Promise<[Endpoint, Endpoint]>) => Promise<void>,
): Promise<void> {
  const engine = createEngine(poller);
  const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
  const to = { family: "ipv4", host: "127.0.0.1", port } as const;
  await body(Boss.on(engine), engine, () => Promise.all([connect(engine, to), acceptor.accept()]));
  await acceptor.shutdown();
  await engine.shutdown(); // says so where anything is left open
}

/** Sends each client's own number from the other side, closes that, and sees who hears what. */
async function assertConnected(clients: readonly Endpoint[], servers: readonly Endpoint[]): Promise<void> {
  for (const [i, server] of servers.entries()) {
    assertEquals(await write(server, `${i}`), undefined);
    server.close();
  }
  for (const [i, client] of clients.entries()) {
    assertEquals(new TextDecoder().decode(await readExactly(client, 1)), `${i}`);
    client.close();
  }
}

test(
  "boss: what a worker that is gone has not taken goes to the others, in order",
  () =>
    withBoss(async (boss, engine, accept) => {
      const mortal = new Side(engine, await boss.add(0));
      const pairs = [];
      for (let i = 0; i < 5; i++) pairs.push(await accept());
      for (const [, accepted] of pairs) boss.place(accepted);
      await until(() => mortal.sent.length === 5, "five descriptors");
      const untaken = mortal.sent.slice(2);
      const taken = mortal.take(2);
      const heir = new Side(engine, await boss.add(1));
      assertEquals(Atomics.load(mortal.intake.state, GONE), 0);
      assertEquals(boss.remove(0), untaken, "what must not be closed with what it had open");
      assertEquals(Atomics.load(mortal.intake.state, GONE), 1, "it may find them in its intake yet");
      await until(() => heir.sent.length === 3, "three descriptors");
      assertEquals(heir.sent, untaken);
      await assertConnected(pairs.map(([client]) => client), [...taken, ...heir.take(3)]);
      boss.retire();
      await until(() => heir.ended && mortal.ended, "the end of both ways");
      mortal.close();
      heir.close();
    }),
  options,
);

test(
  "boss: what a worker took is its own, however often it took and was sent more",
  () =>
    withBoss(async (boss, engine, accept) => {
      const mortal = new Side(engine, await boss.add(0));
      const pairs: Array<[Endpoint, Endpoint]> = [];
      const taken: Endpoint[] = [];
      for (let round = 1; round <= 3; round++) {
        for (let i = 0; i < 3; i++) {
          pairs.push(await accept());
          boss.place(pairs.at(-1)![1]);
        }
        await until(() => mortal.sent.length === round + 2, "three more descriptors");
        taken.push(...mortal.take(2));
      }
      const untaken = [...mortal.sent];
      assertEquals([untaken.length, boss.remove(0)], [3, untaken]);
      const heir = new Side(engine, await boss.add(1));
      await until(() => heir.sent.length === 3, "three descriptors");
      assertEquals(heir.sent, untaken);
      await assertConnected(pairs.map(([client]) => client), [...taken, ...heir.take(3)]);
      boss.retire();
      await until(() => heir.ended && mortal.ended, "the end of both ways");
      mortal.close();
      heir.close();
    }),
  options,
);

test(
  "boss: who has fewest connections open gets the next, and all in turn where they have as many",
  () =>
    withBoss(async (boss, engine, accept) => {
      const sides = [new Side(engine, await boss.add(0)), new Side(engine, await boss.add(1))] as const;
      const clients: Endpoint[] = [];
      const servers: Endpoint[] = [];
      /** Deals `count` more; how many of them each got. */
      const deal = async (count: number): Promise<number[]> => {
        for (let i = 0; i < count; i++) {
          const [client, accepted] = await accept();
          clients.push(client);
          boss.place(accepted);
        }
        await until(() => sides[0].sent.length + sides[1].sent.length === count, "all descriptors");
        const counts = sides.map(({ sent }) => sent.length);
        for (const side of sides) servers.push(...side.take(side.sent.length));
        return counts;
      };
      assertEquals(await deal(4), [2, 2]);
      sides[1].lose(2);
      assertEquals(await deal(2), [0, 2]);
      assertEquals(await deal(2), [1, 1]);
      sides[0].lose(3);
      assertEquals(await deal(5), [4, 1]);
      for (const side of sides) side.lose(Atomics.load(side.intake.state, OPEN));
      const short = [0, 0]; // connections that are over before the next one comes
      for (let i = 0; i < 4; i++) {
        const which = (await deal(1)).indexOf(1);
        sides[which]!.lose(1);
        short[which]!++;
      }
      assertEquals(short, [2, 2]);
      for (const endpoint of [...clients, ...servers]) endpoint.close();
      boss.retire();
      await until(() => sides[0].ended && sides[1].ended, "the end of both ways");
      for (const side of sides) side.close();
    }),
  options,
);

test(
  "boss: no connection waits for a worker that is not there yet, while another one takes them",
  () =>
    withBoss(async (boss, engine, accept) => {
      const taking = new Side(engine, await boss.add(0));
      const loading = await boss.add(1);
      const pairs = [await accept(), await accept(), await accept()];
      for (const [, accepted] of pairs.slice(0, 2)) boss.place(accepted);
      await until(() => taking.sent.length === 2, "both descriptors");
      const loaded = new Side(engine, loading);
      boss.place(pairs[2]![1]);
      await until(() => loaded.sent.length === 1, "the next one, where the fewest are");
      await assertConnected(pairs.map(([client]) => client), [...taking.take(2), ...loaded.take(1)]);
      boss.retire();
      await until(() => taking.ended && loaded.ended, "the end of both ways");
      taking.close();
      loaded.close();
    }),
  options,
);

test(
  "boss: connections wait for a worker where there is none, and go to none that is about to end",
  () =>
    withBoss(async (boss, engine, accept) => {
      const pairs = [await accept(), await accept()];
      boss.place(pairs[0]![1]);
      const first = new Side(engine, await boss.add(0));
      await until(() => first.sent.length === 1, "the one that waited");
      boss.release(0);
      boss.place(pairs[1]![1]);
      const second = new Side(engine, await boss.add(1));
      await until(
        () => second.sent.length === 1 && first.ended,
        "the other one, and the end of the first way",
      );
      await assertConnected(pairs.map(([client]) => client), [...first.take(1), ...second.take(1)]);
      assertEquals(boss.remove(0), []);
      boss.retire();
      await until(() => second.ended, "the end of the second way");
      first.close();
      second.close();
    }),
  options,
);

test(
  "boss: a worker that never took up its way leaves nothing open",
  () =>
    withBoss(async (boss, engine, accept) => {
      const { descriptor } = await boss.add(0);
      const [client, accepted] = await accept();
      boss.place(accepted);
      const kept = boss.remove(0);
      assertEquals([kept[0], kept.length], [descriptor, 2]);
      const other = new Side(engine, await boss.add(0));
      await until(() => other.sent.length === 1, "what had waited");
      await assertConnected([client], other.take(1));
      boss.retire();
      await until(() => other.ended, "the end of the way");
      other.close();
    }),
  options,
);

test("boss: what comes after the end is closed", () =>
  withBoss(async (boss, _, accept) => {
    const [client, accepted] = await accept();
    boss.place(accepted); // there is no worker
    boss.retire();
    assertEquals((await read(client) as IoError).kind, "end-of-stream");
    client.close();
  }), options);
