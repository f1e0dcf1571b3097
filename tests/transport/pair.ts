// Two HTTP/2 connections wired to each other under a virtual clock, with recording sinks and a step limit.

import { SliceBuffer } from "../../pollers/contract/slice_buffer.ts";
import type { SeededRandom } from "../../pollers/simulated/seeded_random.ts";
import type { Driver } from "../../transport/driver.ts";
import type { HeaderList } from "../../transport/hpack/header_list.ts";
import { Connection, type ConnectionOptions } from "../../transport/http2/connection.ts";
import { errorCodeName, type Http2Error } from "../../transport/http2/error.ts";
import { serverHalf } from "../../transport/http2/server_half.ts";
import type { LocalSettings, PeerSettings } from "../../transport/http2/settings.ts";
import type { ConnectionSink, StreamSink } from "../../transport/http2/sink.ts";
import type { Stream } from "../../transport/http2/stream.ts";

/** What makes a connection one of `role`. */
export function sideOf(role: "client" | "server"): ConnectionOptions {
  return role === "server" ? { server: serverHalf } : {};
}

/** `kind CODE initiator`, and `unprocessed` where it is said; "ok" for none. */
export function brief(error: Http2Error | undefined): string {
  if (error === undefined) return "ok";
  const unprocessed = error.unprocessed ? " unprocessed" : "";
  return `${error.kind} ${errorCodeName(error.code)} ${error.initiator}${unprocessed}`;
}

/** Writes down what a connection says, one line an event, and keeps what tests look at. */
export class Recorder implements ConnectionSink, StreamSink {
  readonly events: string[] = [];
  readonly streams: Stream[] = [];
  readonly bodies = new Map<number, number[]>();
  readonly headers = new Map<number, HeaderList>();
  readonly trailers = new Map<number, HeaderList>();
  readonly received = new Map<number, number>();
  error: Http2Error | undefined;
  streamErrors = new Map<number, Http2Error | undefined>();
  /** Called after an event was written down; lets a test answer from inside a callback. */
  on: (event: string, stream: Stream | undefined, endStream: boolean) => void = () => {};
  /** `onOutput` was called since everything was transmitted last. */
  toldOfOutput = false;
  /** Whether `bodies` are kept. */
  keepBodies = true;

  onOutput(): void {
    this.toldOfOutput = true;
  }
  onSettings(_settings: PeerSettings): void {
    this.note("settings");
  }
  onStream(stream: Stream): StreamSink {
    this.streams.push(stream);
    return this;
  }
  onCanOpen(): void {
    this.note("canOpen");
  }
  onGoAway(lastStreamId: number, error: Http2Error): void {
    this.note(`goaway ${lastStreamId} ${brief(error)}`);
  }
  onPong(opaque: number): void {
    this.note(`pong ${opaque}`);
  }
  onHeaders(stream: Stream, headers: HeaderList, endStream: boolean): void {
    this.headers.set(stream.id, headers);
    this.note(`headers ${stream.id}${endStream ? " end" : ""}`, stream, endStream);
  }
  onData(stream: Stream, from: Uint8Array, start: number, end: number, endStream: boolean): void {
    const bytes = from.subarray(start, end);
    this.received.set(stream.id, (this.received.get(stream.id) ?? 0) + bytes.length);
    if (this.keepBodies) {
      const body = this.bodies.get(stream.id) ?? [];
      for (const byte of bytes) body.push(byte);
      this.bodies.set(stream.id, body);
    }
    this.note(`data ${stream.id} ${bytes.length}${endStream ? " end" : ""}`, stream, endStream);
  }
  onTrailers(stream: Stream, trailers: HeaderList): void {
    this.trailers.set(stream.id, trailers);
    this.note(`trailers ${stream.id}`, stream, true);
  }
  onSent(): void {}
  onWritable(stream: Stream): void {
    this.note(`writable ${stream.id}`, stream);
  }
  onClosed(streamOrError: Stream | Http2Error | undefined, error?: Http2Error): void {
    if (streamOrError !== undefined && "id" in streamOrError) {
      this.streamErrors.set(streamOrError.id, error);
      this.note(`closed ${streamOrError.id} ${brief(error)}`, streamOrError);
      return;
    }
    this.error = streamOrError;
    this.note(`connection closed ${brief(streamOrError)}`);
  }

