// Address families other than IPv4, pairs, and names.
import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, rmSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import process from "node:process";
import { type EventEngine, formatAddress, type IoResult, type SocketAddress } from "../../../pollers/mod.ts";
import { PlainServer, PlainSocket } from "../plain_peer.ts";
import { Acceptor, connect, readExactly, tryConnect, withEngine, write } from "../promised.ts";
import type { Suite } from "./suite.ts";

const noIpv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1")
  ? undefined
  : "this machine has no ::1";
const noUnix = process.platform === "win32" ? "no unix sockets through the runtimes on Windows" : undefined;
const noAbstract = process.platform === "linux" ? undefined : "abstract unix sockets are Linux's own";

/** The engine's endpoint against a plain one at `at`, in both roles. */
async function talkBothWays(engine: EventEngine, at: SocketAddress): Promise<void> {
  const server = await PlainServer.listen(at);
  const client = await connect(engine, server.address);
  assertEquals(client.peer, server.address);
  const plainServed = await server.accept();
  await talk(client, plainServed);
  await server.close();

  const [acceptor, port] = await Acceptor.listen(engine, at);
  const plainClient = await PlainSocket.connect("port" in at ? { ...at, port } : at);
  const endpoint = await acceptor.accept();
  assertEquals(endpoint.local, "port" in at ? { ...at, port } : at);
  assertEquals(endpoint.peer.family.startsWith("unix"), at.family.startsWith("unix"));
  await talk(endpoint, plainClient);
  await acceptor.shutdown();
}

async function talk(endpoint: Awaited<ReturnType<typeof connect>>, plain: PlainSocket): Promise<void> {
  assertEquals(await write(endpoint, "over there"), undefined);
  assertEquals(new TextDecoder().decode(await plain.readExactly(10)), "over there");
  await plain.write("and back");
  assertEquals(new TextDecoder().decode(await readExactly(endpoint, 8)), "and back");
  endpoint.close();
  plain.destroy();
}

function lookup(engine: EventEngine, host: string, port: number): Promise<IoResult<SocketAddress[]>> {
  return new Promise((resolve) => engine.resolver().lookup(host, port, resolve));
}

/** Tests of unix sockets, IPv6, `pair` and `resolver`. */
export function nameRules({ factory, rule }: Suite): void {
  rule(
    "IPv6, connecting and listening",
    () => withEngine(factory, (engine) => talkBothWays(engine, { family: "ipv6", host: "::1", port: 0 })),
    {
      skip: noIpv6,
    },
  );

  rule("unix sockets, connecting and listening, and the same path again", async () => {
    const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
    try {
      const at: SocketAddress = { family: "unix", path: `${folder}/socket` };
      await withEngine(factory, async (engine) => {
        await talkBothWays(engine, at);
        await talkBothWays(engine, at);
        const gone = await tryConnect(engine, at);
        assert(!gone.ok);
        assertEquals([gone.error.kind, gone.error.code, gone.error.address], ["not-found", "ENOENT", at]);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, { skip: noUnix });

  rule("a unix path in use, in no folder, or too long cannot be bound", async () => {
    const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
    try {
      await withEngine(factory, async (engine) => {
        const used: SocketAddress = { family: "unix", path: `${folder}/used` };
        const server = await PlainServer.listen(used);
        const acceptor = Acceptor.create(engine);
        const kinds: string[] = [];
        for (const path of [used.path, `${folder}/none/socket`, `${folder}/${"long".repeat(30)}`]) {
          const result = await acceptor.bind({ family: "unix", path });
          kinds.push(result.ok ? "bound" : result.error.kind);
        }
        assertEquals(kinds.slice(0, 2), ["address-in-use", "not-found"]);
        assert(kinds[2] !== "bound");
        await acceptor.shutdown();
        await server.close();
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, { skip: noUnix });

  rule("abstract unix sockets, connecting and listening", () =>
    withEngine(
      factory,
      (engine) => talkBothWays(engine, { family: "unix-abstract", name: `pollwire-${process.pid}` }),
    ), { skip: noAbstract });

  rule("a pair is two endpoints connected to each other", () =>
    withEngine(factory, async (engine) => {
      const [one, two] = await engine.pair();
      assertEquals([one.local, one.peer], [two.peer, two.local]);
      assertEquals(await write(one, "from one"), undefined);
      assertEquals(new TextDecoder().decode(await readExactly(two, 8)), "from one");
      assertEquals(await write(two, "from two"), undefined);
      assertEquals(new TextDecoder().decode(await readExactly(one, 8)), "from two");
      one.close();
      two.close();
    }));

  rule(
    "localhost is looked up to loopback addresses with the port",
    () =>
      withEngine(factory, async (engine) => {
        const result = await lookup(engine, "localhost", 80);
        assert(result.ok, result.ok ? "" : result.error.message);
        assert(result.value.length > 0);
        for (const address of result.value) {
          assert(["127.0.0.1:80", "[::1]:80"].includes(formatAddress(address)), formatAddress(address));
        }
      }),
  );

  rule("a name that does not exist is not found", () =>
    withEngine(factory, async (engine) => {
      const result = await lookup(engine, "no-such-host.invalid", 80);
      assert(!result.ok);
      assertEquals([result.error.kind, result.error.syscall], ["not-found", "getaddrinfo"]);
      assert(result.error.message.includes("no-such-host.invalid"), result.error.message);
    }), { timeoutMs: 60_000 });
}
