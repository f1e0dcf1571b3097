// Servers that come, are drained and are killed under load, found in a real etcd: which calls are lost.
import { assert, assertEquals } from "@std/assert";
import { Channel, createClient, type RpcError, Status } from "pollwire";
import { test } from "../../harness.ts";
import { Program } from "../../pollers/program.ts";
import { sleep, Trial, until } from "../serving.ts";
import { etcdMissing, EtcdProcess } from "./etcd_process.ts";

const CALLERS = 20;

/** Servers in processes of their own, and callers that call all the time. */
class World {
  /** Calls that each server answered since the last look, by its process. */
  answered = new Map<number, number>();
  readonly failures: RpcError[] = [];
  private stopped = false;
  private readonly channel: Channel;
  private readonly callers: Promise<void>[];

  constructor(private readonly etcd: EtcdProcess) {
    this.channel = new Channel(`etcd://${etcd.endpoint}/services/trial`, { loadBalancing: "round_robin" });
    this.callers = Array.from({ length: CALLERS }, () => this.call());
  }

  async add(): Promise<Program> {
    const program = new Program(new URL("announced_server.ts", import.meta.url), [this.etcd.endpoint]);
    await program.printed("registered");
    await until(() => this.answered.has(program.pid));
    return program;
  }

  /** Servers that have answered `count` more calls in all meanwhile. */
  async next(count: number): Promise<number[]> {
    this.answered = new Map();
    const sum = () => [...this.answered.values()].reduce((all, one) => all + one, 0);
    await until(() => sum() >= count);
    return [...this.answered.keys()].sort();
  }

  async end(): Promise<void> {
    this.stopped = true;
    await Promise.all(this.callers);
    await this.channel[Symbol.asyncDispose]();
  }

  private async call(): Promise<void> {
    const client = createClient(Trial, this.channel);
    while (!this.stopped) {
      try {
        const { number = 0 } = await client.one({}, { deadlineMs: 20_000, waitForReady: true });
        this.answered.set(number, (this.answered.get(number) ?? 0) + 1);
      } catch (error) {
        this.failures.push(error as RpcError);
      }
      await sleep(10); // processes have to start beside it
    }
  }
}

test(
  "[C28] servers are added, drained and killed, and etcd is started again: no call is lost but those of the killed",
  () =>
    EtcdProcess.run({}, async (etcd) => {
      const world = new World(etcd);
      const servers = [await world.add(), await world.add(), await world.add()];
      const pids = (...programs: Program[]) => programs.map(({ pid }) => pid).sort();
      assertEquals(await world.next(100), pids(...servers));
      const [drained, killed, left] = servers as [Program, Program, Program];

      const fourth = await world.add();
      drained.kill("SIGTERM");
      assertEquals((await drained.ended).code, 0);
      await world.next(100); // answers of the drained one among them
      assertEquals(await world.next(100), pids(killed, left, fourth));
      await etcd.kill("SIGKILL");
      await etcd.start();
      const fifth = await world.add();
      assertEquals(world.failures.map(String), []);

      killed.kill("SIGKILL");
      await killed.ended;
      await world.next(100);
      assert(world.failures.length <= CALLERS, String(world.failures.length));
      assertEquals(world.failures.filter(({ code }) => code !== Status.UNAVAILABLE), []);
      assertEquals(await world.next(100), pids(left, fourth, fifth));
      for (const end = performance.now() + 20_000; (await etcd.keys()).length > 3;) {
        assert(performance.now() < end, "its lease does not expire");
        await sleep(50);
      }
      await world.end();
      for (const one of [left, fourth, fifth]) one.kill("SIGTERM");
      for (const one of [left, fourth, fifth]) assertEquals((await one.ended).code, 0);
      assertEquals(await etcd.keys(), []);
    }),
  { skip: etcdMissing },
);