  /** The events since the last call. */
  take(): string[] {
    return this.events.splice(0);
  }

  private note(event: string, stream?: Stream, endStream = false): void {
    this.events.push(event);
    this.on(event, stream, endStream);
  }
}

/** A recorder whose connection has a driver, which it tells of output and ends. */
export class DrivenRecorder extends Recorder {
  driver: Driver | undefined;
  override onOutput(): void {
    this.driver?.touch();
  }
  override onClosed(streamOrError: Stream | Http2Error | undefined, error?: Http2Error): void {
    super.onClosed(streamOrError, error);
    this.driver?.touch();
  }
}

/** How many bytes of the rest the next `receive` gets. */
export type Split = (rest: number) => number;

/** All that was transmitted, at once. */
export const whole: Split = (rest) => rest;
/** One byte at a time. */
export const bytewise: Split = () => 1;
/** Pieces of random size. */
export function randomly(random: SeededRandom, most: number): Split {
  return () => 1 + random.below(most);
}

/** Takes everything `connection` has to transmit, as one array that nobody writes to again. */
export function drainOutput(connection: Connection): Uint8Array {
  const all = new SliceBuffer();
  for (let steps = 0; connection.wantsTransmit; steps++) {
    if (steps > 10_000) throw new Error("Connection still wants to transmit after 10,000 transmits");
    transmitOnce(connection, all);
  }
  return all.join();
}

/** One transmit, copied out, and acknowledged as written. An Error where there is output of which nobody was told. */
export function transmitOnce(connection: Connection, into: SliceBuffer): number {
  const { sink } = connection;
  if (sink instanceof Recorder && connection.wantsTransmit && !sink.toldOfOutput) {
    throw new Error("There is output, and onOutput was not called: it would wait for other output");
  }
  const out = new SliceBuffer();
  connection.transmit(out);
  into.append(out.join().slice());
  connection.transmitted();
  if (sink instanceof Recorder && !connection.wantsTransmit) sink.toldOfOutput = false;
  return out.byteLength;
}

/** A client and a server that have exchanged their SETTINGS, unless `start` is false. */
export class Pair {
  now = 1_000;
  readonly clientSink = new Recorder();
  readonly serverSink = new Recorder();
  readonly client: Connection;
  readonly server: Connection;
  split: Split = whole;
  /** Gets the bytes of each transmit of either side. */
  onTransmit: (bytes: Uint8Array) => void = () => {};

  constructor(
    options: { client?: Partial<LocalSettings>; server?: Partial<LocalSettings>; start?: boolean } = {},
  ) {
    this.client = new Connection({ settings: options.client ?? {} }, this.clientSink);
    const { server = {} } = options;
    this.server = new Connection({ server: serverHalf, settings: server }, this.serverSink);
    if (options.start === false) return;
    this.client.start(this.now);
    this.server.start(this.now);
    this.run();
    this.clientSink.take();
    this.serverSink.take();
  }

  /** Carries bytes both ways until neither side has any; an Error after `limit` steps. */
  run(limit = 10_000): void {
    for (let steps = 0; this.client.wantsTransmit || this.server.wantsTransmit; steps++) {
      if (steps >= limit) throw new Error(`Pair is not at rest after ${limit} steps`);
      this.carry(this.client, this.server);
      this.carry(this.server, this.client);
    }
  }

  /** One transmit of `from`, received by `to`. */
  carry(from: Connection, to: Connection): number {
    const buffer = new SliceBuffer();
    transmitOnce(from, buffer);
    const bytes = buffer.join();
    this.onTransmit(bytes);
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + this.split(bytes.length - at));
      to.receive(bytes.subarray(at, end), this.now);
      at = end;
    }
    return bytes.length;
  }
}
