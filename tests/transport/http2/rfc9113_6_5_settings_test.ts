// RFC 9113, section 6.5: SETTINGS, their values and acknowledgement.
import { assertEquals, assertThrows } from "@std/assert";
import { Connection } from "../../../transport/http2/connection.ts";
import {
  DEFAULT_LOCAL_SETTINGS,
  type LocalSettings,
  localSettings,
  PeerSettings,
} from "../../../transport/http2/settings.ts";
import { test } from "../../harness.ts";
import { Recorder } from "../pair.ts";
import { ACK, Bench, data, describe, frame, setting, SETTINGS_ACK } from "./wire.ts";

test("6.5: SETTINGS are applied, acknowledged and told; unknown ones are ignored", () => {
  const bench = new Bench("client");
  bench.send(setting([1, 100], [3, 7], [4, 5_000], [5, 20_000], [6, 999], [0x99, 1]));
  assertEquals(bench.sent(), ["SETTINGS ack"]);
  assertEquals(bench.sink.take(), ["settings"]);
  const { peerSettings } = bench.connection;
  assertEquals(
    [peerSettings.headerTableSize, peerSettings.maxConcurrentStreams, peerSettings.initialWindowSize],
    [100, 7, 5_000],
  );
  assertEquals([peerSettings.maxFrameSize, peerSettings.maxHeaderListSize], [20_000, 999]);
});

const bad: Array<[string, id: number, value: number, code: string]> = [
  ["ENABLE_PUSH 2", 2, 2, "PROTOCOL_ERROR"],
  ["INITIAL_WINDOW_SIZE 2^31", 4, 0x80000000, "FLOW_CONTROL_ERROR"],
  ["MAX_FRAME_SIZE 16383", 5, 16_383, "PROTOCOL_ERROR"],
  ["MAX_FRAME_SIZE 2^24", 5, 16_777_216, "PROTOCOL_ERROR"],
];
for (const [what, id, value, code] of bad) {
  test(`6.5.2: ${what} is a ${code}`, () => {
    assertEquals(new Bench("server").send(setting([id, value])).outcome, `connection ${code} library`);
  });
}

test("6.5.2: a server must not enable push, a client may", () => {
  assertEquals(new Bench("client").send(setting([2, 1])).outcome, "connection PROTOCOL_ERROR library");
  assertEquals(new Bench("server").send(setting([2, 1])).outcome, "open");
});

test("6.5: an acknowledgement with a payload is a FRAME_SIZE_ERROR", () => {
  const bench = new Bench("server").send(frame("SETTINGS", ACK, 0, new Uint8Array(6)));
  assertEquals(bench.outcome, "connection FRAME_SIZE_ERROR library");
});

test("6.5.3: no acknowledgement in time ends the connection with SETTINGS_TIMEOUT", () => {
  const bench = new Bench("client", {}, { handshake: false });
  bench.send(setting());
  const at = bench.connection.nextTimeout();
  assertEquals(at, 21_000);
  bench.connection.handleTimeout(at - 1);
  assertEquals(bench.outcome, "open");
  bench.connection.handleTimeout(at);
  assertEquals(bench.outcome, "connection SETTINGS_TIMEOUT library");
  assertEquals(bench.sent().pop(), "GOAWAY 0 SETTINGS_TIMEOUT");
});

test("6.5.3: with the acknowledgement nothing is waited for", () => {
  assertEquals(new Bench("client").connection.nextTimeout(), Infinity);
});

test("6.5.3: a smaller window of ours counts from its acknowledgement on", () => {
  const bench = new Bench("server", { initialWindowSize: 100 }, { handshake: false });
  bench.send(
    new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    setting(),
    bench.headers(1),
    data(1, 150),
  );
  assertEquals(bench.outcome, "open");
  bench.sent();
  bench.send(SETTINGS_ACK);
  assertEquals(bench.sink.streams[0]!.receiveWindow.available, -50);
  bench.send(bench.headers(3), data(3, 101));
  assertEquals(bench.sent(), ["RST_STREAM 3 FLOW_CONTROL_ERROR"]);
});

