// What the owner of a client's connection hears of it: that it takes no more streams, once, and then its end.
import { assertEquals, assertMatch } from "@std/assert";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { Http2ClientTransport } from "../../transport/client_transport.ts";
import { requestTemplate } from "../../transport/grpc/headers.ts";
import type { Connection } from "../../transport/http2/connection.ts";
import { ErrorCode, type Http2Error } from "../../transport/http2/error.ts";
import { HeaderList } from "../../transport/hpack/header_list.ts";
import { MAX_STREAM_ID, UNANNOUNCED_HEADER_LIST_BYTES } from "../../transport/http2/limits.ts";
import type { ClientStreamSink, ClientTransportSink, StreamStatus } from "../../transport/transport.ts";
import { test } from "../harness.ts";
import { answer } from "../surface/channel/connecting.ts";
import { goAway, setting, SETTINGS_ACK } from "./http2/wire.ts";
import { brief } from "./pair.ts";
import { RawPeer } from "./raw_peer.ts";

const TEMPLATE = requestTemplate("/a.B/C", "test", "http", "test/1");

/** A transport that is ready; the test is the server. */
class Bench implements ClientTransportSink, ClientStreamSink {
  readonly heard: string[] = [];
  readonly simulation = new Simulation();
  readonly host = this.simulation.host();
  transport!: Http2ClientTransport;
  peer!: RawPeer;
  status: StreamStatus | undefined;

  static async ready(...settings: Array<[id: number, value: number]>): Promise<Bench> {
    const bench = new Bench();
    const [ours, theirs] = await bench.host.pair();
    bench.peer = new RawPeer(theirs);
    bench.transport = new Http2ClientTransport(bench.host, ours, {}, bench, () => bench.heard.push("ready"));
    bench.peer.send(setting(...settings), SETTINGS_ACK);
    await bench.pass();
    assertEquals(bench.heard.splice(0), ["ready"]);
    return bench;
  }

  pass(): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + 100 });
  }

  open(metadata?: HeaderList, timeoutMs?: number, sink: ClientStreamSink = this): void {
    this.host.execCtx.enter(() => {
      const stream = this.transport.open(TEMPLATE, timeoutMs, metadata, sink);
      if (stream === undefined) this.heard.push("nothing opened");
    }, undefined);
  }

  /** The number of the next stream. */
  set nextStreamId(id: number) {
    (this.transport as unknown as { connection: Connection }).connection.streams.nextId = id;
  }

  onCanOpen(): void {
    this.heard.push("canOpen");
  }
  onDraining(reason: Http2Error | undefined): void {
    this.heard.push(`draining ${brief(reason)}`);
  }
  onClosed(error: Http2Error | undefined): void {
    this.heard.push(`closed ${brief(error)}`);
  }
  onStatus(status: StreamStatus): void {
    this.status = status;
    this.heard.push(`status ${status.code}`);
  }
  onHeaders(): void {}
  onMessage(): void {}
  onWritable(): void {}
  onSent(): void {}
}

test("the two GOAWAYs of a graceful shutdown are one draining, and the last stream is the end", async () => {
  const bench = await Bench.ready();
  bench.open();
  bench.peer.send(goAway(MAX_STREAM_ID, ErrorCode.NO_ERROR));
  await bench.pass();
  bench.peer.send(goAway(1, ErrorCode.NO_ERROR));
  await bench.pass();
  assertEquals(bench.heard.splice(0), ["draining connection NO_ERROR remote"]);
  bench.peer.send(goAway(0, ErrorCode.NO_ERROR)); // the stream was not processed after all
  await bench.pass();
  assertEquals(bench.heard, ["status 14", "closed ok"]);
});

