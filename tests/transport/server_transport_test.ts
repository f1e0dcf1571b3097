// A server's connection as its owner has it: what is passed on, how it drains, and that it ends once.
import { assertEquals, assertMatch } from "@std/assert";
import { formatAddress } from "../../pollers/mod.ts";
import { Reporter } from "../../pollers/log/mod.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { Http2ClientTransport, type TransportOptions } from "../../transport/client_transport.ts";
import { TransportAcceptor } from "../../transport/accept.ts";
import { requestTemplate } from "../../transport/grpc/headers.ts";
import type { Http2Error } from "../../transport/http2/error.ts";
import type {
  ClientStream,
  ClientStreamSink,
  RequestHead,
  ServerStream,
  ServerStreamSink,
  ServerTransport,
  ServerTransportSink,
  StreamStatus,
} from "../../transport/transport.ts";
import { test } from "../harness.ts";
import { message, REQUEST } from "./grpc/recording_call.ts";
import { ACK, Bench as Frames, data, frame, PREFACE, setting, SETTINGS_ACK, uint32 } from "./http2/wire.ts";
import { brief } from "./pair.ts";
import { RawPeer } from "./raw_peer.ts";

/** A server's transport that is ready; the test is the client. */
class Bench implements ServerTransportSink, ServerStreamSink {
  readonly heard: string[] = [];
  readonly simulation = new Simulation();
  readonly host = this.simulation.host();
  /** Encodes what the client sends. */
  readonly frames = new Frames("client");
  transport!: ServerTransport;
  peer!: RawPeer;
  stream: ServerStream | undefined;
  /** How each message is released. */
  singleMessage = false;

  /** The client has sent nothing yet. */
  static async connected(options: TransportOptions = {}): Promise<Bench> {
    const bench = new Bench();
    const [ours, theirs] = await bench.host.pair();
    bench.peer = new RawPeer(theirs);
    bench.transport = new TransportAcceptor(bench.host, options).accept(ours, bench);
    return bench;
  }

  static async ready(options: TransportOptions = {}): Promise<Bench> {
    const bench = await Bench.connected(options);
    bench.peer.send(PREFACE, setting(), SETTINGS_ACK);
    await bench.pass();
    assertEquals(bench.heard, []);
    return bench;
  }

  pass(ms = 100): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** The frames that came since the last call. */
  sent(): string[] {
    const { frames } = this.peer;
    const from = this.seen;
    this.seen = frames.length;
    return frames.slice(from);
  }
  private seen = 0;

  onStream(stream: ServerStream, head: RequestHead, receivedAt: number): this {
    this.stream = stream;
    this.heard.push(`${head.path} at ${Math.floor(receivedAt)}`);
    return this;
  }
  onMessage(bytes: Uint8Array, wireBytes: number): void {
    this.heard.push(`message ${bytes.length}`);
    this.stream!.release(wireBytes);
  }
  onHalfClose(): void {
    this.heard.push("half-close");
  }
  onClosed(error: Http2Error | undefined): void {
    this.heard.push(`closed ${brief(error)}`);
  }
  onWritable(): void {}
  onSent(): void {}
}

test("a request is handed on with the time at which it came, and the streams are counted", async () => {
  const bench = await Bench.ready();
  await bench.pass(400);
  bench.peer.send(bench.frames.headers(1, REQUEST), bench.frames.headers(3, REQUEST));
  await bench.pass();
  assertEquals([bench.heard, bench.transport.activeStreams], [["/a.B/C at 501", "/a.B/C at 501"], 2]);
  const { local, peer } = bench.peer.endpoint;
  assertEquals([formatAddress(bench.transport.local), formatAddress(bench.transport.peer)], [
    formatAddress(peer),
    formatAddress(local),
  ]);
});

