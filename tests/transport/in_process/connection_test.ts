// Two transports inside the process, wired together: windows, order, ends and drains, event by event.
import { assertEquals } from "@std/assert";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { requestTemplate } from "../../../transport/grpc/headers.ts";
import { InProcessConnection } from "../../../transport/in_process/connection.ts";
import type { TransportOptions } from "../../../transport/client_transport.ts";
import type { ClientStream, ServerStream } from "../../../transport/transport.ts";
import { test } from "../../harness.ts";

const template = requestTemplate("/a.B/C", "localhost", "http", "test");
const WINDOW = 1_000;

/** A message of `bytes`, behind room for its prefix. */
const message = (bytes: number): Uint8Array => new Uint8Array(5 + bytes);

/** A connection whose every event is a line. */
class Wired {
  readonly simulation = new Simulation();
  readonly lines: string[] = [];
  readonly served: ServerStream[] = [];
  readonly connection: InProcessConnection;

  constructor(server: TransportOptions = {}) {
    const engine = this.simulation.host();
    const say = (line: string): void => void this.lines.push(line);
    const settings = { initialWindowSize: WINDOW };
    this.connection = new InProcessConnection(
      { family: "inprocess", name: "a" },
      {
        engine,
        options: { settings },
        sink: {
          onCanOpen: () => say("client can open"),
          onDraining: (reason) => say(`client drains: ${reason?.reason}`),
          onClosed: (error) => say(`client closed: ${error?.reason}`),
        },
      },
      {
        engine,
        options: { ...server, settings: { ...settings, ...server.settings } },
        sink: {
          onStream: (stream) => {
            this.served.push(stream);
            say("server stream");
            return {
              onMessage: (bytes) => say(`server message ${bytes.length}`),
              onHalfClose: () => say("server half-close"),
              onWritable: () => say("server writable"),
              onSent() {},
              onClosed: (error) => say(`server stream closed: ${error?.reason}`),
            };
          },
          onClosed: (error) => say(`server closed: ${error?.reason}`),
        },
      },
    );
    this.connection.client.start();
  }

  open(isInternal = false): ClientStream {
    return this.connection.client.open(template, undefined, undefined, {
      isInternal,
      onHeaders: () => void this.lines.push("headers"),
      onMessage: (bytes) => void this.lines.push(`message ${bytes.length}`),
      onWritable: () => void this.lines.push("writable"),
      onSent() {},
      onStatus: ({ code, message, unprocessed }) =>
        void this.lines.push(`status ${code} ${message}${unprocessed ? " unprocessed" : ""}`),
    })!;
  }

  /** Runs what is due; the lines since the last time. */
  async turn(): Promise<string[]> {
    await this.simulation.run();
    return this.lines.splice(0);
  }
}

test("in process: a call's events come in order, and its status when its messages were taken", async () => {
  const wired = new Wired();
  const stream = wired.open();
  stream.sendMessage(message(3), true);
  assertEquals(wired.lines, []);
  assertEquals(await wired.turn(), ["server stream", "server message 3", "server half-close"]);
  const [served] = wired.served;
  for (const bytes of [600, 600, 600]) served!.sendMessage(message(bytes));
  served!.sendStatus(0, "", undefined);
  assertEquals(await wired.turn(), ["headers", "message 600"]);
  stream.release(605);
  assertEquals(await wired.turn(), ["message 600"]);
  stream.release(605);
  assertEquals(await wired.turn(), ["message 600", "status 0 ", "server stream closed: undefined"]);
  stream.release(605);
  assertEquals([await wired.turn(), wired.connection.client.activeStreams], [[], 0]);
});

test("in process: only an answer to a call shows that the server serves, and none to the library's own stream", async () => {
  const wired = new Wired();
  for (const isInternal of [true, false]) {
    wired.open(isInternal);
    await wired.turn();
    wired.served.at(-1)!.sendHeaders(undefined);
    wired.served.at(-1)!.sendStatus(0, "", undefined);
    await wired.turn();
    assertEquals(wired.connection.client.answered, !isInternal);
  }
});

test("in process: a window holds messages back, but not one that is larger than it; producers wait and go on", async () => {
  const wired = new Wired();
  const stream = wired.open();
  stream.sendMessage(message(50_000));
  stream.sendMessage(message(40_000));
  assertEquals([stream.queuedBytes, stream.writeBlocked], [89_010, true]);
  assertEquals(await wired.turn(), ["server stream", "server message 50000"]);
  assertEquals(stream.writeBlocked, true);
  wired.served[0]!.release(50_005);
  assertEquals(await wired.turn(), ["server message 40000"]);
  assertEquals([stream.queuedBytes, stream.writeBlocked], [39_005, false]);
  wired.served[0]!.release(40_005);
  assertEquals(await wired.turn(), ["writable"]);
  assertEquals(stream.queuedBytes, 0);
});

test("in process: what was sent before is written when it was handed up; an end says it too", async () => {
  const wired = new Wired();
  const stream = wired.open();
  const written: string[] = [];
  stream.sendMessage(message(900));
  stream.whenWritten((ok) => written.push(`first ${ok}`));
  stream.sendMessage(message(900));
  stream.whenWritten((ok) => written.push(`second ${ok}`));
  assertEquals(written, []);
  await wired.turn();
  assertEquals(written, ["first true"]);
  wired.connection.server.close("over");
  await wired.turn();
  assertEquals(written, ["first true", "second false"]);
});

