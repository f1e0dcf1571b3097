// Rule 3, addresses: every address of the machine, an address again, and the file of a unix socket.
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import process from "node:process";
import type { Endpoint, EventEngine, SocketAddress } from "../../../pollers/mod.ts";
import { startDeafServer } from "../deaf_server.ts";
import { PlainServer, PlainSocket } from "../plain_peer.ts";
import { Acceptor, connect, LOOPBACK, read, sleep, withEngine, write } from "../promised.ts";
import type { Suite } from "./suite.ts";

const noIpv6 = Object.values(networkInterfaces()).flat().some((one) => one?.address === "::1")
  ? undefined
  : "this machine has no ::1";
const noUnix = process.platform === "win32" ? "no unix sockets through the runtimes on Windows" : undefined;

/** Has `one` say something to `other`. */
async function talk(one: Endpoint, other: PlainSocket): Promise<void> {
  assertEquals(await write(one, "hello"), undefined);
  assertEquals(new TextDecoder().decode(await other.readExactly(5)), "hello");
}

/** A connection to `at`, with both ends. */
async function join(acceptor: Acceptor, at: SocketAddress): Promise<[Endpoint, PlainSocket]> {
  const plain = await PlainSocket.connect(at);
  return [await acceptor.accept(), plain];
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Leaves the file of a socket behind whose process has died. */
function leaveSocket(path: string): void {
  const script = "process.chdir(process.argv[1]);" +
    'require("node:net").createServer().listen("left", () => process.kill(process.pid, "SIGKILL"));';
  const folder = mkdtempSync(`${tmpdir()}/pollwire-left-`);
  try {
    execFileSync("node", ["-e", script, folder], { stdio: "ignore" });
  } catch { /* it was killed */ }
  renameSync(`${folder}/left`, path);
  rmSync(folder, { recursive: true });
}

const loopback = (port: number): SocketAddress => ({ family: "ipv4", host: "127.0.0.1", port });

/** Why binding `path` fails. */
async function whyNot(engine: EventEngine, path: string): Promise<string> {
  const acceptor = Acceptor.create(engine);
  const bound = await acceptor.bind({ family: "unix", path });
  await acceptor.shutdown();
  assert(!bound.ok, `${path} was bound`);
  assertEquals([bound.error.kind, bound.error.code], ["address-in-use", "EADDRINUSE"]);
  return bound.error.message;
}

/** Tests of what an address means to `bind`. */
export function addressRules(suite: Suite): void {
  everyAddress(suite);
  again(suite);
  socketFiles(suite);
}

function everyAddress({ factory, rule }: Suite): void {
  rule(
    '3 "::" takes IPv4 too, and calls the peer by its IPv4 address',
    () =>
      withEngine(factory, async (engine) => {
        const [acceptor, port] = await Acceptor.listen(engine, { family: "ipv6", host: "::", port: 0 });
        for (
          const at of [{ family: "ipv4", host: "127.0.0.1", port }, {
            family: "ipv6",
            host: "::1",
            port,
          }] as const
        ) {
          const [endpoint, plain] = await join(acceptor, at);
          assertEquals([endpoint.local, endpoint.peer], [at, plain.local]);
          await talk(endpoint, plain);
          endpoint.close();
          plain.destroy();
        }
        const other = Acceptor.create(engine);
        const taken = await other.bind({ family: "ipv4", host: "0.0.0.0", port });
        assert(!taken.ok && taken.error.kind === "address-in-use", "the port is free for IPv4");
        await Promise.all([acceptor.shutdown(), other.shutdown()]);
      }),
    { skip: noIpv6 },
  );

  rule(
    "3 an IPv4-mapped address is that of IPv4, connecting and listening",
    () =>
      withEngine(factory, async (engine) => {
        const mapped = { family: "ipv6", host: "::ffff:127.0.0.1", port: 0 } as const;
        const [acceptor, port] = await Acceptor.listen(engine, mapped);
        const client = await connect(engine, { ...mapped, port });
        const served = await acceptor.accept();
        assertEquals(client.peer, { family: "ipv4", host: "127.0.0.1", port });
        assertEquals([served.local, served.peer], [client.peer, client.local]);
        client.close();
        served.close();
        await acceptor.shutdown();
      }),
    { skip: noIpv6 },
  );
}

function again({ factory, rule }: Suite): void {
  rule(
    "3 an address can be bound again at once, whatever connections there are",
    () =>
      withEngine(factory, async (engine) => {
        let [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
        const at = { family: "ipv4", host: "127.0.0.1", port } as const;
        const open: Array<[Endpoint, PlainSocket]> = [];
        for (let round = 0; round < 3; round++) {
          open.push(await join(acceptor, at));
          const [left, leaving] = await join(acceptor, at);
          left.close(); // this side first: its half of the connection waits for a minute
          await leaving.readToEnd();
          leaving.destroy();
          const ended = acceptor.shutdown();
          acceptor = (await Acceptor.listen(engine, at))[0]; // at once
          await ended;
        }
        open.push(await join(acceptor, at));
        for (const [endpoint, plain] of open) {
          await talk(endpoint, plain);
          endpoint.close();
          plain.destroy();
        }
        await acceptor.shutdown();
      }),
  );

  rule(
    "3 two listeners that serve do not share an address unasked",
    () =>
      withEngine(factory, async (engine) => {
        const first = Acceptor.create(engine);
        const port = await first.bind(LOOPBACK);
        assert(port.ok);
        const at = { family: "ipv4", host: "127.0.0.1", port: port.value } as const;
        const second = Acceptor.create(engine);
        for (const start of [() => {}, () => first.start()]) {
          start();
          for (const host of ["127.0.0.1", "0.0.0.0"]) {
            const bound = await second.bind({ ...at, host });
            assert(!bound.ok && bound.error.kind === "address-in-use", `${host} was bound twice`);
          }
        }
        await Promise.all([first.shutdown(), second.shutdown()]);
      }),
  );

  rule(
    "3 the path of a unix socket can be bound again at once, and keeps its new file",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const at = { family: "unix", path: `${folder}/socket` } as const;
          let [acceptor] = await Acceptor.listen(engine, at);
          for (let round = 0; round < 3; round++) {
            const [endpoint, plain] = await join(acceptor, at);
            const ended = acceptor.shutdown();
            acceptor = (await Acceptor.listen(engine, at))[0];
            await ended;
            await talk(endpoint, plain);
            endpoint.close();
            plain.destroy();
            await sleep(20); // for whatever of the first listener's end comes late
          }
          const [endpoint, plain] = await join(acceptor, at);
          endpoint.close();
          plain.destroy();
          await acceptor.shutdown();
          assertEquals(readdirSync(folder), []);
        })
      ),
    { skip: noUnix },
  );
}

