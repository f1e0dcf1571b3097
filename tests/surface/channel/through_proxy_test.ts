// Calls through HTTP proxies: one of the tests' own, and tinyproxy where it is installed.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Channel, createClient, insecure, Server, Status, tls } from "pollwire";
import { Authority } from "../../../examples/tls/authority.ts";
import { NODE_TLS } from "../../../transport/tls/node/context.ts";
import { OPENSSL } from "../../../transport/tls/openssl/provider.ts";
import { test } from "../../harness.ts";
import { peersAreRemote } from "../../peers/remote.ts";
import { collect, echo, failure, numbersOf, sleep, Trial, type TrialClient } from "../serving.ts";
import { type ConnectProxy, startProxy } from "./connect_proxy.ts";
import { freePort } from "../../free_port.ts";

const ca = new Authority();
const provider = [OPENSSL, NODE_TLS].find((one) => one.probe().usable)!.name;
const shown = ca.issue({
  name: "server",
  dns: ["service.test", "localhost"],
  ip: ["127.0.0.1"],
});
const secure = tls.client({ ca: ca.cert, provider });
const named = tls.client({ ca: ca.cert, provider, serverName: "service.test" });
const leaves = { leaves: "a runtime's TLS sockets have timers that end after them" };

/** A server, over TLS or in plaintext. */
async function served(isSecure: boolean, body: (port: number) => Promise<void>): Promise<void> {
  const server = new Server({ credentials: isSecure ? tls.server({ ...shown, provider }) : insecure });
  server.addService(Trial, echo);
  const port = await server.listen("127.0.0.1:0");
  try {
    await body(port);
  } finally {
    server.close();
    await server.shutdown();
  }
}

/** Such a server behind a proxy, which connects to it whatever it is asked for. */
function behindProxy(isSecure: boolean, body: (proxy: ConnectProxy) => Promise<void>): Promise<void> {
  return served(isSecure, async (port) => {
    const proxy = await startProxy(() => port);
    await body(proxy).finally(() => proxy.end());
  });
}

async function calls(channel: Channel): Promise<void> {
  const client: TrialClient = createClient(Trial, channel);
  assertEquals((await client.one({ text: "a" })).text, "a");
  assertEquals(numbersOf(await collect(client.down({ number: 3 }))), [1, 2, 3]);
  assertEquals((await client.one({ body: new Uint8Array(1_000_000) })).body!.length, 1_000_000);
  await channel[Symbol.asyncDispose]();
}

test(
  "[C27] TLS through a proxy, which looks the name up; an address is asked for in brackets",
  () =>
    behindProxy(true, async ({ port, asked }) => {
      const proxy = `http://user:secret@127.0.0.1:${port}`;
      await calls(new Channel("https://service.test", { proxy, credentials: secure }));
      await calls(new Channel("[2001:db8::1]:8443", { proxy, credentials: named }));
      const basic = `Basic ${btoa("user:secret")}`;
      assertEquals(asked, [
        ["CONNECT service.test:443 HTTP/1.1", basic],
        ["CONNECT [2001:db8::1]:8443 HTTP/1.1", basic],
      ]);
    }),
  leaves,
);

test("[C27] plaintext through a proxy, by choice", () =>
  behindProxy(false, async ({ port, asked }) => {
    await calls(new Channel("http://service.test", { proxy: `http://localhost:${port}` }));
    assertEquals(asked, [["CONNECT service.test:80 HTTP/1.1", undefined]]);
  }));

test("[C27] what the proxy answers is in the call's status, and so is TLS that fails behind it", async () => {
  const proxy = await startProxy(() => "HTTP/1.1 403 Not for you\r\ncontent-length: 0\r\n\r\n");
  const refused = new Channel("https://service.test", { proxy: `http://127.0.0.1:${proxy.port}` });
  const error = await failure(createClient(Trial, refused).one({}));
  assertEquals(error.code, Status.UNAVAILABLE);
  assertStringIncludes(error.details, "proxy refused CONNECT service.test:443: 403 Not for you");
  await refused[Symbol.asyncDispose]();
  await proxy.end();
  await behindProxy(true, async ({ port }) => {
    const other = new Channel("https://other.test", {
      proxy: `http://127.0.0.1:${port}`,
      credentials: secure,
    });
    const { details } = await failure(createClient(Trial, other).one({}));
    assertStringIncludes(details, `127.0.0.1:${port} (proxy for other.test:443): TLS handshake failed: `);
    await other[Symbol.asyncDispose]();
  });
}, leaves);

test(
  "[C27] the environment's proxy is used, but not for what no_proxy has, nor with proxy: false",
  () =>
    behindProxy(true, async ({ port, asked }) => {
      const { env } = process;
      const before = { grpc_proxy: env["grpc_proxy"], no_grpc_proxy: env["no_grpc_proxy"] };
      env["grpc_proxy"] = `http://127.0.0.1:${port}`;
      env["no_grpc_proxy"] = "direct.invalid";
      try {
        await calls(new Channel("https://service.test", { credentials: secure }));
        assertEquals(asked.length, 1);
        for (
          const [target, options] of [["https://direct.invalid", {}], ["https://other.invalid", {
            proxy: false,
          }]] as const
        ) {
          const channel = new Channel(target, { credentials: secure, ...options });
          const { details } = await failure(createClient(Trial, channel).one({}, { deadlineMs: 20_000 }));
          assertStringIncludes(details, "invalid:443");
          await channel[Symbol.asyncDispose]();
        }
        assertEquals(asked.length, 1);
      } finally {
        for (const [name, value] of Object.entries(before)) {
          if (value === undefined) delete env[name];
          else env[name] = value;
        }
      }
    }),
  leaves,
);

/** Why tinyproxy cannot run here, or undefined. */
const tinyproxyMissing = ((): string | undefined => {
  if (peersAreRemote) return "only scripts of Node are started from Wine";
  return spawnSync("tinyproxy", ["-v"]).error === undefined
    ? undefined
    : "no tinyproxy (Debian: tinyproxy-bin)";
})();

test(
  "[C27] through tinyproxy, with a password and without the right one",
  () =>
    served(true, async (port) => {
      const folder = mkdtempSync(join(tmpdir(), "pollwire-proxy-"));
      const listening = await freePort();
      const file = join(folder, "tinyproxy.conf");
      writeFileSync(
        file,
        `Port ${listening}\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nBasicAuth user secret\n`,
      );
      const child = spawn("tinyproxy", ["-d", "-c", file], { stdio: "ignore" });
      const ended = new Promise<void>((resolve) => void child.on("exit", () => resolve()));
      try {
        await accepts(listening);
        const at = `127.0.0.1:${listening}`;
        await calls(
          new Channel(`localhost:${port}`, { proxy: `http://user:secret@${at}`, credentials: secure }),
        );
        const wrong = new Channel(`localhost:${port}`, {
          proxy: `http://user:wrong@${at}`,
          credentials: secure,
        });
        const { details } = await failure(createClient(Trial, wrong).one({}));
        assert(/proxy refused CONNECT localhost:\d+: 40[17] /.test(details), details);
        await wrong[Symbol.asyncDispose]();
      } finally {
        child.kill("SIGTERM");
        await ended;
        rmSync(folder, { recursive: true, force: true });
      }
    }),
  { ...leaves, ...(tinyproxyMissing === undefined ? {} : { skip: tinyproxyMissing }) },
);

/** Waits until `port` takes connections. */
async function accepts(port: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const took = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (took) return;
    await sleep(25);
  }
  throw new Error(`Nothing listens on ${port}`);
}
