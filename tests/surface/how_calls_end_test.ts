// Every way in which a call ends at its client, with all that its error says: code, details, who ended it, and why.
import { assert, assertEquals, assertInstanceOf, assertMatch, assertStrictEquals } from "@std/assert";
import { type CallOptions, Channel, createClient, RpcError, Status } from "pollwire";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { DecodeError, EncodeError } from "../../surface/proto/mod.ts";
import { ErrorCode, Http2Error } from "../../transport/mod.ts";
import { test } from "../harness.ts";
import {
  Bench,
  data,
  describe,
  parse,
  PREFACE,
  rst,
  setting,
  SETTINGS_ACK,
} from "../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../transport/raw_peer.ts";
import { collect, type Note, Trial, type TrialClient } from "./serving.ts";

const PEER = "10.0.0.2:80";
/** `{ number: 1 }`, framed. */
const MESSAGE = Uint8Array.of(0, 0, 0, 0, 2, 0x10, 1);
/** A varint without end. */
const GARBAGE = Uint8Array.of(0, 0, 0, 0, 2, 0x10, 0xff);

/** A channel, connected to a server that answers every request with what `respond` gives. */
class World {
  readonly simulation = new Simulation();
  readonly frames = new Bench("client");
  readonly channel: Channel;
  readonly client: TrialClient;
  /** What was reported. */
  readonly reported: unknown[] = [];
  private readonly host = this.simulation.host();
  private readonly server = this.simulation.host();
  private peer!: RawPeer;

  constructor() {
    this.channel = new Channel(PEER, {
      poller: this.host,
      onError: (error, { where, level }) => void this.reported.push([error, where, level]),
    });
    this.client = createClient(Trial, this.channel);
  }

  async serve(respond: (id: number, world: this) => Uint8Array[]): Promise<this> {
    let seen = 0;
    await listenAt(this.server, (endpoint) => {
      this.peer = new RawPeer(endpoint, (peer) => {
        const ids = parse(peer.received).filter(({ type }) => type === "HEADERS").map(({ id }) => id);
        for (; seen < ids.length; seen++) peer.send(...respond(ids[seen]!, this));
      });
      this.peer.send(setting(), SETTINGS_ACK);
    });
    this.channel.connect();
    await this.simulation.run();
    return this;
  }

  /** What the server got of streams. */
  get sent(): string[] {
    const frames = parse(this.peer.received.subarray(PREFACE.length));
    return frames.filter(({ id }) => id > 0).map(describe);
  }

  head(id: number): Uint8Array {
    return this.frames.headers(id, [[":status", "200"], ["content-type", "application/grpc"], [
      "x-head",
      "h",
    ]]);
  }

  trailers(id: number, code = 0, message = ""): Uint8Array {
    return this.frames.headers(id, [["grpc-status", `${code}`], ["grpc-message", message], [
      "x-trailer",
      "t",
    ]], true);
  }

  /** The error of `call`. */
  async failure(call: Promise<unknown>): Promise<RpcError> {
    const ended = call.then(() => undefined, (error: unknown) => error);
    await this.simulation.run();
    const error = await ended;
    assertInstanceOf(error, RpcError);
    assertEquals([error.method?.split("/")[1], error.peer], ["trial.Trial", PEER]);
    return error;
  }
}

/** Options that note the metadata which comes. */
function noting(): { heard: string[]; options: CallOptions } {
  const heard: string[] = [];
  return {
    heard,
    options: {
      onHeaders: (metadata) => void heard.push(`head ${metadata.get("x-head")}`),
      onTrailers: (metadata) => void heard.push(`trailers ${metadata.get("x-trailer")}`),
    },
  };
}

const what = ({ code, details, endedBy }: RpcError) => [code, details, endedBy];

test("[C85] a call ends: with more than one response, of which none is given", async () => {
  const world = await new World().serve((
    id,
    world,
  ) => [world.head(id), data(id, MESSAGE), data(id, MESSAGE)]);
  const error = await world.failure(world.client.one({}));
  assertEquals(what(error), [Status.UNIMPLEMENTED, "server sent more than one response message", "library"]);
  assertEquals(world.sent.at(-1), "RST_STREAM 1 CANCEL");
  world.channel.close();
});

