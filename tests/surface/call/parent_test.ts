// Calls that a handler makes for the call it serves: its deadline and its end are theirs.
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type CallOptions, Channel, createClient, RpcError, Server, type ServerCall, Status } from "pollwire";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { type Handlers, Trial, type TrialClient } from "../serving.ts";

/** A client calls a front, whose handler calls a back that never answers. */
class World {
  readonly simulation = new Simulation();
  readonly client: TrialClient;
  readonly back: TrialClient;
  /** How the calls at the back ended, at the front, with the time. */
  readonly inner: Array<[atMs: number, code: number, details: string]> = [];
  /** When the back's handlers were cancelled. */
  readonly cancelled: number[] = [];
  /** What its handlers had left of their deadlines. */
  readonly remaining: Array<number | undefined> = [];
  private readonly hosts = [this.simulation.host(), this.simulation.host()] as const;
  private readonly channels: Channel[] = [];
  private readonly servers: Server[] = [];

  constructor() {
    const [front, back] = this.hosts;
    this.client = this.clientOf(front);
    this.back = this.clientOf(back);
  }

  /** Serves; `front` is the handler of the front's unary method. */
  async serve(front: (call: ServerCall, world: this) => Promise<void>): Promise<void> {
    const [atFront, atBack] = this.hosts;
    await this.serveOn(atFront, {
      one: async (_request, call) => {
        await front(call, this);
        return {};
      },
    });
    await this.serveOn(atBack, {
      one: (_request, call) =>
        new Promise((resolve) => {
          this.remaining.push(call.timeRemainingMs);
          call.signal.addEventListener("abort", () => {
            this.cancelled.push(Math.round(this.simulation.now));
            resolve({});
          });
        }),
    });
  }

  /** A call at the back; its end is noted. */
  async call(options: CallOptions): Promise<void> {
    try {
      await this.back.one({}, options);
    } catch (error) {
      assert(error instanceof RpcError);
      this.inner.push([Math.round(this.simulation.now), error.code, error.details]);
    }
  }

  async end(): Promise<void> {
    for (const channel of this.channels) channel.close();
    for (const server of this.servers) server.close();
    await this.simulation.run();
  }

  private async serveOn(host: SimulatedEngine, handlers: Handlers): Promise<void> {
    const server = new Server({ poller: host });
    server.addService(Trial, handlers);
    await server.listen("0.0.0.0:80");
    this.servers.push(server);
  }

  private clientOf({ hostAddress }: SimulatedEngine): TrialClient {
    const channel = new Channel(`${hostAddress}:80`, { poller: this.simulation.host() });
    this.channels.push(channel);
    return createClient(Trial, channel);
  }
}

test("[C18] [Q42] a call made for another one has its deadline, where that is the earlier one", async () => {
  for (const [deadlineMs, ends] of [[undefined, 300], [10_000, 300], [100, 110]] as const) {
    const world = new World();
    await world.serve((call) =>
      world.call({ parent: call, ...deadlineMs === undefined ? {} : { deadlineMs } })
    );
    const outer = world.client.one({}, { deadlineMs: 300 }).then(
      () => Status.OK,
      (error: RpcError) => error.code,
    );
    await world.simulation.run({ until: 1_000 });
    const [inner] = world.inner;
    assert(inner !== undefined, "the call at the back has not ended");
    assert(Math.abs(inner[0] - ends) <= 20, `it ended after ${inner[0]} ms, not ${ends}`);
    if (deadlineMs === 100) assertEquals([inner[1], await outer], [Status.DEADLINE_EXCEEDED, Status.OK]);
    else {assert(
        inner[1] === Status.DEADLINE_EXCEEDED || inner[1] === Status.CANCELLED,
        `ended with ${inner[1]}`,
      );}
    await world.end();
  }
});

test("[C18] [Q42] the back learns the deadline of the call that its call is made for", async () => {
  const world = new World();
  await world.serve((call) => world.call({ parent: call }));
  world.client.one({}, { deadlineMs: 500 }).catch(() => {});
  await world.simulation.run({ until: 400 });
  const [left] = world.remaining;
  assert(left !== undefined && left > 400 && left <= 500, `the back had ${left} ms`);
  await world.end();
});

test("[C18] [Q42] a call that is cancelled cancels the calls that were made for it, and no others", async () => {
  const world = new World();
  await world.serve((call) =>
    Promise.all([world.call({ parent: call }), world.call({ deadlineMs: 900 })]).then(() => {})
  );
  const controller = new AbortController();
  world.simulation.schedule(200, () => controller.abort());
  world.client.one({}, { signal: controller.signal }).catch(() => {});
  await world.simulation.run({ until: 2_000 });
  assertEquals(world.inner.map(([, code]) => code), [Status.CANCELLED, Status.DEADLINE_EXCEEDED]);
  assert(world.inner[0]![0] < 250, `it was cancelled after ${world.inner[0]![0]} ms`);
  assertMatch(world.inner[0]![2], /made for is over/);
  assertEquals(world.cancelled.length, 2);
  await world.end();
});

test("[Q42] a call that is done cancels what still runs for it", async () => {
  const world = new World();
  await world.serve((call) => {
    void world.call({ parent: call });
    return new Promise((resolve) => world.simulation.schedule(100, resolve));
  });
  const answer = world.client.one({});
  await world.simulation.run({ until: 500 });
  await answer;
  assertEquals(world.inner.map(([, code]) => code), [Status.CANCELLED]);
  assertEquals(world.cancelled.length, 1, "handlers of the back that were cancelled");
  await world.end();
});

test("[Q42] a call made for one that is over already is over as it begins", async () => {
  const world = new World();
  let kept: ServerCall | undefined;
  await world.serve((call) => {
    kept = call;
    return Promise.resolve();
  });
  const answer = world.client.one({});
  await world.simulation.run({ until: 100 });
  await answer;
  await world.call({ parent: kept! });
  assertEquals(world.inner.map(([, code]) => code), [Status.CANCELLED]);
  assertEquals(world.cancelled, []);
  await world.end();
});

test("[Q42] what is no call of a handler is no parent", () => {
  const world = new World();
  const parent = {} as ServerCall;
  assertThrows(() => world.back.one({}, { parent }), TypeError, "parent is an object; give the call");
  return world.end();
});
