// CONNECT through an HTTP proxy (RFC 9110, section 9.3.6): what is asked, what its answers mean, and that time holds.
import { assert, assertEquals, assertLessOrEqual, assertStringIncludes } from "@std/assert";
import type { SocketAddress } from "../../pollers/mod.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { Handshake, openTunnel, type TunnelTarget } from "../../transport/mod.ts";
import { test } from "../harness.ts";
import { listenAt, RawPeer } from "./raw_peer.ts";
import { ascii, PREFACE, setting, SETTINGS_ACK } from "./http2/wire.ts";

const TARGET: TunnelTarget = { authority: "example.com:443", authorization: undefined, open: openTunnel };

/** A proxy that a test plays, and an attempt to connect through it. */
class World {
  readonly simulation = new Simulation({ seed: 1 });
  readonly proxy: Promise<RawPeer>;
  outcome = "";
  readonly handshake: Handshake;

  constructor(tunnel: TunnelTarget = TARGET, handshakeTimeoutMs = 1_000) {
    const [there, here] = [this.simulation.host(), this.simulation.host()];
    this.proxy = new Promise((resolve) => void listenAt(there, (endpoint) => resolve(new RawPeer(endpoint))));
    const at: SocketAddress = { family: "ipv4", host: there.hostAddress, port: 80 };
    this.handshake = new Handshake(here, at, { tunnel, handshakeTimeoutMs }, {
      sink: { onCanOpen() {}, onDraining() {}, onClosed() {} },
      onHandshakeDone: () => this.outcome = "connected",
      onHandshakeFailed: (_handshake, reason) => this.outcome = reason,
    });
  }

  async pass(ms = 50): Promise<void> {
    await this.simulation.run({ until: this.simulation.now + ms });
  }

  /** The proxy, when it was asked. */
  async asked(): Promise<RawPeer> {
    await this.pass();
    return await this.proxy;
  }
}

const text = (peer: RawPeer): string => String.fromCharCode(...peer.received);

test("[C27] a proxy is asked by CONNECT, with who asks where that is known, and HTTP/2 follows its 200", async () => {
  for (const authorization of [undefined, "Basic abc"]) {
    const world = new World({ ...TARGET, authorization });
    const peer = await world.asked();
    const who = authorization === undefined ? "" : "proxy-authorization: Basic abc\r\n";
    const question = `CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n${who}\r\n`;
    assertEquals(text(peer), question);
    peer.send(ascii("HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n"));
    await world.pass();
    assert(text(peer).slice(question.length).startsWith(String.fromCharCode(...PREFACE)));
    peer.send(setting(), SETTINGS_ACK);
    await world.pass();
    assertEquals(world.outcome, "connected");
  }
});

test("[C27] an answer in pieces, with HTTP/1.0, or with the server's first bytes behind it", async () => {
  const pieces = new World();
  const peer = await pieces.asked();
  for (const octet of ascii("HTTP/1.0 204 \r\n\r\n")) {
    peer.send(Uint8Array.of(octet));
    await pieces.pass(5);
  }
  peer.send(setting(), SETTINGS_ACK);
  await pieces.pass();
  assertEquals(pieces.outcome, "connected");
  const together = new World();
  (await together.asked()).send(ascii("HTTP/1.1 200 OK\r\n\r\n"), setting(), SETTINGS_ACK);
  await together.pass();
  assertEquals(together.outcome, "connected");
});

test("[C27] interim answers may come before the answer, in pieces or with it", async () => {
  const interim = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n";
  const pieces = new World();
  const peer = await pieces.asked();
  for (const octet of ascii(interim)) peer.send(Uint8Array.of(octet));
  await pieces.pass();
  assertEquals(pieces.outcome, "");
  peer.send(ascii("HTTP/1.1 200 OK\r\n\r\n"), setting(), SETTINGS_ACK);
  await pieces.pass();
  assertEquals(pieces.outcome, "connected");
  const together = new World();
  (await together.asked()).send(ascii(`${interim}HTTP/1.1 200 OK\r\n\r\n`), setting(), SETTINGS_ACK);
  await together.pass();
  assertEquals(together.outcome, "connected");
});

