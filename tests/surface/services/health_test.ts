// The health service: what its three methods say, and what they say of a server that shuts down.
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import {
  Channel,
  type Client,
  createClient,
  Health,
  type HealthMethods,
  healthService,
  insecure,
  RpcError,
  Server,
  type ServiceOf,
  Status,
} from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";

/** A server with health, and a client of it, in virtual time. */
class World {
  readonly simulation = new Simulation();
  private readonly at = this.simulation.host();
  readonly server = new Server({ poller: this.at, credentials: insecure });
  readonly health = new Health(this.server);
  readonly channel = new Channel(`${this.at.hostAddress}:80`, {
    poller: this.simulation.host(),
    credentials: insecure,
  });
  readonly client: Client<ServiceOf<HealthMethods>> = createClient(healthService(), this.channel);
  /** What happened, in its order. */
  readonly log: string[] = [];

  static async run(body: (world: World) => Promise<void>): Promise<void> {
    const world = new World();
    await world.server.listen("0.0.0.0:80");
    await body(world);
    world.channel.close();
    world.server.close();
    await world.simulation.run();
  }

  /** Lets everything happen until `call` has ended. */
  async ended<T>(call: Promise<T>): Promise<T> {
    await this.pass();
    return call;
  }

  pass(): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + 100 });
  }

  /** Watches `service`, and logs what comes. */
  watch(service: string): AbortController {
    const controller = new AbortController();
    void (async () => {
      try {
        for await (const { status } of this.client.watch({ service }, { signal: controller.signal })) {
          this.log.push(`${service}: ${status}`);
        }
      } catch (error) {
        this.log.push(`${service} ended: ${(error as RpcError).code}`);
      }
    })();
    return controller;
  }
}

test('[C50] Check says what was set; "" is the whole server; an unknown service is NOT_FOUND', () =>
  World.run(async (world) => {
    const { health, client } = world;
    assertEquals(await world.ended(client.check({})), { status: "SERVING" });
    health.set("a.B", "NOT_SERVING");
    assertEquals(await world.ended(client.check({ service: "a.B" })), { status: "NOT_SERVING" });
    health.set("a.B", "SERVING");
    assertEquals(await world.ended(client.check({ service: "a.B" })), { status: "SERVING" });
    health.clear("a.B");
    const error = await world.ended(assertRejects(() => client.check({ service: "a.B" }), RpcError));
    assertEquals(error.code, Status.NOT_FOUND);
    assertMatch(error.message, /no health is known of service "a\.B"/);
  }));

test("[C50] Watch sends the status at once, then every change; an unknown service is SERVICE_UNKNOWN until it is known", () =>
  World.run(async (world) => {
    const { health, log } = world;
    const own = world.watch("");
    world.watch("a.B");
    await world.pass();
    assertEquals(log.splice(0).toSorted(), [": SERVING", "a.B: SERVICE_UNKNOWN"]);
    health.set("a.B", "SERVING");
    health.set("other", "SERVING");
    await world.pass();
    health.set("a.B", "SERVING"); // no change
    await world.pass();
    health.set("a.B", "NOT_SERVING");
    await world.pass();
    health.clear("a.B");
    await world.pass();
    assertEquals(log.splice(0), ["a.B: SERVING", "a.B: NOT_SERVING", "a.B: SERVICE_UNKNOWN"]);
    own.abort();
    await world.pass();
    health.set("", "NOT_SERVING");
    await world.pass();
    assertEquals(log, [` ended: ${Status.CANCELLED}`]);
  }));

test("[C50] Watch: of changes that come faster than they can be sent the last one is sent", () =>
  World.run(async (world) => {
    world.watch("a.B");
    await world.pass();
    for (let i = 0; i < 1_000; i++) world.health.set("a.B", i % 2 === 0 ? "NOT_SERVING" : "SERVING");
    await world.pass();
    assertEquals(world.log.at(-1), "a.B: SERVING");
    assertEquals(world.log.length < 10, true);
  }));

test("[C50] List gives all of up to 100 services, and refuses more", () =>
  World.run(async (world) => {
    const { health, client } = world;
    health.set("a.B", "NOT_SERVING");
    const { statuses } = await world.ended(client.list({}));
    assertEquals(statuses, { "": { status: "SERVING" }, "a.B": { status: "NOT_SERVING" } });
    for (let i = 0; i < 98; i++) health.set(`s${i}`, "SERVING");
    assertEquals(Object.keys((await world.ended(client.list({}))).statuses!).length, 100);
    health.set("one more", "SERVING");
    const error = await world.ended(assertRejects(() => client.list({}), RpcError));
    assertEquals(error.code, Status.RESOURCE_EXHAUSTED);
  }));

test("[C51] a graceful shutdown says NOT_SERVING before GOAWAY, ends those who watch, and is not undone", () =>
  World.run(async (world) => {
    const { health, log, channel } = world;
    world.watch("");
    world.watch("a.B");
    await world.pass();
    log.length = 0;
    void channel.stateChange("READY").then((state) => log.push(state));
    const stopped = world.server.shutdown();
    health.set("", "SERVING");
    await world.pass();
    await stopped; // though two watched
    assertEquals(log[0], ": NOT_SERVING");
    assertEquals(log.slice(1).toSorted(), [
      ` ended: ${Status.UNAVAILABLE}`,
      "IDLE",
      `a.B ended: ${Status.UNAVAILABLE}`,
    ]);
    assertEquals(health.status(""), "NOT_SERVING");
  }));

test("health of what is no server, of one that has it, and a status that is none are errors", () => {
  using server = new Server();
  const health = new Health(server);
  assertThrows(() => new Health(server), TypeError);
  assertThrows(() => new Health({} as Server), TypeError, "Cannot serve its health");
  assertThrows(() => health.set("", "UNKNOWN" as "SERVING"), TypeError, "Cannot set the health");
});
