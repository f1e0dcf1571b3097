// Streams that pause at random, directions that are full at once, and long paths, in virtual time.
import { assert, assertEquals, assertLess } from "@std/assert";
import { Channel, createClient, Metadata, RpcError, Server, Status } from "pollwire";
import { type Conditions, SeededRandom, Simulation } from "../../pollers/simulated/mod.ts";
import { test } from "../harness.ts";
import { Connection } from "../../transport/http2/connection.ts";
import { collect, type Handlers, type Note, Trial, type TrialClient } from "../surface/serving.ts";
import { Accounts } from "./accounts.ts";

/** A server and a client on hosts of their own. */
class World {
  readonly simulation: Simulation;
  readonly server: Server;
  readonly channel: Channel;
  readonly client: TrialClient;
  readonly accounts: Accounts;
  private readonly port = 50_051;

  constructor(seed: number, conditions: Partial<Conditions>, handlers: (simulation: Simulation) => Handlers) {
    this.simulation = new Simulation({ seed, conditions, traceLines: 0 });
    const [serverHost, clientHost] = [this.simulation.host(), this.simulation.host()];
    this.accounts = new Accounts(this.simulation, clientHost, serverHost);
    this.accounts.interval = 500;
    this.server = new Server({ poller: serverHost, settings: { maxConcurrentStreams: 10_000 } });
    this.server.addService(Trial, handlers(this.simulation));
    this.channel = new Channel(`${serverHost.hostAddress}:${this.port}`, { poller: clientHost });
    this.client = createClient(Trial, this.channel);
  }

  /** Serves while `body` runs, and then lets everything happen that is left. */
  async run(body: () => void | Promise<void>, steps: number): Promise<void> {
    await this.server.listen(`0.0.0.0:${this.port}`);
    await body();
    await this.simulation.run({ steps });
    this.accounts.checkIdle();
    this.channel.close();
    this.server.close();
    await this.simulation.run();
    this.accounts.checkOver();
  }
}

/** Reads what comes and sends as much, each with pauses of its own. */
class Talker {
  constructor(private readonly simulation: Simulation, private readonly random: SeededRandom) {}

  async *talk(count: number): AsyncGenerator<Note> {
    for (let number = 1; number <= count; number++) {
      yield { number, body: new Uint8Array(this.random.pick([0, 100, 5_000, 40_000])) };
      await this.pause();
    }
  }

  async listen(notes: AsyncIterable<Note>): Promise<number> {
    let count = 0;
    for await (const { number } of notes) {
      assertEquals(number, ++count);
      await this.pause();
    }
    return count;
  }

  private async pause(): Promise<void> {
    if (this.random.chance(0.3)) await this.simulation.sleep(this.random.below(300));
  }
}

for (const seed of [1, 2]) {
  test(`1,000 streams in both directions whose sides pause at random all end, seed ${seed}`, async () => {
    const random = new SeededRandom(seed);
    let heard = 0;
    const world = new World(seed, { bufferBytes: 100_000 }, (simulation) => ({
      async *both(notes) {
        const talker = new Talker(simulation, random);
        const listening = talker.listen(notes);
        yield* talker.talk(10);
        const count = await listening;
        heard += count;
      },
    }));
    let ended = 0;
    const talkers = Array.from({ length: 1_000 }, () => new Talker(world.simulation, random));
    const all: Promise<void>[] = [];
    await world.run(() => {
      for (const talker of talkers) {
        const notes = world.client.both(talker.talk(10));
        all.push(talker.listen(notes).then((count) => void (ended += count === 10 ? 1 : 0)));
      }
    }, 3_000_000);
    assertEquals([ended, heard], [1_000, 10_000]);
    await Promise.all(all);
  }, { timeoutMs: 120_000 });
}

