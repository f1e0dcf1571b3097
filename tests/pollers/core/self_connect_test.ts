// TCP connects a socket with itself where it gets the very port that it connects to: that is nobody.
import { assertEquals } from "@std/assert";
import { type BaseEngine, ConnectAttempt } from "../../../pollers/core/base_engine.ts";
import { createEngine, type Endpoint, type IoResult, type SocketAddress } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";

const at = (host: string, port: number): SocketAddress => ({
  family: host.includes(":") ? "ipv6" : "ipv4",
  host,
  port,
});

/** What an attempt reports that ends with a connection between `local` and `peer`, and whether that was closed. */
async function attempt(local: SocketAddress, peer: SocketAddress): Promise<[string, boolean]> {
  const engine = createEngine("native");
  let closed = false;
  const endpoint = { local, peer, close: () => closed = true } as unknown as Endpoint;
  const result = await new Promise<IoResult<Endpoint>>((resolve) =>
    new ConnectAttempt(engine as BaseEngine, peer, resolve).succeed(endpoint)
  );
  await engine.shutdown();
  return [result.ok ? "connected" : result.error.message, closed];
}

test("a socket that is connected with itself was refused", async () => {
  const refused = (address: string): [string, boolean] => [
    `connect to ${address} failed: connection refused (ECONNREFUSED)`,
    true,
  ];
  const self = at("127.0.0.1", 40_000);
  assertEquals(await attempt(self, self), refused("127.0.0.1:40000"));
  assertEquals(await attempt(self, at("0.0.0.0", 40_000)), refused("0.0.0.0:40000"));
  assertEquals(await attempt(at("::1", 40_000), at("::", 40_000)), refused("[::]:40000"));
});

test("a socket is not connected with itself at another host or port, or without any", async () => {
  const here = at("127.0.0.1", 40_000);
  const unix: SocketAddress = { family: "unix", path: "/tmp/pollwire" };
  for (const other of [at("127.0.0.1", 40_001), at("127.0.0.2", 40_000), unix]) {
    assertEquals(await attempt(here, other), ["connected", false]);
  }
});