test("[C85] a call ends: with a second response that cannot be decoded, which does not matter any more", async () => {
  const world = await new World().serve((
    id,
    world,
  ) => [world.head(id), data(id, MESSAGE), data(id, Uint8Array.of(0, 0, 0, 0, 1, 0xff))]);
  const error = await world.failure(world.client.one({}));
  assertEquals(what(error), [Status.UNIMPLEMENTED, "server sent more than one response message", "library"]);
  world.channel.close();
});

test("[C85] a call ends: with OK, and no response", async () => {
  const world = await new World().serve((id, world) => [world.head(id), world.trailers(id)]);
  const ended: string[] = [];
  world.channel.observe({
    onCallEnd: ({ status, details, endedBy }) => void ended.push(`${status}: ${details}, ${endedBy}`),
  });
  const error = await world.failure(world.client.one({}));
  assertEquals(what(error), [Status.UNIMPLEMENTED, "server sent no response message", "library"]);
  assertEquals(error.metadata.get("x-trailer"), "t");
  assertEquals(ended, ["UNIMPLEMENTED: server sent no response message, library"]);
  world.channel.close();
});

test("a call ends: with OK, and a response that cannot be decoded when it is read, after that", async () => {
  const world = await new World().serve((
    id,
    world,
  ) => [world.head(id), data(id, GARBAGE), world.trailers(id)]);
  const responses = world.client.down({});
  await world.simulation.run();
  const error = await world.failure(responses.next());
  assertInstanceOf(error.cause, DecodeError);
  assertEquals(what(error), [Status.INTERNAL, `cannot decode response: ${error.cause.message}`, "library"]);
  assertEquals((await responses.next()).done, true);
  world.channel.close();
});

test("a call ends: with a response that cannot be decoded, which its error tells as its cause", async () => {
  const world = await new World().serve((id, world) => [world.head(id), data(id, GARBAGE)]);
  for (const [i, call] of [() => world.client.one({}), () => collect(world.client.down({}))].entries()) {
    const error = await world.failure(call());
    assertInstanceOf(error.cause, DecodeError);
    assertEquals(what(error), [Status.INTERNAL, `cannot decode response: ${error.cause.message}`, "library"]);
    assertEquals(world.sent.at(-1), `RST_STREAM ${i * 2 + 1} CANCEL`);
  }
  assertEquals(world.reported, []);
  world.channel.close();
});

test("a call ends: with the server's status; metadata comes once, the trailing one before the end", async () => {
  const world = await new World().serve((id, world) => [
    world.head(id),
    data(id, MESSAGE),
    world.trailers(id, Status.DATA_LOSS, "gone"),
  ]);
  for (const stream of [false, true]) {
    const { heard, options } = noting();
    const read: Note[] = [];
    const call = stream
      ? (async () => {
        for await (const note of world.client.down({}, options)) read.push(note);
      })()
      : world.client.one({}, options);
    const error = await world.failure(call.catch((error) => (heard.push("end"), Promise.reject(error))));
    assertEquals(what(error), [Status.DATA_LOSS, "gone", "remote"]);
    assertEquals([error.metadata.get("x-trailer"), error.cause], ["t", undefined]);
    assertEquals(heard, ["head h", "trailers t", "end"]);
    assertEquals(read.length, stream ? 1 : 0);
  }
  world.channel.close();
});

test("[C81] a call ends: with a status message as it came, white space at its ends too", async () => {
  const sent = "cannot open ";
  const world = await new World().serve((id, world) => [
    world.head(id),
    id === 1 ? world.trailers(id, Status.NOT_FOUND, sent) : world.trailers(id, Status.NOT_FOUND, ` ${sent}`),
  ]);
  assertEquals(what(await world.failure(world.client.one({}))), [Status.NOT_FOUND, sent, "remote"]);
  assertEquals(what(await world.failure(world.client.one({}))), [Status.NOT_FOUND, ` ${sent}`, "remote"]);
  world.channel.close();
});

