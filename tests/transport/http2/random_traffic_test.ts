// Random traffic between two connections: afterwards every byte has arrived and every window adds up again.
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../pollers/simulated/seeded_random.ts";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import type { Stream } from "../../../transport/http2/stream.ts";
import { test } from "../../harness.ts";
import { Pair, randomly } from "../pair.ts";
import { REQUEST_LIST, RESPONSE_LIST, TRAILERS_LIST } from "./wire.ts";

const CANCEL = new Http2Error("stream", ErrorCode.CANCEL, "user", "random");

class Traffic {
  readonly random: SeededRandom;
  readonly pair: Pair;
  readonly sent = new Map<number, number>();
  readonly resets = new Set<number>();
  private sending: Stream[] = [];
  private unread: Array<[Stream, number]> = [];

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
    const windows = { initialWindowSize: 1_000 + this.random.below(100_000), connectionWindowSize: 70_000 };
    this.pair = new Pair({ server: { ...windows, maxConcurrentStreams: 20 }, client: windows });
    this.pair.clientSink.keepBodies = this.pair.serverSink.keepBodies = false;
    this.pair.split = randomly(this.random, 3_000);
    const { serverSink, server } = this.pair;
    serverSink.on = (event, stream, endStream) => {
      if (stream === undefined) return;
      if (event.startsWith("data")) this.unread.push([stream, Number(event.split(" ")[2])]);
      if (!endStream || event.startsWith("closed")) return;
      server.sendHeaders(stream, RESPONSE_LIST, undefined, false);
      server.sendHeaders(stream, TRAILERS_LIST, undefined, true);
    };
  }

  step(): void {
    const { client, server } = this.pair;
    const choice = this.random.below(10);
    if (choice < 2 && client.canOpen) {
      this.sending.push(client.open(REQUEST_LIST, undefined, false, this.pair.clientSink));
    } else if (choice < 6 && this.sending.length > 0) this.produce();
    else if (choice === 6 && this.sending.length > 0 && this.random.below(4) === 0) {
      const [stream] = this.sending.splice(this.random.below(this.sending.length), 1);
      this.resets.add(stream!.id);
      client.reset(stream!, CANCEL);
    } else if (choice === 7) this.consume();
    else {
      this.pair.carry(client, server);
      this.pair.carry(server, client);
    }
  }

  /** Ends and reads everything. */
  finish(): void {
    for (const stream of this.sending.splice(0)) this.pair.client.sendData(stream, new Uint8Array(0), true);
    for (let rounds = 0; this.pair.client.activeStreams > 0; rounds++) {
      assert(rounds < 5_000, `still ${this.pair.client.activeStreams} streams after ${rounds} rounds`);
      this.consume();
      this.pair.run();
    }
    this.consume();
    this.pair.run();
  }

  private produce(): void {
    const at = this.random.below(this.sending.length);
    const stream = this.sending[at]!;
    const length = this.random.below(3) === 0 ? this.random.below(60_000) : this.random.below(300);
    const end = this.random.below(8) === 0;
    this.sent.set(stream.id, (this.sent.get(stream.id) ?? 0) + length);
    this.pair.client.sendData(stream, new Uint8Array(length), end);
    if (end) this.sending.splice(at, 1);
  }

  private consume(): void {
    for (const [stream, bytes] of this.unread.splice(0)) this.pair.server.release(stream, bytes);
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`HTTP/2: random traffic keeps its accounts, seed ${seed}`, () => {
    const traffic = new Traffic(seed);
    for (let i = 0; i < 1_500; i++) traffic.step();
    traffic.finish();
    const { pair } = traffic;
    assertEquals([pair.client.closed, pair.server.closed], [false, false]);
    assert(traffic.sent.size > 20, "too little traffic to mean anything");
    for (const [id, bytes] of traffic.sent) {
      if (!traffic.resets.has(id)) assertEquals(pair.serverSink.received.get(id) ?? 0, bytes, `stream ${id}`);
    }
    const { flow } = pair.server;
    const unclaimed = flow["unclaimed"];
    assertEquals(flow.connectionWindow + unclaimed, 70_000);
    assertEquals(flow.grown, 0);
    assertEquals(pair.client.flow.sendWindow.available + unclaimed, 70_000);
    assertEquals([pair.server.activeStreams, pair.client.activeStreams], [0, 0]);
    assertEquals([pair.client.wantsTransmit, pair.server.wantsTransmit], [false, false]);
  });
}
