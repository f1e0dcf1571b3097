// Policies of a service config over real sockets: least_request, outlier_detection and weighted_round_robin.
import { assert, assertEquals } from "@std/assert";
import { Channel, createClient, LoadReports, RpcError, Server } from "pollwire";
import { test } from "../../harness.ts";
import { gate, type Note, Trial, type TrialClient, until } from "../serving.ts";

/** Three servers, and a client of a channel that balances over them. */
class Trio {
  /** Calls that each server got. */
  readonly got = [0, 0, 0];
  readonly servers: Server[] = [];

  private constructor(readonly client: TrialClient, readonly channel: Channel) {}

  /** `one`: the handler of the server with that index. */
  static async run(
    policy: Record<string, object>,
    one: (index: number, note: Note) => Note | Promise<Note>,
    body: (trio: Trio) => Promise<void>,
    prepare: (server: Server, index: number) => void = () => {},
  ): Promise<void> {
    const servers: Server[] = [];
    const ports: number[] = [];
    let trio: Trio | undefined = undefined;
    for (let i = 0; i < 3; i++) {
      const server = new Server();
      prepare(server, i);
      server.addService(Trial, { one: (note) => (trio!.got[i]!++, one(i, note)) });
      servers.push(server);
      ports.push(await server.listen("127.0.0.1:0"));
    }
    const channel = new Channel(`ipv4:${ports.map((port) => `127.0.0.1:${port}`).join(",")}`, {
      serviceConfig: { loadBalancingConfig: [policy] },
    });
    trio = new Trio(createClient(Trial, channel), channel);
    try {
      await trio.spread();
      await body(trio);
    } finally {
      channel.close();
      for (const server of servers) server.close();
      await Promise.all(servers.map((server) => server.shutdown()));
    }
  }

  /** Calls until every server has had one, so that all are connected. */
  private async spread(): Promise<void> {
    await until(
      () => (void this.client.one({ text: "spread" }).catch(() => {}), this.got.every((got) => got > 0)),
    );
  }
}

test("[C41] least_request over sockets: a server that keeps its calls waiting gets few more", async () => {
  const { opened, open } = gate();
  const one = (index: number, note: Note) =>
    index === 0 && note.text !== "spread" ? opened.then(() => note) : note;
  await Trio.run({ least_request: {} }, one, async ({ client, got }) => {
    const before = [...got];
    const calls: Promise<unknown>[] = [];
    for (let i = 0; i < 90; i++) {
      calls.push(client.one({ text: "work" }));
      const now = got.reduce((sum, one) => sum + one, 0);
      await until(() => got.reduce((sum, one) => sum + one, 0) > now || i === 0);
    }
    const kept = got[0]! - before[0]!;
    open();
    await Promise.all(calls);
    assert(kept < 25, `${kept} of 90`); // 30 in turn; a ninth at random, where both choices are it
  });
});

test("[C45][C46] outlier_detection over sockets: a server that fails gets no calls, and is back after its time", async () => {
  let fails = true;
  const one = (index: number, note: Note) => {
    if (index === 0 && fails) throw new RpcError("INTERNAL", "broken");
    return note;
  };
  const policy = {
    outlier_detection: {
      interval: "0.2s",
      baseEjectionTime: "0.5s",
      failurePercentageEjection: { threshold: 50, minimumHosts: 3, requestVolume: 3 },
      childPolicy: [{ round_robin: {} }],
    },
  };
  await Trio.run(policy, one, async ({ client, got, channel }) => {
    const failures = async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 12 }, () => client.one({}).then(() => 0, () => 1)),
      );
      return outcomes.reduce<number>((sum, one) => sum + one, 0);
    };
    while (await failures() > 0);
    const ejected = got[0]!;
    assertEquals([await failures(), got[0], channel.state], [0, ejected, "READY"]);
    fails = false;
    await until(() => (void client.one({}).catch(() => {}), got[0]! > ejected));
    assertEquals(await failures(), 0);
  });
});

test("[C42][C43] weighted_round_robin over sockets: calls go by the load that comes with the answers", async () => {
  const prepare = (server: Server, index: number) => {
    const load = new LoadReports(server);
    load.set({ cpuUtilization: 0.5, rpsFractional: [100, 300, 600][index]! });
    server.intercept(load.interceptor);
  };
  const policy = { weighted_round_robin: { blackoutPeriod: "0s", weightUpdatePeriod: "0.1s" } };
  await Trio.run(policy, (_index, note) => note, async ({ client, got }) => {
    const shares = async () => {
      const before = [...got];
      for (let i = 0; i < 100; i++) await client.one({});
      return got.map((one, i) => one - before[i]!);
    };
    let found: number[] = [];
    for (let tries = 0; tries < 100; tries++) {
      found = await shares();
      if ([10, 30, 60].every((share, i) => Math.abs(share - found[i]!) <= 2)) return;
    }
    assertEquals(found, [10, 30, 60]);
  }, prepare);
});
