// Handlers of response streams begin in groups, connections in turns; and what is not read is not made.
import { assertEquals } from "@std/assert";
import { Server } from "pollwire";
import type { ApplicationCallback } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Beginnings } from "../../../surface/server/beginnings.ts";
import { HandlerSlots } from "../../../surface/server/handler_slots.ts";
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

test("beginnings: 16 in one iteration of the loop, and connections that wait have their turns one handler at a time", () => {
  let later: (() => void) | undefined;
  const begun: string[] = [];
  const beginnings = new Beginnings(
    (closure) => void (later = closure),
    (callback) => callback.runCallback(),
  );
  const connection = (name: string, left: number) => {
    const one = {
      resume() {
        if (!beginnings.take()) return beginnings.enqueue(one);
        begun.push(name);
        if (--left > 0) beginnings.enqueue(one);
      },
    };
    beginnings.enqueue(one);
  };
  const iterations: string[] = [];
  const iterate = () => {
    const closure = later;
    later = undefined;
    closure?.();
    iterations.push(begun.splice(0).join(""));
  };
  connection("a", 30);
  connection("b", 3);
  connection("c", 20);
  for (let i = 0; i < 6; i++) iterate();
  assertEquals(iterations, [
    "abcabcabcacacaca",
    "cacacacacacacaca",
    "cacacacacacaaaaa",
    "aaaaa",
    "",
    "",
  ]);
  assertEquals(later, undefined);
  let alone = 0;
  while (beginnings.take()) alone++;
  assertEquals([alone, later !== undefined], [16, true]);
});

test("beginnings: a handler that ends gives its place to the next one, and calls that are answered at once wait for nothing", () => {
  let later: (() => void) | undefined;
  const beginnings = new Beginnings(
    (closure) => void (later = closure),
    (callback) => callback.runCallback(),
  );
  let [begun, left, atOnce] = [0, 100, false];
  const one = {
    resume() {
      if (!beginnings.take()) return beginnings.enqueue(one);
      begun++;
      if (--left > 0) beginnings.enqueue(one);
      if (atOnce) beginnings.ended();
    },
  };
  beginnings.enqueue(one);
  later!();
  assertEquals(begun, 16);
  for (let i = 0; i < 5; i++) beginnings.ended();
  assertEquals(begun, 21);
  atOnce = true;
  beginnings.ended();
  assertEquals([begun, left], [100, 0]);
  for (let i = 0; i < 100; i++) beginnings.ended();
  let more = 0;
  while (beginnings.take()) more++;
  assertEquals(more, 16, "those that ended in another iteration make no group larger");
});

/** A client that asks for streams of messages and reads as much of them as a test lets it. */
class Downloader {
  private id = 1;
  private readonly encoder = new Bench("client");
  constructor(readonly peer: RawPeer) {
    peer.send(PREFACE, setting(), SETTINGS_ACK);
  }

  ask(streams: number): void {
    const parts: Uint8Array[] = [];
    for (let i = 0; i < streams; i++, this.id += 2) {
      parts.push(
        this.encoder.headers(this.id, [
          [":method", "POST"],
          [":scheme", "http"],
          [":path", "/trial.Trial/Down"],
          [":authority", "test"],
          ["te", "trailers"],
          ["content-type", "application/grpc"],
        ]),
        data(this.id, new Uint8Array(5), END_STREAM),
      );
    }
    this.peer.send(...parts);
  }

  /** Streams whose status came. */
  get ended(): number {
    return this.peer.frames.filter((frame) => /^HEADERS \d+ end/.test(frame)).length;
  }
}

test("beginnings: of a hundred streams that a client does not read few begin; all are served when it reads", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host });
  const made: number[] = [];
  server.addService(Trial, {
    async *down() {
      const index = made.push(0) - 1;
      for (let i = 0; i < 4; i++) {
        made[index]!++;
        yield await Promise.resolve({ body: new Uint8Array(60_000) });
      }
    },
  });
  await server.listen(`${host.hostAddress}:80`);
  let client: Downloader | undefined;
  simulation.host().connect({ family: "ipv4", host: host.hostAddress, port: 80 }, {}, (result) => {
    if (result.ok) client = new Downloader(new RawPeer(result.value));
  });
  const pass = () => simulation.run({ until: simulation.now + 200 });
  await pass();
  client!.ask(100);
  await pass();
  // The connection's window lets one message out; eight streams wait then, and with them those of the same group.
  assertEquals(
    [made.length <= 16, made.reduce((sum, count) => sum + count, 0) <= 40],
    [true, true],
    String(made),
  );
  client!.peer.send(windowUpdate(0, 0x7000_0000));
  for (let id = 1; id < 200; id += 2) client!.peer.send(windowUpdate(id, 1_000_000));
  for (let i = 0; i < 20 && client!.ended < 100; i++) await pass();
  assertEquals([client!.ended, made.length, made.every((count) => count === 4)], [100, 100, true]);
  client!.peer.close();
  void server.shutdown();
  await simulation.run();
});