function socketFiles({ factory, rule }: Suite): void {
  rule(
    "3 the socket file of a process that has died is taken over, and removed at the end",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const at = { family: "unix", path: `${folder}/socket` } as const;
          for (let round = 0; round < 2; round++) {
            leaveSocket(at.path);
            const [acceptor] = await Acceptor.listen(engine, at);
            const [endpoint, plain] = await join(acceptor, at);
            await talk(endpoint, plain);
            endpoint.close();
            plain.destroy();
            await acceptor.shutdown();
            assertEquals(readdirSync(folder), []);
          }
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 what is being bound when the listener starts is accepted on as well",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const at = { family: "unix", path: `${folder}/socket` } as const;
          leaveSocket(at.path);
          const acceptor = Acceptor.create(engine);
          const binding = [LOOPBACK, at, LOOPBACK].map((one) => acceptor.bind(one));
          acceptor.start();
          const bound = await Promise.all(binding);
          for (const [i, one] of bound.entries()) {
            assert(one.ok, JSON.stringify(one));
            const [endpoint, plain] = await join(acceptor, i === 1 ? at : loopback(one.value));
            await talk(endpoint, plain);
            endpoint.close();
            plain.destroy();
          }
          await acceptor.shutdown();
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 two listeners that take a socket file over at the same moment: one has it",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const at = { family: "unix", path: `${folder}/socket` } as const;
          leaveSocket(at.path);
          const rivals = Array.from({ length: 4 }, () => Acceptor.create(engine));
          const bound = await Promise.all(rivals.map((rival) => rival.bind(at)));
          const winners = rivals.filter((_, i) => bound[i]!.ok);
          assertEquals(winners.length, 1);
          const winner = winners[0]!;
          winner.start();
          const plain = await PlainSocket.connect(at);
          await plain.write("me");
          // The others have asked whether the socket is served, by connections that say nothing.
          let endpoint = await winner.accept();
          while (!(await read(endpoint) instanceof Uint8Array)) {
            endpoint.close();
            endpoint = await winner.accept();
          }
          await talk(endpoint, plain);
          endpoint.close();
          plain.destroy();
          for (const asking of winner.left()) asking.close();
          await Promise.all(rivals.map((rival) => rival.shutdown()));
          assertEquals(readdirSync(folder), []);
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 who has found it unserved a moment ago does not displace who has bound it since",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const at = { family: "unix", path: `${folder}/socket` } as const;
          leaveSocket(at.path);
          const inside = engine as unknown as { isServed(path: string): Promise<boolean> };
          const isServed = inside.isServed.bind(engine);
          let asked = 0;
          // Were both to ask, three times each, the last answer would come when the other one serves the socket.
          inside.isServed = async (path) => {
            if (++asked < 6) return await isServed(path);
            await sleep(100);
            return false;
          };
          const rivals = [Acceptor.create(engine), Acceptor.create(engine)] as const;
          const bound = await Promise.all(rivals.map((rival) => rival.bind(at)));
          assertEquals(bound.map(({ ok }) => ok).sort(), [false, true]);
          await Promise.all(rivals.map((rival) => rival.shutdown()));
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 a shutdown ends the binds that still ask whether the file in their way is served",
    () =>
      withFolder(async (folder) => {
        const engine = factory.create({});
        const at = { family: "unix", path: `${folder}/socket` } as const;
        leaveSocket(at.path);
        const inside = engine as unknown as { isServed(path: string): Promise<boolean> };
        const asks = new Promise<void>((resolve) => {
          inside.isServed = () => {
            resolve();
            return new Promise(() => {}); // as that of an engine which was shut down meanwhile
          };
        });
        // One of them asks, and the other one waits for that.
        const rivals = [Acceptor.create(engine), Acceptor.create(engine)] as const;
        const binds = rivals.map((rival) => rival.bind(at));
        await asks;
        await assertRejects(() => engine.shutdown(), Error, "listener");
        for (const bound of await Promise.all(binds)) assertEquals(bound.ok || bound.error.kind, "closed");
        await Promise.all(rivals.map((rival) => rival.ended));
      }),
    { skip: noUnix },
  );

  rule(
    "3 a unix socket whose backlog is full is served all the same, and not displaced",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const path = `${folder}/busy`;
          const server = await startDeafServer(path);
          const waiting = Array.from({ length: server.fills }, () => PlainSocket.connect(server.address));
          const plains = await Promise.all(waiting);
          assertMatch(await whyNot(engine, path), /by a socket that is served/);
          for (const plain of plains) plain.destroy();
          await server.kill();
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 a unix socket that is served is not displaced",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const path = `${folder}/served`;
          const server = await PlainServer.listen({ family: "unix", path });
          assertMatch(await whyNot(engine, path), /by a socket that is served/);
          const plain = await PlainSocket.connect({ family: "unix", path });
          (await server.accept()).destroy();
          await server.accept().then((probe) => probe.destroy()); // the question whether it is served
          plain.destroy();
          await server.close();
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 a file that is no socket is not removed",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const path = `${folder}/text`;
          writeFileSync(path, "precious");
          assertMatch(await whyNot(engine, path), /by a file that is no socket/);
          assert(lstatSync(path).isFile());
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 a socket file that others have put in a listener's place outlives the listener",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const path = `${folder}/socket`;
          const [acceptor] = await Acceptor.listen(engine, { family: "unix", path });
          rmSync(path);
          const usurper = await PlainServer.listen({ family: "unix", path });
          await acceptor.shutdown();
          await sleep(20);
          assert(existsSync(path), "the file is gone");
          const plain = await PlainSocket.connect({ family: "unix", path });
          (await usurper.accept()).destroy();
          plain.destroy();
          await usurper.close();
        })
      ),
    { skip: noUnix },
  );

  rule(
    "3 a listener ends where its folder goes while it does, with a file of others that stood in its socket's place",
    () =>
      withFolder((folder) =>
        withEngine(factory, async (engine) => {
          const path = `${folder}/below/socket`;
          mkdirSync(`${folder}/below`);
          const [acceptor] = await Acceptor.listen(engine, { family: "unix", path });
          rmSync(path);
          writeFileSync(path, "precious");
          const ended = acceptor.shutdown();
          rmSync(`${folder}/below`, { recursive: true });
          await ended;
          assertEquals(acceptor.events, ["shutdown"]);
        })
      ),
    { skip: noUnix },
  );
}
