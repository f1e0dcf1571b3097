// Who may connect: a limit on connections of one address, and a hook that is asked for each.
import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { Server, type ServerOptions } from "pollwire";
import type { SocketAddress } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { test } from "../../harness.ts";
import { RawPeer } from "../../transport/raw_peer.ts";

/** A server, and clients of several addresses that connect to it. */
class World {
  readonly simulation = new Simulation();
  readonly reported: unknown[] = [];
  readonly server: Server;
  private readonly host = this.simulation.host();
  private readonly clients = [0, 1, 2].map(() => this.simulation.host());

  constructor(options: ServerOptions) {
    const onError = (error: unknown, { where }: { where: string }) => void this.reported.push([where, error]);
    this.server = new Server({ poller: this.host, onError, ...options });
  }

  addressOf(client: number): string {
    return this.clients[client]!.hostAddress;
  }

  /** Connects from an address, and lets the server decide. */
  async connect(client: number): Promise<RawPeer> {
    let peer: RawPeer | undefined;
    this.clients[client]!.connect({ family: "ipv4", host: this.host.hostAddress, port: 80 }, {}, (result) => {
      if (result.ok) peer = new RawPeer(result.value);
    });
    await this.pass();
    return peer!;
  }

  async begin(): Promise<void> {
    await this.server.listen(`${this.host.hostAddress}:80`);
  }

  pass(): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + 50 });
  }

  async end(peers: RawPeer[]): Promise<void> {
    for (const peer of peers) peer.close();
    void this.server.shutdown();
    await this.simulation.run();
  }
}

const outcomes = (peers: RawPeer[]) => peers.map(({ ended }) => ended);

test("admission: an address has as many connections as the limit says, and others have theirs", async () => {
  const world = new World({ maxConnectionsPerAddress: 2 });
  await world.begin();
  const peers = [];
  for (const client of [0, 0, 0, 1, 1, 1]) peers.push(await world.connect(client));
  const [open, over] = ["open", "end-of-stream"] as const;
  assertEquals(outcomes(peers), [open, open, over, open, open, over]);
  peers[0]!.close();
  await world.pass();
  peers.push(await world.connect(0), await world.connect(0));
  assertEquals(outcomes(peers).slice(-2), [open, over], "a connection that is gone makes room for one");
  await world.end(peers);
});

test("admission: the hook gets the address and its open connections, and false refuses", async () => {
  const asked: Array<[SocketAddress, number]> = [];
  const world: World = new World({
    acceptConnection: (peer, open) => {
      asked.push([peer, open]);
      return "host" in peer && peer.host !== world.addressOf(1);
    },
  });
  await world.begin();
  const peers = [];
  for (const client of [0, 1, 0, 2, 1]) peers.push(await world.connect(client));
  assertEquals(outcomes(peers), ["open", "end-of-stream", "open", "open", "end-of-stream"]);
  assertEquals(asked.map(([, open]) => open), [0, 0, 1, 0, 0]);
  assertEquals(
    asked.map(([peer]) => "host" in peer && peer.host),
    [0, 1, 0, 2, 1].map((i) => world.addressOf(i)),
  );
  await world.end(peers);
});

test("admission: a hook that throws, or says neither true nor false, refuses and is reported", async () => {
  const answers: Array<() => unknown> = [
    () => {
      throw new Error("oops");
    },
    () => Promise.resolve(true),
    () => undefined,
    () => Promise.reject(new Error("later")), // reported too, and by nobody else
  ];
  const world = new World({ acceptConnection: () => answers.shift()!() as boolean });
  await world.begin();
  const peers: Awaited<ReturnType<World["connect"]>>[] = [];
  for (let i = 0; i < 4; i++) peers.push(await world.connect(0));
  assertEquals(outcomes(peers), new Array(4).fill("end-of-stream"));
  assertEquals(
    world.reported.map((report) => (report as [string])[0]),
    new Array(5).fill("acceptConnection"),
  );
  assertEquals((world.reported[4] as [string, Error])[1].message, "later");
  assertInstanceOf((world.reported[1] as [string, Error])[1], TypeError);
  await world.end(peers);
});

test("admission: a limit that is no number is refused when the server is made", () => {
  for (const limit of [-1, NaN, "5" as unknown as number]) {
    assertThrows(
      () => new Server({ maxConnectionsPerAddress: limit }),
      RangeError,
      "maxConnectionsPerAddress is",
    );
  }
});
