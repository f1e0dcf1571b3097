// A route in virtual time, calls that only want a stream, and a server made of bytes.

import { parseTarget } from "../../../pollers/mod.ts";
import { type SimulatedEngine, Simulation } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/channel/backoff.ts";
import { EVERY_POLICY } from "../../../surface/channel/balancer/registry.ts";
import { ChannelRoute, type RouteOptions } from "../../../surface/channel/channel_route.ts";
import type { CallTracker } from "../../../surface/channel/call_tracker.ts";
import type { MethodConfig } from "../../../surface/channel/service_config/method_config.ts";
import type { CallPlace, PendingCall } from "../../../surface/client/call_route.ts";
import { type ClientTransport, requestTemplate } from "../../../transport/mod.ts";
import { ascii, END_HEADERS, END_STREAM, frame, setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { concat } from "../../bytes.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";
import { ROUTE_FEATURES } from "./every_feature.ts";

const TEMPLATE = requestTemplate("/a.B/C", "test", "http", "test/1");
const MAX_CONCURRENT_STREAMS = 3;

/** The answer to the call of stream `id`, trailers only: `:status` 200 and `grpc-status` 0. */
export function answer(id: number): Uint8Array {
  const name = ascii("grpc-status");
  const block = concat(Uint8Array.of(0x88, 0x00, name.length), name, Uint8Array.of(1, 0x30));
  return frame("HEADERS", END_STREAM | END_HEADERS, id, block);
}

/** A call that opens its stream and then waits for its status. */
export class Call implements PendingCall {
  isOver = false;
  /** Done when it ends. */
  then: () => void = () => {};
  transport: ClientTransport | undefined;
  waitsIn: CallPlace | undefined;
  tracker: CallTracker | undefined;
  readonly path = TEMPLATE.path;
  config: MethodConfig | undefined;

  constructor(readonly name: string, readonly waitForReady: boolean, private readonly bench: Bench) {}

  private get log(): string[] {
    return this.bench.log;
  }

  metadataValue(): undefined {}
  configure(config: MethodConfig): boolean {
    this.config = config;
    return true;
  }
  attach(transport: ClientTransport): void {
    this.transport = transport;
    this.log.push(`${this.name} attached`);
    transport.open(TEMPLATE, undefined, undefined, this);
  }
  pickAgain(): void {
    this.bench.route.submit(this);
  }
  onUnavailable(reason: string): void {
    this.log.push(`${this.name} unavailable: ${reason}`);
    this.end();
  }
  onStatus(): void {
    this.log.push(`${this.name} ended`);
    this.end();
  }
  withdraw(): void {
    this.bench.route.withdraw(this);
    this.end();
  }
  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.bench.route.callEnded();
    this.then();
  }
  onHeaders(): void {}
  onMessage(): void {}
  onWritable(): void {}
  onSent(): void {}
}

/** What a bench is made with. */
export interface BenchOptions extends Partial<RouteOptions> {
  /** What it connects to; else the server's address, port 80. */
  readonly target?: string;
  /** Streams that the server allows at once. */
  readonly maxStreams?: number;
  /** What the server does with a connection right after its SETTINGS. */
  readonly afterSettings?: (peer: RawPeer) => void;
}

/** The differences between neighbours. */
export const gaps = (times: number[]) => times.slice(1).map((time, i) => Math.round(time - times[i]!));

/** See the head of this file. Jitter is off, and the network takes 1 ms each way. */
export class Bench {
  readonly simulation = new Simulation();
  readonly client = this.simulation.host();
  readonly server = this.simulation.host();
  /** States with the time at which they began. */
  readonly states: string[] = [];
  /** What calls heard. */
  readonly log: string[] = [];
  /** The server's ends of the connections that were made. */
  readonly peers: RawPeer[] = [];
  readonly route: ChannelRoute;
  /** Streams that the server allows at once, for connections from now on. */
  maxStreams: number | undefined;
  private calls = 0;
  private readonly attemptsAt: number[] = [];

  constructor(private readonly options: BenchOptions = {}) {
    this.maxStreams = options.maxStreams;
    const connect = this.client.connect.bind(this.client);
    this.client.connect = (...parameters) => {
      this.attemptsAt.push(Math.round(this.simulation.now));
      return connect(...parameters);
    };
    this.route = new ChannelRoute(
      this.client,
      parseTarget(options.target ?? `${this.server.hostAddress}:80`),
      { ...ROUTE_FEATURES, ...options },
      () => new Backoff(() => 0.5),
      EVERY_POLICY.chosen("pick_first"),
      (state) => this.states.push(`${Math.round(this.simulation.now)} ${state}`),
    );
  }

  /** Has the server listen; it answers every connection with its SETTINGS. `other`: a host that allows streams, and does no more. */
  async listen(other?: SimulatedEngine) {
    const { listener } = await listenAt(other ?? this.server, (endpoint) => {
      const maxStreams = other === undefined ? this.maxStreams : undefined;
      const pairs: Array<[number, number]> = maxStreams === undefined
        ? []
        : [[MAX_CONCURRENT_STREAMS, maxStreams]];
      const peer = new RawPeer(endpoint);
      this.peers.push(peer);
      peer.send(setting(...pairs), SETTINGS_ACK);
      if (other === undefined) this.options.afterSettings?.(peer);
    });
    return listener;
  }

  /** From now on nothing of the client reaches the server, and nobody says so. */
  silence(): void {
    this.simulation.network.blackHole(this.client.hostAddress, this.server.hostAddress);
  }

  /** Makes a call, named "call 1" and so on. */
  call(waitForReady = false): Call {
    const call = new Call(`call ${++this.calls}`, waitForReady, this);
    this.turn(() => {
      this.route.callBegan();
      this.route.submit(call);
    });
    return call;
  }

  turn(closure: () => void): void {
    this.client.execCtx.enter(closure, undefined);
  }

  /** Lets `ms` pass. */
  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** Makes a call and has the server's newest connection answer it: its first, or that of stream `id`. */
  async answeredCall(id = 1): Promise<void> {
    this.call();
    await this.pass(10);
    this.peers.at(-1)!.send(answer(id));
    await this.pass(10);
  }

  /** The times at which attempts began, since the last call. */
  attempts(): number[] {
    return this.attemptsAt.splice(0);
  }

  /** What the client has open, described. */
  get open(): string[] {
    return this.client.opened.all().map((one) => one.describe());
  }
}
