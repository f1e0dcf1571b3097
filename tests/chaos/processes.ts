// Real servers under calls: killed, frozen, drained and moved, packets to them are lost, and the etcd that names them is restarted; then a verdict.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Channel, parseAddress, selectPoller } from "pollwire";
import { readArguments } from "../../.ci/arguments.mjs";
import { goMissing } from "../../.ci/grpc_toolchains.mjs";
import { SeededRandom } from "../../pollers/simulated/mod.ts";
import type { ResolverSink } from "../../surface/channel/resolver/resolver.ts";
import { counted } from "../counted_engine.ts";
import { resources } from "../soak/resources.ts";
import { etcdMissing, EtcdProcess } from "../surface/etcd/etcd_process.ts";
import { Ledger } from "./ledger.ts";
import { OPTIONS, USAGE } from "./options.mjs";
import { Place } from "./place.ts";
import { RunResolver } from "./run_resolver.ts";
import { Caller, CHANNEL, countAttempts, MOST_ATTEMPTS } from "./service.ts";

/** A call that takes so long is lost. */
const DEADLINE_MS = 60_000;
const PREFIX = "chaos/servers";

const { seconds, seed, callers: atOnce, poller } = readArguments(USAGE, OPTIONS);

/** One run. */
class Chaos {
  private readonly folder = mkdtempSync(join(tmpdir(), "pollwire-chaos-"));
  private readonly random = new SeededRandom(seed);
  private readonly ledger = new Ledger(MOST_ATTEMPTS);
  private readonly problems: string[] = [];
  private readonly faults: Record<string, number> = {};
  private readonly resolver = new RunResolver((sink) => this.tell(sink));
  private readonly accounts = counted(selectPoller(poller).create({}));
  private readonly places: readonly Place[];
  private readonly endsAt = performance.now() + seconds * 1_000;
  private etcdState = "none";
  private isOver = false;

  constructor(private readonly etcd: EtcdProcess | undefined) {
    const kinds = ["deno", "bun", goMissing() === undefined ? "go" : "deno"];
    const named = etcd === undefined ? {} : { etcd: { endpoint: etcd.endpoint, prefix: PREFIX } };
    this.places = kinds.map((kind, i) =>
      new Place({ kind, log: join(this.folder, `${i}.log`), poller, ...named })
    );
    if (etcd !== undefined) this.etcdState = "up";
  }

  async run(): Promise<boolean> {
    try {
      await this.calls();
    } finally {
      for (const place of this.places) await place.end();
      rmSync(this.folder, { recursive: true, force: true });
    }
    return this.problems.length === 0;
  }

  private async calls(): Promise<void> {
    for (const place of this.places) {
      await place.start();
      await this.name(place);
    }
    const before = resources();
    const channel = this.channel();
    const callers = Array.from({ length: atOnce }, (_, i) => {
      const caller = new Caller(channel, `c${i}`, this.random, (call) => this.ledger.end(call));
      return caller.run(() => this.isOver, async () => void await sleep(this.random.below(40)), DEADLINE_MS);
    });
    const telling = this.tellProgress();
    await Promise.all([...this.places.map((place) => this.disturb(place)), this.disturbEtcd()]);
    this.isOver = true;
    await Promise.all([...callers, telling]);
    channel.close();
    for (const place of this.places) await this.trying(() => place.drain());
    await this.lookForLeaks(before);
    this.verdict();
  }

  private channel(): Channel {
    const { etcd } = this;
    const channel = new Channel(etcd === undefined ? "chaos:servers" : `etcd://${etcd.endpoint}/${PREFIX}`, {
      ...CHANNEL,
      poller: this.accounts.engine,
      resolvers: { chaos: { make: (_context, sink) => this.resolver.make(sink) } },
    });
    countAttempts(channel, (id, attempts) => this.ledger.attempted(id, attempts));
    return channel;
  }

  /** Has something happen to the server of `place` now and then; it is up at the end. */
  private async disturb(place: Place): Promise<void> {
    for (;;) {
      await sleep(500 + this.random.below(5_000));
      if (performance.now() > this.endsAt) return;
      const what = this.random.pick(
        ["kill", "kill", "freeze", "freeze and kill", "drain", "move", "lose packets"] as const,
      );
      this.faults[what] = (this.faults[what] ?? 0) + 1;
      if (what === "lose packets") {
        await place.relay.lose(this.random.pick([100, 800, 3_000]), this.random.chance(0.5));
        continue;
      }
      if (what.startsWith("freeze")) {
        await place.signal("SIGSTOP");
        await sleep(this.random.pick([200, 1_000, 4_000]));
        if (what === "freeze") {
          await place.signal("SIGCONT");
          continue;
        }
      }
      if (what === "drain" || what === "move") {
        await this.unname(place);
        await this.trying(() => place.drain());
      } else await place.signal("SIGKILL");
      await sleep(this.random.pick([0, 200, 1_500]));
      await place.start(what === "move" ? 0 : undefined);
      await this.name(place);
    }
  }