test("in process: a stream that is cancelled is withdrawn, or its server's end closed", async () => {
  const wired = new Wired();
  const withdrawn = wired.open();
  withdrawn.sendMessage(message(1));
  withdrawn.cancel(1, "not now");
  assertEquals(await wired.turn(), ["status 1 not now"]);
  const begun = wired.open();
  await wired.turn();
  begun.sendMessage(message(1));
  begun.cancel(1, "not now");
  assertEquals(await wired.turn(), [
    "status 1 not now",
    "server message 1",
    "server stream closed: client cancelled the call",
  ]);
  wired.open();
  await wired.turn();
  wired.served[1]!.cancel("too late");
  assertEquals(await wired.turn(), ["server stream closed: too late", "status 1 server cancelled the call"]);
  wired.open();
  await wired.turn();
  wired.served[2]!.refuse("busy");
  assertEquals(await wired.turn(), [
    "server stream closed: busy",
    "status 14 server refused the call unprocessed",
  ]);
});

test("in process: streams beyond maxConcurrentStreams are not opened, and the client learns when they may be", async () => {
  const wired = new Wired({ settings: { maxConcurrentStreams: 1 } });
  const { client } = wired.connection;
  const stream = wired.open();
  assertEquals([client.canOpen, client.activeStreams, wired.connection.server.activeStreams], [false, 1, 1]);
  stream.cancel(1, "");
  assertEquals(await wired.turn(), ["status 1 ", "client can open"]);
  assertEquals(client.canOpen, true);
});

test("in process: a response that is too large to be sent has no headers before its status", async () => {
  const wired = new Wired({ maxSendMessageBytes: 10 });
  wired.open();
  await wired.turn();
  wired.served[0]!.sendMessage(message(11));
  const says = "status 8 message of 11 bytes to be sent is above the limit of 10 (maxSendMessageBytes)";
  const lines = await wired.turn();
  assertEquals([lines.includes("headers"), lines.at(-1)], [false, says]);
  wired.open();
  await wired.turn();
  wired.served[1]!.sendMessage(message(10));
  wired.served[1]!.sendMessage(message(11));
  assertEquals((await wired.turn()).slice(-3), ["headers", "message 10", says]);
});

test("in process: a drain is seen at once, and ends the connection with its last stream", async () => {
  const wired = new Wired();
  const stream = wired.open();
  await wired.turn();
  wired.connection.server.drain("enough");
  assertEquals(wired.connection.client.canOpen, false);
  assertEquals(await wired.turn(), ['client drains: peer sent GOAWAY NO_ERROR "enough"']);
  stream.halfClose();
  wired.served[0]!.sendStatus(0, "", undefined);
  assertEquals(await wired.turn(), [
    "server half-close",
    "status 0 ",
    "server stream closed: undefined",
    "server closed: undefined",
    "client closed: undefined",
  ]);
});

test("in process: a server that closes fails the calls that have begun; others may be made again", async () => {
  const wired = new Wired();
  wired.open();
  await wired.turn();
  wired.open();
  wired.connection.server.close("over");
  assertEquals(await wired.turn(), [
    "server stream closed: over",
    "server closed: over",
    'status 14 connection lost before the call ended: peer sent GOAWAY NO_ERROR "over"',
    'status 14 connection ended before it took the call: peer sent GOAWAY NO_ERROR "over" unprocessed',
    'client closed: peer sent GOAWAY NO_ERROR "over"',
  ]);
  wired.connection.client.close("again");
  assertEquals(await wired.turn(), []);
});

test("in process: a call that was answered keeps its status, whether its server closes or cancels it then", async () => {
  const ends: ReadonlyArray<(wired: Wired) => void> = [
    (wired) => wired.connection.server.close("over"),
    (wired) => wired.served[0]!.cancel("too late"),
  ];
  for (const [i, end] of ends.entries()) {
    const wired = new Wired();
    const stream = wired.open();
    await wired.turn();
    for (const bytes of [300, 300]) wired.served[0]!.sendMessage(message(bytes));
    wired.served[0]!.sendStatus(5, "none", undefined);
    end(wired);
    const lines = await wired.turn();
    assertEquals(lines.filter((line) => !line.includes("closed")), [
      "headers",
      "message 300",
      "message 300",
      "status 5 none",
    ]);
    assertEquals(lines.filter((line) => line.startsWith("server stream")), [
      "server stream closed: undefined",
    ]);
    const [status, closed] = [
      lines.indexOf("status 5 none"),
      lines.findIndex((line) => /^client/.test(line)),
    ];
    assertEquals([closed > status, closed < 0], [[true, false], [false, true]][i]);
    stream.release(610);
    assertEquals([await wired.turn(), wired.connection.client.activeStreams], [[], 0]);
  }
});

test("in process: where the client's window holds back the end of an answer, a server that closes takes it along", async () => {
  const wired = new Wired();
  wired.open();
  await wired.turn();
  for (const bytes of [600, 600]) wired.served[0]!.sendMessage(message(bytes));
  wired.served[0]!.sendStatus(0, "", undefined);
  wired.connection.server.close("over");
  assertEquals(await wired.turn(), [
    "server stream closed: over",
    "headers",
    "message 600",
    'status 14 connection lost before the call ended: peer sent GOAWAY NO_ERROR "over"',
    'client closed: peer sent GOAWAY NO_ERROR "over"',
    "server closed: over",
  ]);
});