test(
  "requests and answers that are megabytes at once, none of them under flow control, do not stop each other",
  async () => {
    const text = "x".repeat(2_000);
    const waiting: Array<() => void> = [];
    const world = new World(7, { bufferBytes: 65_536 }, () => ({
      one: async ({ number }) => {
        if (number! > 0) await new Promise<void>((resolve) => waiting.push(resolve));
        throw new RpcError(Status.NOT_FOUND, "none", {
          metadata: new Metadata({ "x-text": `${text}${number}` }),
        });
      },
    }));
    let ended = 0;
    const call = (number: number): void => {
      const metadata = new Metadata({ "x-text": `${text}${number}` });
      world.client.one({ number }, { metadata }).catch((error) =>
        ended += error.code === Status.NOT_FOUND ? 1 : 0
      );
    };
    await world.run(async () => {
      for (let number = 1; number <= 5_000; number++) call(number);
      await world.simulation.run();
      assertEquals(waiting.length, 5_000);
      // Several turns, for what the first one writes is under way and only what comes after it is kept.
      for (let ms = 0; ms < 10; ms++) {
        world.simulation.schedule(world.simulation.now + ms, () => {
          for (let i = 1; i <= 1_000; i++) call(-i);
          for (const resolve of waiting.splice(0, 1_000)) resolve();
        });
      }
    }, 1_000_000);
    assertEquals(ended, 15_000);
    assert(waiting.length === 0);
  },
  { timeoutMs: 60_000 },
);

test("each kind of method says whether its peer sends one message or many", async () => {
  const single = new Map<string, boolean>();
  const { release } = Connection.prototype;
  Connection.prototype.release = function (stream, bytes, read, expected, last): void {
    single.set(this.role, (single.get(this.role) ?? true) && last === true);
    release.call(this, stream, bytes, read, expected, last);
  };
  try {
    const body = new Uint8Array(100);
    const world = new World(3, {}, () => ({
      one: () => ({ body }),
      down: () => [{ body }],
      up: async (notes) => (await collect(notes))[0]!,
      both: (notes) => notes,
    }));
    const kinds: string[] = [];
    await world.run(async () => {
      const { client, simulation } = world;
      const methods: Array<() => PromiseLike<unknown>> = [
        () => client.one({ body }),
        () => collect(client.down({ body })),
        () => client.up([{ body }]),
        () => collect(client.both([{ body }])),
      ];
      for (const method of methods) {
        single.clear();
        const done = method();
        await simulation.run();
        await done;
        kinds.push(`client ${single.get("client")} server ${single.get("server")}`);
      }
    }, 1_000_000);
    assertEquals(kinds, [
      "client true server true",
      "client false server true",
      "client true server false",
      "client false server false",
    ]);
  } finally {
    Connection.prototype.release = release;
  }
});

test("one stream and one large message fill a path of 100 ms, in both directions", async () => {
  const latencyMs = 50;
  const body = new Uint8Array(62_500); // which divides no window
  const conditions = { latencyMs, bytesPerMs: 100_000, bufferBytes: 2 ** 28 };
  const world = new World(11, conditions, () => ({
    one: () => ({ body: new Uint8Array(4_000_000) }),
    *down() {
      for (let i = 0; i < 512; i++) yield { body };
    },
    async up(notes) {
      let number = 0;
      for await (const _ of notes) number++;
      return { number };
    },
  }));
  const { client, simulation } = world;
  const tripsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = simulation.now;
    let after = Infinity;
    const done = work().then(() => void (after = simulation.now));
    await simulation.run({ until: before + 20_000 });
    await done;
    return (after - before) / (2 * latencyMs);
  };
  const download = async (): Promise<void> => {
    let count = 0;
    for await (const _ of client.down({})) count++;
    assertEquals(count, 512);
  };
  await world.run(async () => {
    await tripsOf(() => client.up([]));
    // One for the request, one for the window, and 40 ms for the bytes.
    assertLess(await tripsOf(() => client.one({})), 2.6);
    // 32 MB are 3.2 round trips on the path. The first transfer finds that out, the next one starts small again.
    const upload = (): Promise<unknown> => client.up(Array.from({ length: 512 }, () => ({ body })));
    for (const transfer of [download, upload]) {
      assertLess(await tripsOf(transfer), 20);
      assertLess(await tripsOf(transfer), 12);
    }
  }, 1_000_000);
}, { timeoutMs: 60_000 });
