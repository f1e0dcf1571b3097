// A server's side of the handshake: who sends no SETTINGS in time is let go, and who does is left alone.
import { assert, assertEquals, assertFalse, fail } from "@std/assert";
import type { Endpoint } from "../../pollers/mod.ts";
import { type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import { TransportAcceptor } from "../../transport/accept.ts";
import type { HandshakeOptions } from "../../transport/handshake.ts";
import type { ServerTransport } from "../../transport/transport.ts";
import { test } from "../harness.ts";
import { ascii, PREFACE, setting, SETTINGS_ACK } from "./http2/wire.ts";
import { brief } from "./pair.ts";
import { RawPeer } from "./raw_peer.ts";

/** A server on one end of a connection; the test is the client. */
class Accepted {
  readonly simulation = new Simulation();
  readonly host: SimulatedEngine = this.simulation.host();
  readonly heard: string[] = [];
  transport!: ServerTransport;
  peer!: RawPeer;

  async accept(options: HandshakeOptions = {}): Promise<this> {
    const [ours, theirs] = await this.host.pair();
    this.peer = new RawPeer(theirs as Endpoint);
    this.transport = new TransportAcceptor(this.host, options).accept(ours, {
      onStream: () => fail("there is no stream"),
      onClosed: (error) => this.heard.push(`${Math.round(this.simulation.now)} closed ${brief(error)}`),
    });
    return this;
  }

  /** Has the client send `parts` at `time`. */
  at(time: number, ...parts: Uint8Array[]): this {
    this.simulation.schedule(time, () => this.peer.send(...parts));
    return this;
  }
}

test("a client that never speaks is let go at the deadline, with GOAWAY and then the end", async () => {
  const accepted = await new Accepted().accept({ handshakeTimeoutMs: 500 });
  await accepted.simulation.run({ until: 499 });
  assertEquals([accepted.heard, accepted.peer.frames[0]], [[], "SETTINGS"]);
  await accepted.simulation.run({ until: 600 });
  assertEquals(accepted.heard, ["500 closed connection NO_ERROR user"]);
  assertEquals(accepted.peer.frames.at(-1), "GOAWAY 0 NO_ERROR");
  assertEquals(accepted.peer.ended, "end-of-stream");
});

test("without an option the deadline is 20 s", async () => {
  const accepted = await new Accepted().accept();
  await accepted.simulation.run({ until: 19_999 });
  assertEquals(accepted.heard, []);
  await accepted.simulation.run({ until: 20_001 });
  assertEquals(accepted.heard.length, 1);
});

test("a preface without SETTINGS is not enough, and no drip of bytes moves the deadline", async () => {
  const accepted = await new Accepted().accept({ handshakeTimeoutMs: 500 });
  PREFACE.forEach((byte, i) => accepted.at(i * 20, Uint8Array.of(byte)));
  await accepted.simulation.run({ until: 600 });
  assertEquals(accepted.heard, ["500 closed connection NO_ERROR user"]);
});

test("a client that speaks in time may be silent as long as it likes afterwards", async () => {
  const accepted = await new Accepted().accept({ handshakeTimeoutMs: 500 });
  accepted.at(499 - 10, PREFACE, setting(), SETTINGS_ACK);
  await accepted.simulation.run({ until: 3_600_000 });
  assertEquals([accepted.heard, accepted.peer.ended], [[], "open"]);
});

test("a client that acknowledges no SETTINGS is ended for that, as section 6.5.3 has it", async () => {
  const accepted = await new Accepted().accept({ handshakeTimeoutMs: 500 });
  accepted.at(10, PREFACE, setting());
  await accepted.simulation.run({ until: 60_000 });
  const [, at, how] = /^(\d+) (.*)$/.exec(accepted.heard.join())!;
  assertEquals(how, "closed connection SETTINGS_TIMEOUT library");
  const within = Number(at) >= 21_010 && Number(at) < 21_200;
  assert(within, `at ${at}: 20 s after its own SETTINGS, and a second in which it might have closed`);
  assertEquals(accepted.peer.frames.at(-1), "GOAWAY 0 SETTINGS_TIMEOUT");
});

test("a longer deadline is one for SETTINGS, too", async () => {
  const accepted = await new Accepted().accept({ handshakeTimeoutMs: 60_000 });
  accepted.at(50_000, PREFACE, setting(), SETTINGS_ACK);
  await accepted.simulation.run({ until: 100_000 });
  assertEquals([accepted.heard, accepted.peer.ended], [[], "open"]);
});

test("a client that speaks HTTP/1.1 is ended at once, and no timer of it is left", async () => {
  const accepted = await new Accepted().accept();
  accepted.at(10, ascii("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  await accepted.simulation.run();
  assertEquals(accepted.heard.map((line) => line.replace(/^\d+ /, "")), [
    "closed connection PROTOCOL_ERROR library",
  ]);
  assert(accepted.simulation.now < 5_000, "something waited for a connection that is over");
});

test("a client that leaves before its SETTINGS: the owner hears it once, and no timer is left", async () => {
  const accepted = await new Accepted().accept();
  accepted.simulation.schedule(10, () => accepted.peer.endpoint.close());
  await accepted.simulation.run();
  assertEquals(accepted.heard.length, 1);
  assertFalse(accepted.simulation.now >= 20_000, "the handshake's timer outlived its connection");
  assertEquals(accepted.host.opened.size, 0);
});

for (const said of ["nothing", "half a preface"]) {
  test(`a client that has said ${said} has a second when the server drains`, async () => {
    const accepted = await new Accepted().accept();
    if (said !== "nothing") accepted.at(50, PREFACE.subarray(0, 12));
    await accepted.simulation.run({ until: 100 });
    accepted.transport.drain("maintenance");
    await accepted.simulation.run({ until: 1_090 });
    assertEquals([accepted.heard, accepted.peer.ended], [[], "open"]);
    await accepted.simulation.run({ until: 1_110 });
    assertEquals(accepted.heard, ["1100 closed connection NO_ERROR user"]);
    assertEquals([accepted.peer.frames.at(-1), accepted.peer.ended], ["GOAWAY 0 NO_ERROR", "end-of-stream"]);
    assertEquals([accepted.host.opened.size, accepted.simulation.pending], [1, 0]); // the peer's own end
  });
}