test("[Q122] the calls that one read brings have one time, however long those before them take", async () => {
  const bench = await Bench.ready();
  await bench.pass(400);
  let readings = 0;
  const clock = bench.host.now.bind(bench.host);
  bench.host.now = () => clock() + readings++ * 10;
  bench.peer.send(...[1, 3, 5].map((id) => bench.frames.headers(id, REQUEST)));
  await bench.pass();
  assertEquals([bench.heard.length, new Set(bench.heard).size], [3, 1], bench.heard.join("; "));
});

test("drain: running calls end in their own time, then the connection closes and says so once", async () => {
  const bench = await Bench.ready();
  bench.peer.send(bench.frames.headers(1, REQUEST));
  await bench.pass();
  bench.sent();
  bench.heard.length = 0;
  bench.transport.drain("maintenance");
  bench.transport.drain("maintenance");
  await bench.pass();
  assertEquals(bench.sent(), ["GOAWAY 2147483647 NO_ERROR", "PING"]);
  bench.peer.send(frame("PING", ACK, 0, uint32(0, 0x6472_6169)));
  await bench.pass();
  assertEquals([bench.sent(), bench.heard, bench.peer.ended], [["GOAWAY 1 NO_ERROR"], [], "open"]);
  bench.stream!.sendStatus(0, "", undefined);
  await bench.pass();
  assertEquals([bench.heard, bench.peer.ended], [["closed ok"], "open"], "it waits for the client to close");
  bench.peer.close();
  await bench.pass();
  assertEquals(bench.heard, ["closed ok", "closed ok"]);
});

test("close: every call ends with the reason, and the owner hears it when the endpoint is closed", async () => {
  const bench = await Bench.ready();
  bench.peer.send(bench.frames.headers(1, REQUEST));
  await bench.pass();
  bench.heard.length = 0;
  bench.host.execCtx.enter(() => {
    bench.transport.close("enough");
    assertEquals(bench.heard, ["closed connection NO_ERROR user"]);
  }, undefined);
  await bench.pass();
  assertEquals([bench.heard.length, bench.sent().slice(-3), bench.peer.ended], [
    1,
    ["GOAWAY 1 NO_ERROR", "HEADERS 1 end", "RST_STREAM 1 NO_ERROR"],
    "open",
  ]);
  bench.peer.close();
  await bench.pass();
  assertEquals(bench.heard, ["closed connection NO_ERROR user", "closed connection NO_ERROR user"]);
});

test("close: a client that does not close has a second, and one that never asked anything has none", async () => {
  for (const asks of [true, false]) {
    const bench = await Bench.ready();
    if (asks) bench.peer.send(bench.frames.headers(1, REQUEST));
    await bench.pass();
    bench.transport.close("enough");
    await bench.pass(900);
    assertEquals(bench.peer.ended, asks ? "open" : "end-of-stream");
    await bench.pass(200);
    assertEquals(bench.peer.ended, "end-of-stream");
  }
});

test("close: calls that are open get a status, whatever was sent of them, but those of which a message waits", async () => {
  const bench = await Bench.connected();
  bench.peer.send(PREFACE, setting([4, 100]), SETTINGS_ACK);
  const streams: ServerStream[] = [];
  for (let id = 1; id < 13; id += 2) {
    bench.peer.send(bench.frames.headers(id, REQUEST, id === 3));
    await bench.pass();
    streams.push(bench.stream!);
  }
  streams[2]!.sendHeaders(undefined);
  streams[3]!.sendMessage(new Uint8Array(5 + 10));
  streams[4]!.sendMessage(new Uint8Array(5 + 200)); // above its window
  streams[5]!.sendMessage(new Uint8Array(5 + 200));
  streams[5]!.sendStatus(0, "", undefined);
  await bench.pass();
  bench.sent();
  bench.transport.close("enough");
  await bench.pass();
  assertEquals(bench.sent(), [
    ...["GOAWAY 11 NO_ERROR", "HEADERS 1 end", "RST_STREAM 1 NO_ERROR", "HEADERS 3 end", "HEADERS 5 end"],
    ...["RST_STREAM 5 NO_ERROR", "HEADERS 7 end", "RST_STREAM 7 NO_ERROR"],
  ]);
});

