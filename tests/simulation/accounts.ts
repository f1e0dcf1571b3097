// Flow control as bookkeeping: every octet of a window is in one account, and both ends keep the same books.
import type { SimulatedEndpoint } from "../../pollers/simulated/endpoint.ts";
import type { SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import { LocalCall } from "../../surface/blocking/local_call.ts";
import type { MessageStore } from "../../surface/call/message_store.ts";
import { StreamingResponseCall } from "../../surface/promise/streaming_calls.ts";
import { PromiseServerCall } from "../../surface/promise/server_calls.ts";
import { QueueClientCall } from "../../surface/queue/client_call.ts";
import { QueueServerCall } from "../../surface/queue/server_call.ts";
import { ClientReactorCall } from "../../surface/reactor/client_reactor_call.ts";
import { ServerReactorCall } from "../../surface/reactor/server_reactor_call.ts";
import { Driver } from "../../transport/driver.ts";
import { GrpcClientStream } from "../../transport/grpc/client_stream.ts";
import { Attempt } from "../../surface/client/attempts/attempt.ts";
import { Inflation } from "../../transport/grpc/inflation.ts";
import type { MessageReader } from "../../transport/grpc/message_reader.ts";
import { GrpcServerStream } from "../../transport/grpc/server_stream.ts";
import type { Connection } from "../../transport/http2/connection.ts";
import type { Stream } from "../../transport/http2/stream.ts";
import { Timer } from "../../transport/http2/timers.ts";
import type { MessageSink } from "../../transport/transport.ts";
import { ModelError } from "./model_error.ts";

/** Looks at every connection of a simulation before each event, when all promise continuations have run. */
export class Accounts {
  /** How many events lie between two looks; more where there are too many streams to look at each time. */
  interval = 1;
  /** How often both ends of a connection were compared with nothing on its way between them. */
  compared = 0;
  private events = 0;
  /** Connections that stand, by their endpoints. */
  private readonly live = new Map<SimulatedEndpoint, Driver>();
  /** What each open stream's receive window has grown by: it may grow and never shrinks. */
  private readonly growths = new WeakMap<Stream, number>();

  /** Connections make themselves known by their first output. */
  constructor(simulation: Simulation, ...hosts: SimulatedEngine[]) {
    for (const { execCtx } of hosts) {
      const touch = execCtx.touch.bind(execCtx);
      execCtx.touch = (flushable) => {
        if (flushable instanceof Driver && !flushable["over"]) {
          this.live.set(endpointOf(flushable), flushable);
        }
        touch(flushable);
      };
    }
    const schedule = simulation.schedule.bind(simulation);
    simulation.schedule = (at, closure) =>
      schedule(at, () => {
        if (++this.events % this.interval === 0) this.check();
        closure();
      });
  }

  /** What holds between any two events. */
  check(): void {
    for (const [endpoint, driver] of this.live) {
      if (driver["over"]) {
        this.live.delete(endpoint);
        checkOver(driver);
      } else if (!driver["connection"].closed) this.checkReceived(driver);
    }
    for (const [endpoint, driver] of this.live) {
      const other = this.live.get(endpoint.other);
      if (
        other !== undefined && driver["connection"].role === "client" && isQuiet(driver) && isQuiet(other)
      ) {
        this.compared++;
        checkSame(driver, other);
        checkSame(other, driver);
      }
    }
  }

  /** What holds when every call is over and nothing is left to happen: connections stand at both ends, and wait. */
  checkIdle(): void {
    this.check();
    for (const [endpoint, driver] of this.live) {
      const connection = driver["connection"];
      expect(driver, "connections at the other end", this.live.has(endpoint.other) ? 1 : 0, 1);
      expect(driver, "what it still does", busyWith(driver) ?? "nothing", "nothing");
      expect(driver, "open streams", connection.streams.size, 0);
      const keepaliveAt = connection.timers["deadlines"][Timer.KEEPALIVE]!; // a server's is always set
      expect(driver, "when it wants to be called", connection.nextTimeout(), keepaliveAt);
      expect(driver, "armed timers", driver["timer"] === undefined ? 0 : 1, keepaliveAt === Infinity ? 0 : 1);
      const queue = connection["queue"];
      const waiting = `${queue.waitingStreams}, ${queue.bytes}, ${
        queue["round"].length + queue["ends"].length
      }`;
      expect(driver, "streams that wait, their octets, and places of such", waiting, "0, 0, 0");
    }
  }

  /** What holds once both sides were closed. */
  checkOver(): void {
    this.check();
    for (const driver of this.live.values()) {
      expect(driver, "state", driver["connection"].closed ? "endpoint open" : "open", "over");
    }
  }

  /** The connection's window is free or about to be announced, whatever is held; streams grow within one bound. */
  private checkReceived(driver: Driver): void {
    const { flow, settings, streams } = driver["connection"];
    let grown = 0;
    for (const stream of streams.all()) {
      grown += stream.receiveWindow.growth;
      this.checkStream(driver, stream);
    }
    expect(driver, "growth of all streams", flow.grown, grown);
    if (grown > settings.windowGrowthSize) throw broken(driver, `windows have grown by ${grown}`);
    const { connectionWindow } = flow;
    const unclaimed = flow["unclaimed"];
    const whole = settings.connectionWindowSize;
    if (connectionWindow + unclaimed === whole) return;
    throw broken(
      driver,
      `receive window ${connectionWindow} and ${unclaimed} unclaimed ` +
        `make ${connectionWindow + unclaimed} of the ${whole} octets announced`,
    );
  }

  private checkStream(driver: Driver, stream: Stream): void {
    const connection = driver["connection"];
    checkCall(driver, stream);
    if (connection.timers.isSet(Timer.SETTINGS_ACK)) return; // the initial window is not agreed on yet
    const { available, unclaimed, unreleased, growth } = stream.receiveWindow;
    const { initialWindowSize, maxWindowSize } = connection.settings;
    const named = `stream ${stream.id}:`;
    const whole = available + unclaimed + unreleased;
    if (whole !== initialWindowSize + growth) {
      throw broken(
        driver,
        `${named} receive window ${available}, ${unclaimed} unclaimed and ${unreleased} unreleased ` +
          `make ${whole}, not the initial ${initialWindowSize} and what it has grown by, ${growth}`,
      );
    }
    const least = this.growths.get(stream) ?? 0;
    const most = Math.max(0, maxWindowSize - initialWindowSize);
    if (growth < least || growth > most) {
      throw broken(driver, `${named} its window has grown by ${growth}, not by ${least} to ${most}`);
    }
    if (growth > least) this.growths.set(stream, growth);
  }
}

function endpointOf(driver: Driver): SimulatedEndpoint {
  return driver["endpoint"] as SimulatedEndpoint;
}

/** What this side may send is what the other may receive; what waits, waits for a window. */
function checkSame(from: Driver, to: Driver): void {
  const [sender, receiver] = [from["connection"], to["connection"]];
  expect(from, "send window", sender.flow.sendWindow.available, receiver.flow.connectionWindow);
  expect(from, "open streams", sender.streams.size, receiver.streams.size);
  for (const stream of sender.streams.all()) {
    const twin = receiver.streams.get(stream.id);
    const named = `stream ${stream.id}:`;
    expect(from, `${named} twins`, twin === undefined ? 0 : 1, 1);
    expect(from, `${named} send window`, stream.sendWindow.available, twin!.receiveWindow.available);
    expect(from, `${named} END_STREAM sent`, stream.localClosed, twin!.remoteClosed);
    if (stream.hasQueued && maySend(sender, stream)) {
      throw broken(
        from,
        `${named} ${stream.queuedBytes} octets wait with windows of ${stream.sendWindow.available} and ${sender.flow.sendWindow.available}`,
      );
    }
  }
}

/** A stream holds back what lies before its reader, and nothing else. */
function checkCall(driver: Driver, stream: Stream): void {
  const { done, reader, call } = callOf(stream);
  if (done || reader === undefined) return;
  const named = `stream ${stream.id}:`;
  const unread = call instanceof Inflation
    ? (storeOf(call.sink)?.wireBytes ?? 0) + heldBytes(call)
    : storeOf(call)?.wireBytes ?? 0;
  expect(driver, `${named} octets of messages that were not taken`, reader["untakenBytes"], unread);
  // A DATA frame is in the account as a whole as soon as it begins.
  const frames = driver["connection"]["reader"];
  const coming = frames["inData"] && frames["dataStreamId"] === stream.id ? frames["dataLeft"] : 0;
  const unfinished = reader["prefixLength"] + reader["assembledBytes"] - reader["aheadBytes"];
  const held = unread - reader["untakenAheadBytes"] + unfinished + coming;
  expect(driver, `${named} unreleased octets`, stream.receiveWindow.unreleased, held);
}

function callOf({ id, sink }: Stream): { done: boolean; reader: MessageReader | undefined; call: unknown } {
  if (sink instanceof GrpcClientStream) {
    return { done: sink["done"], reader: sink["reader"], call: sink["sink"] };
  }
  if (sink instanceof GrpcServerStream) {
    return { done: sink["done"], reader: sink["reader"], call: sink["sink"] };
  }
  throw new TypeError(`Stream ${id} is no call`);
}

/** What waits to be inflated. */
function heldBytes(inflation: Inflation<MessageSink>): number {
  const held = inflation["held"];
  return held["end"] - held["start"];
}

/** Where a call keeps what was not read, in any style. */
function storeOf(call: unknown): MessageStore | undefined {
  if (call instanceof Attempt) return storeOf(call["owner"].call);
  if (call instanceof PromiseServerCall) return call["requests"]?.["stored"];
  if (call instanceof StreamingResponseCall) return call.responses["stored"];
  if (call instanceof QueueClientCall) return call["stored"];
  if (call instanceof LocalCall) return call.messages;
  if (call instanceof QueueServerCall) return call["stored"];
  if (call instanceof ClientReactorCall) return call["stored"];
  if (call instanceof ServerReactorCall) return call["stored"];
  return undefined;
}

function maySend(connection: Connection, stream: Stream): boolean {
  return stream.queuedBytes === 0 || connection.flow.sendable(stream) > 0;
}

/** A connection that was closed has let go of everything. */
function checkOver(driver: Driver): void {
  const { closed, streams } = driver["connection"];
  expect(driver, "closed", closed, true);
  expect(driver, "open streams after its end", streams.size, 0);
  expect(driver, "armed timers after its end", driver["timer"] === undefined ? 0 : 1, 0);
}

/** Nothing of what this end sent is on its way, and nothing that it received waits. */
function isQuiet(driver: Driver): boolean {
  return busyWith(driver) === undefined;
}

function busyWith(driver: Driver): string | undefined {
  const connection = driver["connection"];
  const endpoint = endpointOf(driver);
  if (connection.closed) return "closing";
  if (driver.flushScheduled) return "about to write";
  if (connection.outputBytes > 0) return `has ${connection.outputBytes} octets to write`;
  if (driver["writing"]) return `writes ${driver["output"]!.byteLength} octets`;
  if (endpoint["travelling"] > 0) return `has ${endpoint["travelling"]} octets on their way`;
  if (endpoint["receivedBytes"] > 0) return `has ${endpoint["receivedBytes"]} octets to read`;
  if (endpoint["lost"] || endpoint["sawEnd"] || endpoint["failure"] !== undefined) return "lost";
  return !connection.timers.isSet(Timer.SETTINGS_ACK)
    ? undefined
    : "waits for the acknowledgement of its SETTINGS";
}

function expect(driver: Driver, what: string, found: unknown, wanted: unknown): void {
  if (found !== wanted) throw broken(driver, `${what}: found ${found}, must be ${wanted}`);
}

function broken(driver: Driver, what: string): ModelError {
  return new ModelError(`${driver["connection"].role} ${endpointOf(driver).describe()}: ${what}`);
}
