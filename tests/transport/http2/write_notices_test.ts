// gRPC's WRITE_THROUGH: who asked is called when the octets are written, not when they are framed or taken.
import { assertEquals } from "@std/assert";
import { SliceBuffer } from "../../../pollers/contract/slice_buffer.ts";
import { ErrorCode, Http2Error } from "../../../transport/http2/error.ts";
import type { Stream } from "../../../transport/http2/stream.ts";
import { test } from "../../harness.ts";
import { Pair } from "../pair.ts";
import { REQUEST_LIST } from "./wire.ts";

/** A pair with a stream of the client's, and what notices of it said. */
function setUp(): { pair: Pair; stream: Stream; said: boolean[]; notify: () => void } {
  const pair = new Pair();
  const stream = pair.client.open(REQUEST_LIST, undefined, false, pair.clientSink);
  const said: boolean[] = [];
  return { pair, stream, said, notify: () => pair.client.whenWritten(stream, (ok) => said.push(ok)) };
}

test("[Q38] a notice comes when the write with the octets is over; where nothing waits, at once", () => {
  const { pair: { client }, stream, said, notify } = setUp();
  client.sendData(stream, Uint8Array.of(1, 2, 3), false);
  notify();
  client.transmit(new SliceBuffer());
  notify(); // all of it is being written
  assertEquals(said, []);
  client.transmitted();
  assertEquals(said, [true, true]);
  notify();
  assertEquals(said, [true, true, true]);
});

test("[Q38] a notice waits for flow control as its octets do", () => {
  const { pair, stream, said, notify } = setUp();
  pair.client.sendData(stream, new Uint8Array(200_000), false);
  notify();
  pair.run();
  notify(); // nothing else is to be written
  assertEquals([said, stream.queuedBytes > 0], [[], true]);
  for (let i = 0; i < 10 && said.length === 0; i++) {
    const [theirs] = pair.serverSink.streams;
    const { unreleased } = theirs!.receiveWindow;
    pair.server.release(theirs!, unreleased, 0, 0);
    pair.run();
  }
  assertEquals([said, stream.queuedBytes], [[true, true], 0]);
});

test("[Q38] where the connection ends before, notices say so, once", () => {
  const { pair: { client }, stream, said, notify } = setUp();
  notify();
  client.transmit(new SliceBuffer());
  client.sendData(stream, new Uint8Array(200_000), false);
  notify();
  assertEquals(said, []);
  client.transmitFailed();
  client.transmitFailed();
  client.transmitted();
  assertEquals(said, [false, false]);
  client.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  client.transmit(new SliceBuffer());
  client.transmitted();
  assertEquals(said, [false, false]);
});

test("[Q38] a stream that is reset has no octets that wait: its notice comes with the next write", () => {
  const { pair: { client, clientSink, ...pair }, stream, said, notify } = setUp();
  client.sendData(stream, new Uint8Array(200_000), false);
  notify();
  notify();
  client.open(REQUEST_LIST, undefined, false, clientSink);
  client.reset(stream, new Http2Error("stream", ErrorCode.CANCEL, "user", "enough"));
  assertEquals(said, []);
  client.transmit(new SliceBuffer());
  client.transmitted();
  assertEquals([said, pair.serverSink.streams.length], [[true, true], 0]);
  client.transmitFailed();
  assertEquals(said, [true, true]);
});

test("[Q38] output looks at none of the streams whose notices wait, however many they are", () => {
  const { pair: { client, clientSink } } = setUp();
  const waiting = Array.from({ length: 90 }, () => client.open(REQUEST_LIST, undefined, false, clientSink));
  for (const stream of waiting) client.sendData(stream, new Uint8Array(70_000), false);
  while (client.wantsTransmit) { // until the connection's window is used up
    client.transmit(new SliceBuffer());
    client.transmitted();
  }
  let looks = 0;
  for (const stream of waiting) {
    client.whenWritten(stream, () => {});
    const { queue } = stream;
    Object.defineProperty(stream, "queue", { get: () => (looks++, queue) });
  }
  for (let i = 0; i < 10; i++) {
    client.ping(i, 0);
    client.transmit(new SliceBuffer());
    client.transmitted();
  }
  assertEquals(looks, 0);
});