test("only what the server does with calls shows that it serves, and nothing that the library asks of it", async () => {
  for (const says of [answer, (id: number) => goAway(id, ErrorCode.NO_ERROR)]) {
    for (const [id, answered] of [[1, false], [3, true]] as const) {
      const bench = await Bench.ready();
      bench.open(undefined, undefined, Object.create(bench, { isInternal: { value: true } }));
      bench.open();
      bench.peer.send(says(id));
      await bench.pass();
      assertEquals(bench.transport.answered, answered);
    }
  }
});

test("drain: told once, whoever begins, and running streams go on", async () => {
  const bench = await Bench.ready();
  bench.open();
  bench.transport.drain("enough");
  bench.transport.drain("enough");
  bench.peer.send(goAway(1, ErrorCode.NO_ERROR));
  await bench.pass();
  assertEquals(bench.heard, ["draining ok"]);
  assertEquals([bench.transport.canOpen, bench.transport.activeStreams], [false, 1]);
  assertEquals(bench.peer.frames.at(-1), "GOAWAY 0 NO_ERROR");
});

test("drain without streams is the end at once, and after the end it is nothing", async () => {
  const bench = await Bench.ready();
  bench.transport.drain("enough");
  bench.transport.drain("enough");
  assertEquals(bench.heard.splice(0), ["draining ok", "closed ok"]);
  await bench.pass();
  assertEquals(bench.peer.ended, "end-of-stream");
  const closed = await Bench.ready();
  closed.transport.close("over");
  closed.transport.drain("enough");
  await closed.pass();
  assertEquals(closed.heard, ["closed connection NO_ERROR user"]);
});

test("RFC 9113, section 5.1.1: with the last stream identifier used a connection drains, so that a new one is made", async () => {
  const bench = await Bench.ready();
  bench.nextStreamId = MAX_STREAM_ID - 2;
  bench.open();
  assertEquals([bench.heard, bench.transport.canOpen], [[], true]);
  bench.open();
  assertEquals([bench.heard.splice(0), bench.transport.canOpen], [["draining ok"], false]);
  await bench.pass();
  assertEquals(bench.peer.frames.slice(-3), [
    `HEADERS ${MAX_STREAM_ID - 2}`,
    `HEADERS ${MAX_STREAM_ID}`,
    "GOAWAY 0 NO_ERROR",
  ]);
  assertEquals([bench.heard, bench.transport.activeStreams], [[], 2]);
});

test("10.5.1: metadata above the peer's limit opens no stream: RESOURCE_EXHAUSTED, not to be tried again", async () => {
  const own = TEMPLATE.headers.octets + "grpc-timeout".length + "1000m".length + 32;
  const limit = own + 500;
  const bench = await Bench.ready([6, limit]);
  const metadata = (octets: number) => HeaderList.of([["x-a", "v".repeat(octets - 3 - 32)]]);
  bench.open(metadata(501), 1_000);
  assertEquals(bench.heard.splice(0), ["status 8", "nothing opened"]);
  const { message, unprocessed, cause } = bench.status!;
  assertMatch(
    message,
    new RegExp(`^request metadata of ${limit + 1} bytes is above the peer's .* of ${limit}: x-a 501, `),
  );
  assertEquals([unprocessed, brief(cause)], [false, "stream ENHANCE_YOUR_CALM library"]);
  bench.open(metadata(500), 1_000);
  await bench.pass();
  assertEquals([bench.heard, bench.transport.activeStreams], [[], 1]);
  assertEquals(bench.peer.frames.filter((frame) => frame.startsWith("HEADERS")), ["HEADERS 1"]);
});

test("10.5.1: to a peer that announced no limit goes what none is known to close the connection for", async () => {
  const bench = await Bench.ready();
  bench.open(HeaderList.of([["x-a", "v".repeat(UNANNOUNCED_HEADER_LIST_BYTES)]]));
  assertEquals(bench.heard.splice(0), ["status 8", "nothing opened"]);
  bench.open(HeaderList.of([["x-a", "v".repeat(UNANNOUNCED_HEADER_LIST_BYTES - 1_000)]]));
  assertEquals([bench.heard, bench.transport.activeStreams], [[], 1]);
});