test("what is released goes back to the stream's window, but for the last message of a request", async () => {
  for (const last of [false, true]) {
    const bench = await Bench.ready();
    bench.singleMessage = last;
    bench.peer.send(bench.frames.headers(1, REQUEST), data(1, message(8_000)), data(1, message(8_635)));
    await bench.pass();
    bench.peer.send(data(1, message(10)));
    await bench.pass();
    const updates = bench.sent().filter((sent) => sent.startsWith("WINDOW_UPDATE 1 "));
    assertEquals(updates.length, last ? 0 : 1);
  }
});

/** Both sides of one call, which a client makes and whose messages the server sends back. */
async function call(
  options: { client?: TransportOptions; server?: TransportOptions },
  bytes: number,
  onHeaders: () => void = () => {},
) {
  const simulation = new Simulation();
  const host = simulation.host();
  const [ours, theirs] = await host.pair();
  const events: string[] = [];
  let status: StreamStatus | undefined;
  let answer: ServerStream | undefined;
  const framed = (length: number) => new Uint8Array(5 + length);
  const serverSink: ServerStreamSink = {
    onMessage: (message, wireBytes) => {
      events.push(`request ${message.length}`);
      answer!.release(wireBytes);
      answer!.sendMessage(framed(message.length));
    },
    onHalfClose: () => {
      events.push("half-close");
      answer!.sendStatus(0, "", undefined);
    },
    onClosed: () => {},
    onWritable: () => {},
    onSent: () => {},
  };
  new TransportAcceptor(host, options.server ?? {}).accept(ours, {
    onStream: (stream) => {
      answer = stream;
      return serverSink;
    },
    onClosed: () => {},
  });
  let stream: ClientStream | undefined;
  const sink: ClientStreamSink = {
    onHeaders: () => {
      events.push("headers");
      onHeaders();
    },
    onMessage: (message, wireBytes) => {
      events.push(`response ${message.length}`);
      stream!.release(wireBytes);
    },
    onStatus: (end) => void (status = end),
    onWritable: () => {},
    onSent: () => {},
  };
  const ended = { onCanOpen: () => {}, onDraining: () => {}, onClosed: () => {} };
  const transport = new Http2ClientTransport(host, theirs, options.client ?? {}, ended, () => {
    stream = transport.open(requestTemplate("/a.B/C", "test", "http", "test/1"), undefined, undefined, sink);
    stream!.sendMessage(framed(bytes), true);
  });
  await simulation.run({ until: 1_000 });
  return { events, status: status!, transport };
}

