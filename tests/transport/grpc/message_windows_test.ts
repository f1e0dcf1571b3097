// What messages cost in WINDOW_UPDATE: nothing where one alone is expected and fits, what is left of it where it does not.
import { assertEquals } from "@std/assert";
import type { LocalSettings } from "../../../transport/http2/settings.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import { data } from "../http2/wire.ts";
import { ClientCall, message, REQUEST, RESPONSE, ServerCalls } from "./recording_call.ts";

const FRAME = 16_384;
const MOST = 4_000_000;

/** A call on stream 1 of either side, whose peer has sent its header section. */
function calls(
  singleMessage: boolean,
  settings: Partial<LocalSettings> = {},
): Array<ClientCall | ServerCalls> {
  const client = new ClientCall([], { receiveBytes: MOST }, settings);
  const server = new ServerCalls([], { receiveBytes: MOST }, settings);
  client.bench.send(client.bench.headers(1, RESPONSE));
  server.bench.send(server.bench.headers(1, REQUEST));
  for (const call of [client, server]) {
    call.singleMessage = singleMessage;
    call.bench.sent();
    call.events.length = 0;
  }
  return [client, server];
}

/** Sends `bytes` in frames of at most `most`, as the windows let them in, half a frame a read; gives what came back. */
function feed({ bench }: ClientCall | ServerCalls, bytes: Uint8Array, most = FRAME): string[] {
  const stream = bench.connection.streams.get(1)!;
  const sent: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = Math.min(bytes.length, at + most, at + stream.receiveWindow.available);
    assertEquals(end > at, true, `no window after ${at} of ${bytes.length} octets`);
    const frame = data(1, bytes.slice(at, end));
    bench.send(frame.subarray(0, most / 2));
    bench.send(frame.subarray(most / 2));
    sent.push(...bench.sent().filter((one) => one !== "PING"));
    at = end;
  }
  assertEquals(bench.outcome, "open");
  return sent;
}

test("a message of 64 KiB that is the only one arrives without a WINDOW_UPDATE; of a stream it brings some", () => {
  for (const call of calls(true)) {
    assertEquals([feed(call, message(65_536)), call.events], [[], ["message 65536"]]);
  }
  for (const call of calls(false)) {
    assertEquals(feed(call, message(65_536)).length > 0, true);
    assertEquals(call.events, ["message 65536"]);
  }
});

test("a large message is let in as a whole with its first frame, and no more is", () => {
  for (const call of calls(true)) {
    const sent = feed(call, message(1_000_000));
    assertEquals([sent.length, call.events], [1, ["message 1000000"]]);
    const increment = Number(sent[0]!.split("+")[1]);
    assertEquals(increment > 1_000_005 - 66_560 && increment < 1_000_005 + FRAME, true, sent[0]);
  }
});

test("a second message where one is expected still comes, so that it can be found wrong", () => {
  for (const call of calls(true)) {
    feed(call, concat(message(66_000), message(300_000)));
    assertEquals(call.events, ["message 66000", "message 300000"]);
  }
});

test("messages that fill the window never leave the peer without one", () => {
  for (const single of [true, false]) {
    for (const size of [66_549, 66_550, 66_551, 66_552, 66_554, 66_555, 66_556, 66_560, 133_112, 133_120]) {
      for (const call of calls(single)) {
        feed(call, concat(message(size), message(size)), 10_000);
        assertEquals(call.events, [`message ${size}`, `message ${size}`]);
      }
    }
  }
});

test("messages come through windows of a few octets, wherever these end", () => {
  for (const size of [5, 6, 7, 8, 11]) {
    for (const single of [true, false]) {
      for (const call of calls(single, { initialWindowSize: size, maxWindowSize: size })) {
        feed(call, concat(message(3), message(20), message(0), message(300)), size);
        assertEquals(call.events, ["message 3", "message 20", "message 0", "message 300"]);
      }
    }
  }
});
