// Calls that no handler answers, one after another: too many end their connection, and an honest client has fewer.
import { assertEquals } from "@std/assert";
import { Server } from "pollwire";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { concat } from "../../bytes.ts";
import { test } from "../../harness.ts";
import {
  Bench,
  data,
  END_STREAM,
  PREFACE,
  setting,
  SETTINGS_ACK,
  windowUpdate,
} from "../../transport/http2/wire.ts";
import { RawPeer } from "../../transport/raw_peer.ts";
import { Trial } from "../serving.ts";

/** A call as frames. */
interface RawCall {
  readonly path: string;
  readonly timeout?: string;
  /** Messages of the request. */
  readonly messages?: number;
}

const EMPTY_MESSAGE = new Uint8Array(5);

/** Sends `calls` for `seconds`, as many a second; gives what the server's GOAWAY said, or "open". */
async function outcome(calls: readonly RawCall[], perSecond: number, seconds: number): Promise<string> {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host });
  server.addService(Trial, {
    one: (request) => request,
    up: (_requests, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  });
  await server.listen(`${host.hostAddress}:80`);
  let peer: RawPeer | undefined;
  simulation.host().connect({ family: "ipv4", host: host.hostAddress, port: 80 }, {}, (result) => {
    if (result.ok) peer = new RawPeer(result.value);
  });
  const pass = () => simulation.run({ until: simulation.now + 100 });
  await pass();
  peer!.send(PREFACE, setting(), SETTINGS_ACK, windowUpdate(0, 1_000_000));
  const encoder = new Bench("client");
  let made = 0;
  const frames = (): Uint8Array => {
    const { path, timeout, messages = 1 } = calls[made % calls.length]!;
    const id = 2 * made++ + 1;
    const fields: Array<readonly [string, string]> = [
      [":method", "POST"],
      [":scheme", "http"],
      [":path", path],
      [":authority", "test"],
      ["te", "trailers"],
      ["content-type", "application/grpc"],
    ];
    if (timeout !== undefined) fields.push(["grpc-timeout", timeout]);
    const content = new Uint8Array(messages * EMPTY_MESSAGE.length);
    return concat(encoder.headers(id, fields), data(id, content, END_STREAM));
  };
  for (let i = 0; i < 10 * seconds && peer!.ended === "open"; i++) {
    peer!.send(...Array.from({ length: perSecond / 10 }, frames));
    await pass();
  }
  const end = peer!.frames.findLast((frame) => frame.startsWith("GOAWAY"));
  peer!.close();
  void server.shutdown({ graceMs: 0 });
  await simulation.run();
  return end?.split(" ")[2] ?? "open";
}

const ONE = "/trial.Trial/One";
const UP = "/trial.Trial/Up";
const KINDS: Array<[what: string, call: RawCall]> = [
  ["methods that do not exist", { path: "/trial.Trial/None" }],
  ["services that do not exist", { path: "/trial.None/None" }],
  ["deadlines that pass before their handlers end", { path: UP, timeout: "5m" }],
  ["requests of two messages", { path: ONE, messages: 2 }],
  ["requests of none", { path: ONE, messages: 0 }],
];

for (const [what, call] of KINDS) {
  test(`unanswered calls: a flood of ${what} ends the connection; a thousand a second do not, nor where as many are answered`, async () => {
    assertEquals(await outcome([call], 8_000, 3), "ENHANCE_YOUR_CALM");
    assertEquals(await outcome([call], 1_000, 15), "open");
    assertEquals(await outcome([call, { path: ONE }], 8_000, 4), "open");
  });
}

test("unanswered calls: those whose deadline is a third of a second, and passes, are none of a flood", async () => {
  assertEquals(await outcome([{ path: UP, timeout: "333m" }], 2_000, 12), "open");
});