test("message limits of a transport hold for its streams, 4 MiB where none is given", async () => {
  const whole = await call({}, 4_194_304);
  assertEquals(whole.events, ["request 4194304", "half-close", "headers", "response 4194304"]);
  assertEquals([whole.status.code, whole.transport.answered, whole.transport.activeStreams], [0, true, 0]);
  const cases: Array<[Parameters<typeof call>[0], bytes: number, RegExp]> = [
    [{}, 4_194_305, /received message of 4194305 bytes .* 4194304 \(maxReceiveMessageBytes\)/],
    [{ server: { maxReceiveMessageBytes: 10 } }, 11, /received message of 11 bytes .* 10 /],
    [{ client: { maxReceiveMessageBytes: 10 } }, 11, /received message of 11 bytes .* 10 /],
    [{ server: { maxSendMessageBytes: 10 } }, 11, /message of 11 bytes to be sent .* 10 \(maxSendM/],
    [{ client: { maxSendMessageBytes: 10 } }, 11, /message of 11 bytes to be sent .* 10 \(maxSendM/],
  ];
  for (const [options, bytes, why] of cases) {
    const { status } = await call(options, bytes);
    assertEquals(status.code, 8);
    assertMatch(status.message, why);
    assertEquals((await call(options, 10)).status.code, 0);
  }
});

test("what throws in the midst of a connection goes to the reporter that its transport was given", async () => {
  const error = new Error("from the sink");
  const throwing = () => {
    throw error;
  };
  const reported: Array<[error: unknown, peer: string | undefined]> = [];
  const reporter = new Reporter({ onError: (thrown, { peer }) => void reported.push([thrown, peer]) });
  const server = await Bench.ready({ reporter });
  server.onStream = throwing;
  server.peer.send(server.frames.headers(1, REQUEST));
  await server.pass();
  assertEquals(reported.splice(0), [[error, formatAddress(server.transport.peer)]]);
  const { status, transport } = await call({ client: { reporter } }, 10, throwing);
  assertEquals(reported, [[error, formatAddress(transport.peer)]]);
  assertEquals(status.code, 14);
});

test("calls that no handler answers, of any kind, end a connection when they come in floods; those of a handler do not", async () => {
  const plain = REQUEST.filter(([name]) => name !== "content-type");
  const json = [...plain, ["content-type", "application/grpc+json"]] as const;
  const floods: Array<[string, typeof REQUEST, (stream: ServerStream) => void]> = [
    ["answers of a handler", REQUEST, (stream) => stream.sendStatus(12, "", undefined)],
    ["unknown methods", REQUEST, (stream) => stream.sendStatus(12, "", undefined, "library")],
    ["deadlines", REQUEST, (stream) => stream.cancel("deadline", "library")],
    ["content that is not spoken", json, () => {}],
    ["content that is not gRPC", plain, () => {}],
    ["broken messages", REQUEST, () => {}],
  ];
  const ends: Array<[string, string]> = [];
  for (const [what, request, answer] of floods) {
    const bench = await Bench.ready();
    bench.onStream = (stream) => {
      bench.stream = stream;
      answer(stream);
      return bench;
    };
    for (let i = 0; i < 12_000 && bench.peer.ended === "open"; i += 500) {
      for (let id = 2 * i + 1; id < 2 * (i + 500); id += 2) {
        bench.peer.send(bench.frames.headers(id, request), data(id, Uint8Array.of(2, 0, 0, 0, 0), 1));
      }
      await bench.pass(1);
    }
    await bench.pass();
    const last = bench.peer.frames.findLast((one) => one.startsWith("GOAWAY"));
    ends.push([what, last === undefined ? "open" : last.split(" ")[2]!]);
    bench.transport.close("over");
    await bench.pass();
  }
  assertEquals(ends, floods.map(([what], i) => [what, i === 0 ? "open" : "ENHANCE_YOUR_CALM"]));
});

test("drain before the client's SETTINGS: calls that come with them are served, and then the connection closes", async () => {
  const bench = await Bench.connected();
  bench.transport.drain("maintenance");
  bench.transport.drain("maintenance");
  await bench.pass(500);
  assertEquals(bench.sent().slice(-2), ["GOAWAY 2147483647 NO_ERROR", "PING"]);
  bench.peer.send(PREFACE, setting(), SETTINGS_ACK, bench.frames.headers(1, REQUEST));
  await bench.pass(2_000);
  assertEquals([bench.heard.length, bench.peer.ended], [1, "open"]);
  bench.peer.send(frame("PING", ACK, 0, uint32(0, 0x6472_6169)));
  bench.stream!.sendStatus(0, "", undefined);
  await bench.pass();
  assertEquals(bench.sent().filter((one) => /GOAWAY|HEADERS/.test(one)), [
    "HEADERS 1 end",
    "GOAWAY 1 NO_ERROR",
  ]);
  bench.peer.close();
  await bench.pass();
  assertEquals(bench.heard.at(-1), "closed ok");
});

test("drain before the client's SETTINGS: a client that sends nothing has a second", async () => {
  const bench = await Bench.connected();
  bench.transport.drain("maintenance");
  await bench.pass(990);
  assertEquals([bench.peer.ended, bench.heard], ["open", []]);
  await bench.pass(200);
  assertEquals([bench.peer.ended, bench.heard.length], ["end-of-stream", 1]);
});