test("6.5.2: settings of ours outside the RFC's range are misuse", () => {
  const bad = [
    { maxFrameSize: 16_383 },
    { maxFrameSize: 16_777_216 },
    { initialWindowSize: -1 },
    { initialWindowSize: 2 ** 31 },
    { connectionWindowSize: 1 },
    { maxConcurrentStreams: 0.5 },
  ];
  for (const settings of bad) {
    assertThrows(() => new Connection({ settings }, new Recorder()), RangeError);
  }
});

/** What a connection with `settings` says first: its SETTINGS, then frames described. */
function announced(
  role: "client" | "server",
  settings: Partial<LocalSettings>,
): [Array<[id: number, value: number]>, string[]] {
  const [first, ...others] = new Bench(role, settings, { handshake: false }).frames();
  const view = new DataView(first!.payload.slice().buffer);
  const entries = Array.from(
    { length: view.byteLength / 6 },
    (_, i): [number, number] => [view.getUint16(6 * i), view.getUint32(6 * i + 2)],
  );
  return [entries, others.map(describe)];
}

test("6.5.2: a client turns push off, a server says its streams, and both what is not the initial value", () => {
  const update = "WINDOW_UPDATE 0 +33488897"; // the connection's window is no setting
  assertEquals(announced("client", {}), [[[2, 0], [4, 66_560], [6, 16_384]], [update]]);
  assertEquals(announced("server", {}), [[[3, 1_024], [4, 66_560], [6, 16_384]], [update]]);
  const initial = { connectionWindowSize: 65_535, initialWindowSize: 65_535 };
  assertEquals(announced("client", initial), [[[2, 0], [6, 16_384]], []]);
  const all = {
    headerTableSize: 100,
    maxConcurrentStreams: 7,
    initialWindowSize: 1_000,
    connectionWindowSize: 65_536,
    maxFrameSize: 20_000,
    maxHeaderListSize: 9_000,
  };
  assertEquals(announced("server", all), [
    [[1, 100], [3, 7], [4, 1_000], [5, 20_000], [6, 9_000]],
    ["WINDOW_UPDATE 0 +1"],
  ]);
});

test("6.5.2: the least and the greatest value of each setting is taken, of ours and of the peer's", () => {
  for (
    const settings of [
      {
        headerTableSize: 0,
        maxConcurrentStreams: 0,
        initialWindowSize: 0,
        maxWindowSize: 0,
        windowGrowthSize: 0,
      },
      { connectionWindowSize: 65_535, maxFrameSize: 16_384, maxHeaderListSize: 0 },
      { headerTableSize: 0xffffffff, maxConcurrentStreams: 0xffffffff, maxHeaderListSize: 0xffffffff },
      { initialWindowSize: 0x7fffffff, maxWindowSize: 0x7fffffff, windowGrowthSize: 0x7fffffff },
      { connectionWindowSize: 0x7fffffff, maxFrameSize: 16_777_215 },
    ]
  ) {
    assertEquals(localSettings(settings), { ...DEFAULT_LOCAL_SETTINGS, ...settings });
  }
  const bench = new Bench("client");
  bench.send(setting([4, 0x7fffffff], [5, 16_777_215], [6, 0], [3, 0], [1, 0xffffffff]));
  bench.send(setting([4, 0], [5, 16_384], [6, 0xffffffff], [3, 0xffffffff], [1, 0]));
  assertEquals([bench.outcome, bench.connection.peerSettings.maxFrameSize], ["open", 16_384]);
});

test("6.5: what follows a SETTINGS frame in the same read is no setting", () => {
  const settings = new PeerSettings();
  const bytes = Uint8Array.of(9, 9, 0, 3, 0, 0, 0, 7, 0, 4, 0, 0, 0, 8, 0, 5, 0, 1, 0, 0);
  assertEquals(settings.apply(bytes, 2, 14, false), undefined);
  assertEquals([settings.maxConcurrentStreams, settings.initialWindowSize, settings.maxFrameSize], [
    7,
    8,
    16_384,
  ]);
});