test("a call ends: by a reset of the server, which is its cause", async () => {
  const world = await new World().serve((
    id,
    world,
  ) => [world.head(id), rst(id, ErrorCode.ENHANCE_YOUR_CALM)]);
  const { heard, options } = noting();
  const error = await world.failure(world.client.one({}, options));
  assertEquals([error.code, error.endedBy], [Status.RESOURCE_EXHAUSTED, "remote"]);
  assertInstanceOf(error.cause, Http2Error);
  assertEquals(heard, ["head h", "trailers undefined"]);
  world.channel.close();
});

test("a call ends: with a request that cannot be encoded, of which nothing is sent", async () => {
  const world = await new World().serve(() => []);
  const wrong = { number: "seven" } as unknown as Note;
  const error = await world.failure(world.client.one(wrong));
  assertInstanceOf(error.cause, EncodeError);
  assertEquals(what(error), [Status.INTERNAL, error.cause.message, "user"]);
  assertEquals(world.sent, []);
  const late = await world.failure(world.client.up([{ number: 1 }, wrong]));
  assertInstanceOf(late.cause, EncodeError);
  assertEquals(what(late), [Status.INTERNAL, `request stream failed: ${late.cause.message}`, "user"]);
  assertEquals(world.sent.map((line) => line.split(" ")[0]), ["HEADERS", "DATA", "RST_STREAM"]);
  assertEquals(world.reported, []);
  world.channel.close();
});

test("a call ends: by requests that throw, with that as its cause, and the application has it from there", async () => {
  const world = await new World().serve(() => []);
  const boom = new Error("boom");
  const error = await world.failure(world.client.up(function* () {
    yield {};
    throw boom;
  }()));
  assertEquals(what(error), [Status.CANCELLED, "request stream failed: boom", "user"]);
  assertStrictEquals(error.cause, boom);
  assertEquals(world.reported, [[boom, "requests", "info"]]);
  world.channel.close();
});

test("a call ends: what its requests throw after that is reported, and nothing more is sent", async () => {
  const world = await new World().serve((id, world) => [world.head(id), world.trailers(id, Status.ABORTED)]);
  const boom = new Error("late");
  let ask!: () => void;
  const asked = new Promise<void>((resolve) => ask = resolve);
  async function* requests(): AsyncGenerator<Note> {
    yield {};
    await asked;
    throw boom;
  }
  const error = await world.failure(world.client.up(requests()));
  assertEquals(error.code, Status.ABORTED);
  const before = world.sent.filter((line) => line.startsWith("DATA")).length;
  ask();
  await world.simulation.run();
  for (let i = 0; i < 20; i++) await Promise.resolve();
  assertEquals(world.sent.filter((line) => line.startsWith("DATA")).length, before);
  assertEquals(world.reported, [[boom, "requests", "info"]]);
  world.channel.close();
});

test("a call ends: at its deadline, by its signal, with its channel; each says who ended it", async () => {
  const world = await new World().serve(() => []);
  const late = await world.failure(world.client.one({}, { deadlineMs: 300 }));
  assertEquals(what(late), [
    Status.DEADLINE_EXCEEDED,
    "deadline of 300 ms exceeded waiting for the response",
    "library",
  ]);
  const controller = new AbortController();
  const aborted = world.client.one({}, { signal: controller.signal });
  await world.simulation.run();
  const reason = new TypeError("changed my mind");
  controller.abort(reason);
  const error = await world.failure(aborted);
  assertEquals(what(error), [Status.CANCELLED, "call aborted by its signal: changed my mind", "user"]);
  assertStrictEquals(error.cause, reason);
  const plain = new AbortController();
  const cancelled = world.client.one({}, { signal: plain.signal });
  plain.abort();
  assertEquals((await world.failure(cancelled)).details, "call aborted by its signal");
  assertEquals(world.sent.filter((line) => line.startsWith("RST_STREAM")), [
    "RST_STREAM 1 CANCEL",
    "RST_STREAM 3 CANCEL",
    "RST_STREAM 5 CANCEL",
  ]);
  const closed = world.client.one({});
  await world.simulation.run();
  world.channel.close();
  const last = await world.failure(closed);
  assertEquals([last.code, last.endedBy], [Status.UNAVAILABLE, "user"]);
  assertMatch(last.details, /channel closed by the application/);
  assert(last.cause instanceof Http2Error);
});
