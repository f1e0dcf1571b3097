// Servers that are killed, frozen, drained and moved under calls, in virtual time: a seed decides everything.
import { Channel, parseAddress, Server } from "pollwire";
import type { SocketAddress } from "../../pollers/mod.ts";
import { SeededRandom, type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import type { ResolverSink } from "../../surface/channel/resolver/resolver.ts";
import { Ledger } from "./ledger.ts";
import { RunResolver } from "./run_resolver.ts";
import { Caller, CHANNEL, Chaos, countAttempts, handlers, MOST_ATTEMPTS, SERVER } from "./service.ts";

const SERVERS = 3;
const CALLERS = 12;
/** Faults happen until then. */
const HORIZON_MS = 30_000;
/** A call that takes so long is lost: everything is well again by then. */
const DEADLINE_MS = 60_000;

/** How a run went. */
export interface Outcome {
  readonly calls: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly repeated: number;
  readonly faults: readonly string[];
  /** What must not be, in sentences. */
  readonly problems: readonly string[];
}

/** A place for a server: a host, and what serves on it now. */
class Place {
  private server: Server | undefined = undefined;
  private port = 80;

  constructor(private readonly world: World, readonly host: SimulatedEngine) {}

  get address(): string {
    return `${this.host.hostAddress}:${this.port}`;
  }

  async start(port = this.port): Promise<void> {
    this.port = port;
    const { ledger, simulation, random } = this.world;
    const server = this.server = new Server({ ...SERVER, poller: this.host });
    server.addService(
      Chaos,
      handlers(
        (_kind, id) => this.server === server && ledger.execute(id),
        () => simulation.sleep(random.below(40)),
      ),
    );
    await server.listen(this.address);
  }

  /** As SIGKILL does it: connections are reset, and nothing more is executed or answered. */
  async kill(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    for (const endpoint of this.world.simulation.network.endpoints) {
      if (this.isOf(endpoint.local) || this.isOf(endpoint.peer)) endpoint.breakOff();
    }
    await server!.shutdown({ graceMs: 0 });
  }

  async drain(): Promise<void> {
    const server = this.server!;
    await server.shutdown();
    this.server = undefined;
  }

  freeze(client: string): void {
    this.world.simulation.network.part(this.host.hostAddress, client);
  }

  thaw(client: string): void {
    this.world.simulation.network.heal(this.host.hostAddress, client);
  }

  private isOf(address: SocketAddress): boolean {
    return "host" in address && address.host === this.host.hostAddress;
  }
}

class World {
  readonly simulation: Simulation;
  readonly random: SeededRandom;
  readonly ledger = new Ledger(MOST_ATTEMPTS);
  readonly faults: string[] = [];
  readonly problems: string[] = [];
  private readonly places: Place[];
  private readonly client: SimulatedEngine;
  private readonly channel: Channel;
  private readonly resolver = new RunResolver((sink) => this.tell(sink));
  private isOver = false;

  constructor(seed: number) {
    this.random = new SeededRandom(seed ^ 0xc4a05);
    this.simulation = new Simulation({
      seed,
      conditions: { jitterMs: this.random.pick([0, 5]) },
      traceLines: 0,
    });
    this.client = this.simulation.host();
    this.places = Array.from({ length: SERVERS }, () => new Place(this, this.simulation.host()));
    this.channel = new Channel("chaos:servers", {
      ...CHANNEL,
      poller: this.client,
      resolvers: { chaos: { make: (_context, sink) => this.resolver.make(sink) } },
    });
    countAttempts(this.channel, (id, attempts) => this.ledger.attempted(id, attempts));
  }

  async run(): Promise<Outcome> {
    const { simulation, ledger } = this;
    for (const place of this.places) await place.start();
    const callers = Array.from({ length: CALLERS }, (_, i) => {
      const caller = new Caller(this.channel, `c${i}`, this.random, (call) => ledger.end(call));
      return caller.run(() => this.isOver, () => simulation.sleep(this.random.below(60)), DEADLINE_MS);
    });
    const disturbers = this.places.map((place) => this.disturb(place));
    const all = Promise.all([...callers, ...disturbers]).catch((error) =>
      void this.problems.push(String(error))
    );
    simulation.schedule(HORIZON_MS + 5_000, () => this.isOver = true);
    let isDone = false;
    void all.then(() => isDone = true);
    await simulation.run({ steps: 3_000_000, until: HORIZON_MS + DEADLINE_MS + 30_000 });
    if (!isDone) this.problems.push("calls or servers have not come to their end");
    await this.end();
    return {
      calls: ledger.calls,
      counts: ledger.counts(),
      repeated: ledger.repeated,
      faults: this.faults,
      problems: [...this.problems, ...ledger.judge()],
    };
  }

  /** Has something happen to the server of `place` now and then, and all well again at the end. */
  private async disturb(place: Place): Promise<void> {
    const { simulation, random } = this;
    for (;;) {
      await simulation.sleep(300 + random.below(4_000));
      if (simulation.now > HORIZON_MS) return;
      const what = random.pick(["kill", "freeze", "freeze and kill", "drain", "move"] as const);
      this.faults.push(`${simulation.now.toFixed(0)} ${place.address} ${what}`);
      const client = this.client.hostAddress;
      if (what.startsWith("freeze")) {
        place.freeze(client);
        await simulation.sleep(random.pick([100, 1_000, 15_000]));
        place.thaw(client);
        if (what === "freeze") continue;
      }
      if (what === "drain" || what === "move") await place.drain();
      else await place.kill();
      await simulation.sleep(random.pick([0, 50, 1_500]));
      await place.start(what === "move" ? 1_000 + random.below(50_000) : undefined);
      this.resolver.announce();
    }
  }

  private tell(sink: ResolverSink): void {
    const endpoints = this.places.map(({ address }) => ({ addresses: [parseAddress(address)] }));
    this.client.run(() => sink.onResolved(endpoints));
  }

  /** Closes everything, and looks for what is left. */
  private async end(): Promise<void> {
    const { simulation } = this;
    this.channel.close();
    const ends = this.places.map((place) => place.drain());
    await simulation.run();
    await Promise.all(ends);
    if (simulation.network.endpoints.size > 0) {
      this.problems.push(`${simulation.network.endpoints.size} ends are open`);
    }
    for (const host of [this.client, ...this.places.map((place) => place.host)]) {
      await host.shutdown().catch((error) => this.problems.push(String(error)));
    }
  }
}

/** Runs the program of `seed`. */
export function runSeed(seed: number): Promise<Outcome> {
  return new World(seed).run();
}
