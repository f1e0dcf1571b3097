// A stream of the library's own on one connection: when it is begun, and begun again (gRFC A17, A51).
import { assertEquals } from "@std/assert";
import { RpcError, Server, type ServerOptions } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import { ConnectSettings } from "../../../surface/channel/connect_settings.ts";
import type { ConnectivityState } from "../../../surface/channel/connectivity.ts";
import { Subchannel } from "../../../surface/channel/subchannel.ts";
import { SubchannelStream } from "../../../surface/channel/subchannel_stream.ts";
import { encodeFramed } from "../../../surface/proto/mod.ts";
import { test } from "../../harness.ts";
import { gate, type Handlers, type Note, Trial } from "../serving.ts";

/** What a server does with the stream of a request, begun at a time in milliseconds. */
type Down = (signal: AbortSignal) => AsyncIterable<Note> | Iterable<Note>;

/** A server, and a stream to it that is started and stopped as policies do. */
class World {
  readonly simulation = new Simulation();
  private readonly client = this.simulation.host();
  private readonly at = this.simulation.host();
  readonly server: Server;
  /** What the server saw: begins and cancellations, with the time. */
  readonly seen: string[] = [];
  /** What came, with the time. */
  readonly came: string[] = [];
  readonly stream: SubchannelStream;
  readonly subchannel: Subchannel;

  constructor(down: Down, options: ServerOptions = {}) {
    this.server = new Server({ poller: this.at, ...options });
    const handlers: Handlers = {
      down: ({ text }, { signal }) => {
        this.seen.push(`${this.now} ${text}`);
        signal.addEventListener("abort", () => this.seen.push(`${this.now} cancelled`));
        return down(signal);
      },
    };
    this.server.addService(Trial, handlers);
    const host = this.at.hostAddress;
    this.subchannel = new Subchannel(
      this.client,
      { family: "ipv4", host, port: 80 },
      new ConnectSettings({}),
      new Backoff(() => 0.5),
      this,
    );
    this.client.random = () => 0.5;
    const { path, requestCodec, responseCodec } = Trial.methods.down;
    this.stream = new SubchannelStream(
      this.client,
      this.subchannel,
      path,
      encodeFramed(requestCodec, { text: "asked" }).slice(),
      {
        onStreamMessage: (bytes) => this.came.push(`${this.now} ${responseCodec.decode(bytes).text}`),
        onStreamEnded: ({ code }) => this.came.push(`${this.now} ended ${code}`),
      },
    );
  }

  onSubchannelState(_subchannel: Subchannel, state: ConnectivityState): void {
    if (state === "READY") this.stream.start();
    else this.stream.stop();
    if (state === "IDLE") this.subchannel.connect();
  }
  onSubchannelHealth(): void {}
  onSubchannelThrew(error: unknown): void {
    throw error;
  }

  async run(untilMs: number): Promise<void> {
    await this.simulation.run({ until: untilMs });
  }

  async begin(untilMs: number): Promise<void> {
    await this.server.listen("0.0.0.0:80");
    this.turn(() => this.subchannel.connect());
    await this.run(untilMs);
  }

  turn(closure: () => void): void {
    this.client.execCtx.enter(closure, undefined);
  }

  async end(): Promise<void> {
    this.turn(() => this.subchannel.close("over"));
    this.server.close();
    await this.run(1e6);
  }

  /** To tenths of a second: the network takes 1 ms each way. */
  get now(): number {
    return Math.round(this.simulation.now / 100) * 100;
  }
}

test("[C52] a stream that ends soon is begun again by a backoff, which a message resets", async () => {
  let begun = 0;
  const world = new World(function* () {
    if (++begun === 3) yield { text: "a message" };
    if (begun < 5) return;
    throw new RpcError("NOT_FOUND", "");
  });
  await world.begin(8_000);
  assertEquals(world.seen, ["0", "1000", "2600", "3600", "5200", "7800"].map((at) => `${at} asked`));
  assertEquals(world.came.slice(2), [
    "2600 a message",
    "2600 ended 0",
    "3600 ended 0",
    "5200 ended 5",
    "7800 ended 5",
  ]);
  await world.end();
});

test("[C52] the backoff counts from the start of a stream: after one that lived the next is begun at once", async () => {
  const over = gate();
  const world = new World(async function* () {
    yield { text: "a message" };
    await over.opened;
  });
  await world.begin(5_000);
  over.open();
  await world.run(5_900);
  assertEquals(world.seen, ["0 asked", "5000 asked"]);
  await world.end();
});

test("[C52] after UNIMPLEMENTED it is not begun again on that connection", async () => {
  const world = new World(() => {
    throw new RpcError("UNIMPLEMENTED", "");
  });
  await world.begin(100_000);
  assertEquals([world.seen, world.came], [["0 asked"], ["0 ended 12"]]);
  await world.end();
});

/** Never ends by itself. */
async function* endless(): AsyncGenerator<Note> {
  yield { text: "first" };
  await new Promise(() => {});
}

test("[C52] an answer to it makes no connection a useful one: those that come to nothing are few", async () => {
  const world = new World(endless, { maxConnectionAgeMs: 50 });
  await world.begin(10_000);
  // At 0 and at once; 1.6, 4.2 and 8.3 s after the second.
  assertEquals(world.seen.filter((line) => line.endsWith("asked")).length, 5);
  await world.end();
});

test("[C52] where it is stopped the server's call is cancelled, and started again it is another one", async () => {
  const world = new World(endless);
  await world.begin(100);
  world.turn(() => world.stream.stop());
  await world.run(200);
  assertEquals(world.seen, ["0 asked", "100 cancelled"]);
  world.turn(() => world.stream.start());
  await world.run(300);
  assertEquals([world.seen.slice(2), world.came], [["200 asked"], ["0 first", "200 first"]]);
  await world.end();
});

test("[C52] where it is stopped while it waits for its backoff nothing follows", async () => {
  const world = new World(() => []);
  await world.begin(100);
  world.turn(() => world.stream.stop());
  await world.run(50_000);
  assertEquals(world.seen, ["0 asked"]);
  await world.end();
});
