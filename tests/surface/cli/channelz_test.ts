import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Channel, channelzService, createClient, healthService, Server } from "../../../mod.ts";
import { Address } from "../../../surface/protos/grpc/channelz/v1/channelz.ts";
import { addressText, type Snapshot } from "../../../surface/cli/channelz/snapshot.ts";
import { snapshotLines } from "../../../surface/cli/channelz/tables.ts";
import { styleOf } from "../../../surface/cli/text.ts";
import { test } from "../../harness.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";
import { withShop } from "./shop.ts";

const plain = styleOf(new FakeTerminal().out);
const NO_CALLS = { started: 0, succeeded: 0, failed: 0 };

test("channelz shows servers, channels and their connections once, as tables and as JSON", async () => {
  await withShop(async ({ target }) => {
    const channel = new Channel(target);
    const client = createClient(healthService(), channel);
    await client.check({});
    await client.check({ service: "none" }).catch(() => {});
    const { code, out, err } = await pollwire(["channelz", target]);
    assertEquals([code, err], [0, ""]);
    assertStringIncludes(out, "Servers (");
    assertStringIncludes(out, target);
    const json = await pollwire(["channelz", target, "--once", "--json"]);
    const { servers, channels } = JSON.parse(json.out) as Snapshot;
    const server = servers.find(({ listens }) => listens.includes(target))!;
    assert(server.calls.started >= 2 && server.calls.failed >= 1, json.out);
    assert(server.connections.some(({ local }) => local === target));
    assert(channels.some((one) => one.target === target && one.state === "READY"));
    channel.close();
  });
});

test("on a terminal channelz draws until Ctrl-C, with rates, and gives the terminal back", async () => {
  await withShop(async ({ target }) => {
    const terminal = new FakeTerminal();
    Object.assign(terminal.out, { isTerminal: true, rows: 12, columns: 90 });
    let drawn = 0;
    terminal.out.onWrite = () => {
      if (++drawn === 4) terminal.interrupt();
    };
    const { code, out } = await pollwire(["channelz", target, "--interval", "0.01"], terminal);
    assertEquals(code, 130);
    assert(out.startsWith("\x1b[?1049h"), out);
    assert(out.endsWith("\x1b[?25h\x1b[?1049l"), out);
    assertStringIncludes(out, "\x1b[H");
    const screens = out.split("\x1b[H").slice(1);
    for (const screen of screens) assert(screen.split("\r\n").length <= 12, screen);
  });
});

test("on a dumb terminal nothing is drawn over: channelz prints once, and bench only its result", () =>
  withShop(async ({ target }) => {
    const given = [["channelz", target], [
      "bench",
      target,
      "shop.v1.Cart/Get",
      "-n",
      "1",
      "--warmup",
      "0.01",
    ]];
    for (const line of given) {
      const terminal = new FakeTerminal();
      for (const output of [terminal.out, terminal.err]) {
        Object.assign(output, { isTerminal: true, isDumb: true });
      }
      const { code, out, err } = await pollwire(line, terminal);
      assertEquals([code, err], [0, ""]);
      assert(out.length > 0 && !out.includes("\x1b"), out);
    }
  }));

test("channelz says that a server does not serve it", async () => {
  const server = new Server();
  await server.listen("inprocess:cli-channelz");
  const { code, err } = await pollwire(["channelz", "inprocess:cli-channelz"]);
  server.close();
  assertEquals(code, 76);
  assertStringIncludes(err, "does not serve grpc.channelz.v1.Channelz");
});

test("a server that gives the same page for every number, and says of none that it is the last, is asked twice", async () => {
  const server = new Server();
  let asked = 0;
  const data = { target: "there", callsStarted: 1n };
  server.addService(channelzService(), {
    getServers: () => ({ server: [], end: true }),
    getTopChannels: () => (asked++, { channel: [{ ref: { channelId: 7n }, data }], end: false }),
  });
  await server.listen("inprocess:cli-channelz-pages");
  const { code, out } = await pollwire(["channelz", "inprocess:cli-channelz-pages", "--once", "--json"]);
  server.close();
  assertEquals([code, asked], [0, 2]);
  assertEquals((JSON.parse(out) as Snapshot).channels.map(({ id, target }) => [id, target]), [[7, "there"]]);
});

test("rates are of what began between two snapshots, and red is what failed", () => {
  const at = (time: string, started: number): Snapshot => ({
    time,
    servers: [{
      id: 1,
      listens: ["a:1"],
      calls: { started, succeeded: started - 3, failed: 2 },
      connections: [],
    }],
    channels: [],
  });
  const before = at("2026-01-01T00:00:00.000Z", 100);
  const now = at("2026-01-01T00:00:02.000Z", 3_000);
  assertEquals(snapshotLines(now, before, 80, plain), [
    "Servers (1)",
    "ID  LISTENS  CONNECTIONS  CALLS  OPEN     OK  FAILED     /S",
    " 1  a:1                0  3,000     1  2,997       2  1,450",
  ]);
  const coloured = styleOf(Object.assign(new FakeTerminal().out, { colours: true }));
  assertStringIncludes(snapshotLines(now, before, 80, coloured).join("\n"), "\x1b[31m2\x1b[39m");
  const empty = { time: now.time, servers: [], channels: [] };
  assertEquals(snapshotLines(empty, undefined, 80, plain).length, 1);
  const idle = { ...empty, servers: [{ id: 1, listens: [], calls: NO_CALLS, connections: [] }] };
  assertStringIncludes(snapshotLines(idle, undefined, 80, plain).at(-1)!, " 1  -");
});

const addressOf = (init: Parameters<typeof Address.create>[0]) => addressText(Address.create(init));

test("addresses of channelz are written as targets", () => {
  assertEquals(
    addressOf({ tcpipAddress: { ipAddress: new Uint8Array([10, 0, 0, 1]), port: 80 } }),
    "10.0.0.1:80",
  );
  const loopback = new Uint8Array(16);
  loopback[15] = 1;
  assertEquals(addressOf({ tcpipAddress: { ipAddress: loopback, port: 80 } }), "[::1]:80");
  assertEquals(addressOf({ udsAddress: { filename: "/x" } }), "unix:/x");
  assertEquals(addressText(undefined), "");
});
