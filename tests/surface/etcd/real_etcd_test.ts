// A real etcd (Debian's etcd-server): what the resolver and announce make of its compaction, restarts, TLS and users.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { announce, Channel, createClient, type EtcdOptions, etcdResolver, Server, tls } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { test } from "../../harness.ts";
import { Program } from "../../pollers/program.ts";
import { sleep, Trial } from "../serving.ts";
import { etcdMissing, EtcdProcess } from "./etcd_process.ts";

const REAL = { skip: etcdMissing };

/** Servers of this process that say which of them answered, and a channel that finds them in etcd. */
class World {
  readonly servers: Server[] = [];
  readonly ports: number[] = [];
  readonly channel: Channel;
  readonly warnings: string[] = [];

  constructor(private readonly etcd: EtcdProcess, private readonly options: EtcdOptions = {}) {
    const endpoints = [etcd.endpoint];
    this.channel = new Channel("etcd:///services/trial", {
      resolvers: { etcd: etcdResolver({ endpoints, ...options }) },
      loadBalancing: "round_robin",
      initialBackoffMs: 100,
      logger: { error: console.error, warn: (line) => this.warnings.push(line), info() {}, debug() {} },
    });
  }

  static async run(
    etcd: EtcdProcess,
    options: EtcdOptions,
    body: (world: World) => Promise<void>,
  ): Promise<void> {
    const world = new World(etcd, options);
    try {
      await body(world);
    } finally {
      await world.channel[Symbol.asyncDispose]();
      await Promise.all(world.servers.map((server) => server.shutdown({ graceMs: 1_000 })));
    }
  }

  /** Adds a server; its calls answer with its number. */
  async add(ttlMs = 2_000): Promise<Server> {
    const number = this.servers.length + 1;
    const server = new Server();
    this.servers.push(server);
    server.addService(Trial, { one: () => ({ number }) });
    this.ports.push(await server.listen("127.0.0.1:0"));
    const etcd = { endpoints: [this.etcd.endpoint], ...this.options };
    await announce(server, { etcd, prefix: "services/trial", ttlMs }).registered();
    return server;
  }

  /** Which servers answer. */
  async answering(): Promise<string> {
    const client = createClient(Trial, this.channel);
    const calls = Array.from(
      { length: 12 },
      () => client.one({}, { waitForReady: true, deadlineMs: 10_000 }),
    );
    return [...new Set((await Promise.all(calls)).map(({ number }) => number))].sort().join();
  }

  /** Waits until those answer. */
  async answers(who: string): Promise<void> {
    const end = performance.now() + 20_000;
    for (let last = ""; (last = await this.answering()) !== who; await sleep(20)) {
      if (performance.now() > end) throw new Error(`Servers ${last} answer, not ${who}`);
    }
  }
}

test(
  "[C28] real etcd: servers come and go, and the channel follows",
  () =>
    EtcdProcess.run({}, (etcd) =>
      World.run(etcd, {}, async (world) => {
        await world.add();
        await world.answers("1");
        const second = await world.add();
        await world.answers("1,2");
        assertEquals((await etcd.keys()).length, 2);
        await second.shutdown();
        await world.answers("1");
        assertEquals((await etcd.keys()).length, 1);
      })),
  REAL,
);

test(
  "[C28] real etcd: it is compacted, killed and started again, and the list is right after each",
  () =>
    EtcdProcess.run({}, (etcd) =>
      World.run(etcd, {}, async (world) => {
        await world.add();
        await world.add();
        await world.answers("1,2");
        await etcd.compact();
        await world.add();
        await world.answers("1,2,3");
        await etcd.kill("SIGKILL");
        assertEquals(await world.answering(), "1,2,3"); // the last list stays
        await etcd.start();
        await world.add();
        await world.answers("1,2,3,4");
        await sleep(3_000); // longer than leases that nobody renews
        assertEquals((await etcd.keys()).length, 4);
      })),
  REAL,
);

test(
  "[C28] real etcd: changes that it forgot while it could not be reached are read anew",
  () =>
    EtcdProcess.run({}, (etcd) =>
      World.run(etcd, {}, async (world) => {
        await world.add();
        const second = await world.add();
        await world.answers("1,2");
        const key = (await etcd.keys()).find((key) => key.endsWith(`:${world.ports[1]}`))!;
        await etcd.kill("SIGKILL");
        await etcd.start();
        await etcd.delete(key);
        await etcd.put("services/trial/garbled", "{");
        await etcd.compact();
        await world.answers("1");
        await second.shutdown();
      })),
  REAL,
);

const AUTHORITY = new Authority();

test("[C28] real etcd: by mutual TLS", () =>
  EtcdProcess.run(
    { secure: { authority: AUTHORITY.cert, shown: AUTHORITY.issue({ name: "etcd", ip: ["127.0.0.1"] }) } },
    (etcd) => {
      const credentials = tls.client({ ca: AUTHORITY.cert, ...AUTHORITY.issue({ name: "reader" }) });
      return World.run(etcd, { credentials }, async (world) => {
        await world.add();
        await world.answers("1");
      });
    },
  ), { ...REAL, leaves: "OpenSSL stays loaded" });

test(
  "[C28] real etcd: for a user, whose token is forgotten when it is started again",
  () =>
    EtcdProcess.run({}, async (etcd) => {
      await etcd.enableUsers("secret");
      await World.run(etcd, { user: { name: "root", password: "secret" } }, async (world) => {
        await world.add();
        await world.answers("1");
        await etcd.kill("SIGTERM");
        await etcd.start();
        await world.add();
        await world.answers("1,2");
      });
      const wrong = etcdResolver({ endpoints: [etcd.endpoint], user: { name: "root", password: "wr0ng" } });
      const channel = new Channel("etcd:///services/trial", { resolvers: { etcd: wrong } });
      const error = await createClient(Trial, channel).one({}).then(() => undefined, (error) => error);
      assertMatch(String(error), /cannot read from etcd at .*authentication failed/);
      assert(!String(error).includes("wr0ng"));
      await channel[Symbol.asyncDispose]();
    }),
  REAL,
);

test(
  "[C28] real etcd: a target says its etcd by itself",
  () =>
    EtcdProcess.run({}, (etcd) =>
      World.run(etcd, {}, async (world) => {
        await world.add();
        const channel = new Channel(`etcd://${etcd.endpoint}/services/trial`);
        assertEquals((await createClient(Trial, channel).one({})).number, 1);
        await channel[Symbol.asyncDispose]();
      })),
  REAL,
);

test(
  "[C28] real etcd: a program ends though its channel watches",
  () =>
    EtcdProcess.run({}, (etcd) =>
      World.run(etcd, {}, async (world) => {
        await world.add();
        const program = new Program(new URL("etcd_client.ts", import.meta.url), [etcd.endpoint]);
        await program.printed("answered");
        assertEquals((await program.ended).code, 0);
      })),
  { ...REAL, timeoutMs: 20_000 },
);