test("beginnings: a hundred streams that are answered at once wait for no iteration of the loop", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host });
  let [begun, seen] = [0, 0];
  server.addService(Trial, {
    *down() {
      if (++begun === 1) host.run(() => void (seen = begun)); // before the next group begins
      yield { number: 1 };
    },
  });
  await server.listen(`${host.hostAddress}:80`);
  let client: Downloader | undefined;
  simulation.host().connect({ family: "ipv4", host: host.hostAddress, port: 80 }, {}, (result) => {
    if (result.ok) client = new Downloader(new RawPeer(result.value));
  });
  const pass = () => simulation.run({ until: simulation.now + 200 });
  await pass();
  client!.ask(100);
  await pass();
  assertEquals([seen, begun, client!.ended], [100, 100, 100]);
  client!.peer.close();
  void server.shutdown();
  await simulation.run();
});

test("beginnings: where many streams of a client are not read each has one message queued, and one that is read goes on", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host });
  const made: number[] = [];
  server.addService(Trial, {
    async *down() {
      const index = made.push(0) - 1;
      for (;;) {
        made[index]!++;
        yield await Promise.resolve({ body: new Uint8Array(40_000) });
      }
    },
  });
  await server.listen(`${host.hostAddress}:80`);
  let client: Downloader | undefined;
  simulation.host().connect({ family: "ipv4", host: host.hostAddress, port: 80 }, {}, (result) => {
    if (result.ok) client = new Downloader(new RawPeer(result.value));
  });
  const pass = () => simulation.run({ until: simulation.now + 1_000 });
  await pass();
  client!.peer.send(windowUpdate(0, 0x7000_0000));
  client!.ask(100);
  for (let i = 0; i < 20 && made.length < 100; i++) await pass();
  // 65,535 octets of each are out. Of the first streams, while little waits in all, more than 64 KiB wait.
  const [most, ...counts] = [Math.max(...made.slice(0, 20)), ...made.slice(40)];
  assertEquals([made.length, most, counts.every((count) => count === 2)], [100, 4, true], String(made));
  client!.peer.send(windowUpdate(1, 10_000_000));
  await pass();
  assertEquals(made[0]! > 200, true, String(made));
  client!.peer.close();
  server.close();
  await simulation.run();
});

test("beginnings: connections whose calls wait take turns, and one with many does not come first again", () => {
  let later: (() => void) | undefined;
  const beginnings = new Beginnings(
    (closure) => void (later = closure),
    (callback) => callback.runCallback(),
  );
  const begun: string[] = [];
  const connection = (name: string, calls: number) => {
    const slots = new HandlerSlots(1_000, {
      beginnings,
      stalled: false,
      mayWait: () => true,
      schedule: (callback) => callback.runCallback(),
      waitingChanged() {},
      onFull() {},
    });
    for (let i = 0; i < calls; i++) {
      const call = { streamsResponses: true, runHandler: () => void begun.push(name) };
      if (slots.mayRun(call)) call.runHandler();
      else slots.wait(call);
    }
  };
  connection("a", 40);
  connection("b", 4);
  assertEquals(begun.splice(0).join(""), "a".repeat(16));
  later!();
  assertEquals(begun.splice(0).join(""), "abababab" + "a".repeat(8));
  later!();
  assertEquals(begun.splice(0).join(""), "a".repeat(12));
});

test("beginnings: [Q121] a handler that ends has the next one begin in a turn, and not on its stack", () => {
  const scheduled: ApplicationCallback[] = [];
  const schedule = (callback: ApplicationCallback): void => void scheduled.push(callback);
  const beginnings = new Beginnings(() => {}, schedule);
  const begun: number[] = [];
  const slots = new HandlerSlots(100, {
    beginnings,
    stalled: false,
    mayWait: () => true,
    schedule,
    waitingChanged() {},
    onFull() {},
  });
  const calls = Array.from({ length: 17 }, (_, i) => ({
    streamsResponses: true,
    runHandler: () => void begun.push(i),
  }));
  for (const call of calls) if (!slots.mayRun(call)) slots.wait(call);
  slots.release(calls[0]!);
  assertEquals([begun, scheduled.length > 0], [[], true]);
  for (const callback of scheduled.splice(0)) callback.runCallback();
  assertEquals(begun, [16]);
});

test("beginnings: all producers that waited for a client go on when it has read", async () => {
  const simulation = new Simulation();
  const host = simulation.host();
  const server = new Server({ poller: host });
  let resumed = 0;
  server.addService(Trial, {
    async *down(_request, { signal }) {
      yield { body: new Uint8Array(20_000) };
      resumed++;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
  });
  await server.listen(`${host.hostAddress}:80`);
  let client: Downloader | undefined;
  simulation.host().connect({ family: "ipv4", host: host.hostAddress, port: 80 }, {}, (result) => {
    if (result.ok) client = new Downloader(new RawPeer(result.value));
  });
  const pass = () => simulation.run({ until: simulation.now + 200 });
  await pass();
  client!.ask(14);
  await pass();
  assertEquals(resumed < 14, true, `${resumed} of 14`);
  client!.peer.send(windowUpdate(0, 0x7000_0000));
  await pass();
  assertEquals(resumed, 14);
  client!.peer.close();
  server.close();
  await simulation.run();
});