test("[C27] an answer as long as may be, an octet at a time, costs each octet once", async () => {
  const world = new World(TARGET, 100_000);
  const peer = await world.asked();
  const began = performance.now();
  for (const octet of ascii(`HTTP/1.1 200 OK\r\nx: ${"y".repeat(16_300)}\r\n\r\n`)) {
    peer.send(Uint8Array.of(octet));
  }
  peer.send(setting(), SETTINGS_ACK);
  await world.pass(90_000);
  assertEquals(world.outcome, "connected");
  assertLessOrEqual(performance.now() - began, 5_000); // looked at from its beginning each time: 6 to 13 s
});

for (
  const [answer, says] of [
    [
      "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n",
      "proxy refused CONNECT example.com:443: 403 Forbidden",
    ],
    ["HTTP/1.1 502 \r\n\r\n", "proxy refused CONNECT example.com:443: 502"],
    [
      "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
      "407 Proxy Authentication Required (it wants a user and",
    ],
    ["HTTP/1.1 101 Switching Protocols\r\n\r\n", "refused CONNECT example.com:443: 101 Switching Protocols"],
    ["HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 No\r\n\r\n", "proxy refused CONNECT example.com:443: 502 No"],
    [
      "HTTP/1.1 102 Wait\r\n\r\n".repeat(1_000),
      "proxy's answer to CONNECT example.com:443 does not end",
    ],
    ["HTTP/1.1 oops\r\n\r\n", 'proxy refused CONNECT example.com:443: "HTTP/1.1 oops"'],
    ["SSH-2.0-OpenSSH_9.2\r\n", 'is no HTTP proxy: "SSH-2.0-OpenSSH_9.2"'],
    [`HTTP/1.1 200 OK\r\nx: ${"y".repeat(20_000)}`, "proxy's answer to CONNECT example.com:443 does not end"],
  ] as const
) {
  test(`[C27] ${JSON.stringify(answer.slice(0, 40))} is said`, async () => {
    const world = new World();
    const peer = await world.asked();
    peer.send(ascii(answer));
    await world.pass();
    assertStringIncludes(world.outcome, `${says}`);
    assert(world.outcome.startsWith("10.0.0.1:80 (proxy for example.com:443): "), world.outcome);
    assert(peer.ended !== "open");
  });
}

test("[C27] a wrong password is told from one that was not given", async () => {
  const world = new World({ ...TARGET, authorization: "Basic abc" });
  (await world.asked()).send(ascii("HTTP/1.1 407 No\r\n\r\n"));
  await world.pass();
  assertStringIncludes(world.outcome, "407 No (user or password)");
});

test("[C27] a proxy that closes or says nothing: one deadline is over all of connecting", async () => {
  const closing = new World();
  (await closing.asked()).close();
  await closing.pass();
  assertStringIncludes(
    closing.outcome,
    "proxy closed the connection without an answer to CONNECT example.com:443",
  );
  const silent = new World();
  await silent.pass(990);
  assertEquals(silent.outcome, "");
  await silent.pass(20);
  assertStringIncludes(
    silent.outcome,
    "timed out after 1000 ms: connected, but the proxy did not answer CONNECT",
  );
  const late = new World();
  const peer = await late.asked();
  await late.pass(700);
  peer.send(ascii("HTTP/1.1 200 OK\r\n\r\n"));
  await late.pass(300);
  assertStringIncludes(late.outcome, "timed out after 1000 ms: connected, but no SETTINGS frame came");
});

test("[C27] an attempt that is cancelled closes the connection to the proxy", async () => {
  const world = new World();
  const peer = await world.asked();
  world.handshake.cancel();
  await world.pass();
  assertEquals([world.outcome, peer.ended === "open"], ["", false]);
});

test("[C27] a proxy that answers before it has read the question: HTTP/2 waits for what is still written", async () => {
  const authority = `${"x".repeat(500_000)}:443`;
  const world = new World({ ...TARGET, authority });
  const asked = world.proxy.then((peer) => {
    peer.send(ascii("HTTP/1.1 200 OK\r\n\r\n"), setting(), SETTINGS_ACK);
    return peer;
  });
  await world.pass(900);
  assert(world.outcome === "connected", world.outcome.slice(-200));
  const { received } = await asked;
  const question = `CONNECT ${authority} HTTP/1.1\r\nhost: ${authority}\r\n\r\n`.length;
  assertEquals(received.slice(question, question + PREFACE.length), PREFACE);
});