  private async disturbEtcd(): Promise<void> {
    const { etcd } = this;
    while (etcd !== undefined) {
      await sleep(4_000 + this.random.below(12_000));
      if (performance.now() > this.endsAt) return;
      const what = this.random.pick(["kill", "freeze"] as const);
      this.faults[`${what} etcd`] = (this.faults[`${what} etcd`] ?? 0) + 1;
      this.etcdState = "away";
      await etcd.kill(what === "kill" ? "SIGKILL" : "SIGSTOP");
      await sleep(this.random.pick([100, 2_000, 5_000]));
      if (what === "kill") await etcd.start();
      else await etcd.kill("SIGCONT");
      this.etcdState = "up";
    }
  }

  /** Says where the server of `place` is, unless it does so itself. */
  private async name({ setup, relay }: Place): Promise<void> {
    const { etcd } = this;
    this.resolver.announce();
    if (etcd === undefined || setup.kind !== "go") return;
    const value = JSON.stringify({ addr: `127.0.0.1:${relay.port}` });
    await this.insist(() => etcd.put(`${PREFIX}/go`, value));
  }

  private async unname({ setup }: Place): Promise<void> {
    const { etcd } = this;
    if (etcd !== undefined && setup.kind === "go") await this.insist(() => etcd.delete(`${PREFIX}/go`));
  }

  /** Tries again while etcd is away. */
  private async insist(change: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await change();
      } catch {
        await sleep(100);
      }
    }
  }

  private async trying(body: () => Promise<void>): Promise<void> {
    try {
      await body();
    } catch (error) {
      this.problems.push((error as Error).message);
    }
  }

  private tell(sink: ResolverSink): void {
    const endpoints = this.places.map(({ relay }) => ({
      addresses: [parseAddress(`127.0.0.1:${relay.port}`)],
    }));
    this.accounts.engine.run(() => sink.onResolved(endpoints));
  }

  private async tellProgress(): Promise<void> {
    const begin = performance.now();
    for (let last = 0; !this.isOver;) {
      await sleep(1_000);
      const passed = Math.round((performance.now() - begin) / 1_000);
      if (!process.stdout.isTTY && passed % 5 !== 0) continue;
      const states = this.places.map(({ setup, state }) => `${setup.kind} ${state}`).join(", ");
      const rate = (this.ledger.calls - last) / (process.stdout.isTTY ? 1 : 5);
      last = this.ledger.calls;
      console.log(
        `${String(passed).padStart(4)} s  ${String(last).padStart(8)} calls  ${
          rate.toFixed(0).padStart(6)
        }/s  ` +
          `${states}, etcd ${this.etcdState}`,
      );
    }
  }

  /** Nothing of the channel may be left. */
  private async lookForLeaks(before: ReturnType<typeof resources>): Promise<void> {
    for (let tries = 0; this.accounts.left().length > 0 && tries < 100; tries++) await sleep(50);
    for (const left of this.accounts.left()) this.problems.push(`left open: ${left}`);
    const after = resources();
    const more = (after.descriptors ?? 0) - (before.descriptors ?? 0);
    if (more > 8) this.problems.push(`${more} descriptors more are open than before the calls`);
    console.log(
      `memory of the client ${(before.rss / 1e6).toFixed(0)} MB before, ${
        (after.rss / 1e6).toFixed(0)
      } MB after`,
    );
  }

  private verdict(): void {
    for (const place of this.places) for (const [, id] of place.executed()) this.ledger.execute(id);
    this.problems.push(...this.ledger.judge());
    const text = (counts: Record<string, number>): string =>
      Object.entries(counts).sort().map(([what, count]) => `${what}: ${count}`).join(", ");
    console.log(`calls   ${text(this.ledger.counts())}`);
    console.log(`faults  ${text(this.faults)}`);
    console.log(`made again, and executed more than once: ${this.ledger.repeated}`);
    for (const problem of this.problems.slice(0, 30)) console.log(`WRONG: ${problem}`);
    console.log(
      this.problems.length === 0
        ? `chaos passed: of ${this.ledger.calls} calls none was lost that is to be retried, none made twice that must not be`
        : `chaos failed: ${this.problems.length} things are wrong (--seed=${seed})`,
    );
  }
}

let passed = false;
if (etcdMissing === undefined) {
  await EtcdProcess.run({}, async (etcd) => void (passed = await new Chaos(etcd).run()));
} else {
  console.log(`Names come from the program itself: ${etcdMissing}`);
  passed = await new Chaos(undefined).run();
}
process.exit(passed ? 0 : 1);
