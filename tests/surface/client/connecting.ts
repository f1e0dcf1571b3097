// A subchannel in virtual time, calls that only want a stream, and a server made of bytes.

import { parseTarget } from "../../../pollers/mod.ts";
import { Simulation } from "../../../pollers/simulated/mod.ts";
import { Backoff } from "../../../surface/client/backoff.ts";
import { type PendingCall, Subchannel } from "../../../surface/client/subchannel.ts";
import { type ClientTransport, type ConnectOptions, requestTemplate } from "../../../transport/mod.ts";
import { setting, SETTINGS_ACK } from "../../transport/http2/wire.ts";
import { listenAt, RawPeer } from "../../transport/raw_peer.ts";

const TEMPLATE = requestTemplate("/a.B/C", "test", "http", "test/1");
const MAX_CONCURRENT_STREAMS = 3;

/** A call that opens its stream and then waits for its status. */
export class Call implements PendingCall {
  transport: ClientTransport | undefined;

  constructor(readonly name: string, readonly waitForReady: boolean, private readonly log: string[]) {}

  attach(transport: ClientTransport): void {
    this.transport = transport;
    this.log.push(`${this.name} attached`);
    transport.open(TEMPLATE, undefined, undefined, this);
  }
  onUnavailable(reason: string): void {
    this.log.push(`${this.name} unavailable: ${reason}`);
  }
  onStatus(): void {
    this.log.push(`${this.name} ended`);
  }
  onHeaders(): void {}
  onMessage(): void {}
  onWritable(): void {}
  onSent(): void {}
}

/** What a bench is made with. */
export interface BenchOptions extends ConnectOptions {
  /** What it connects to; else the server's address, port 80. */
  readonly target?: string;
  /** Streams that the server allows at once. */
  readonly maxStreams?: number;
}

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
  readonly subchannel: Subchannel;
  /** Streams that the server allows at once, for connections from now on. */
  maxStreams: number | undefined;
  private calls = 0;

  constructor(options: BenchOptions = {}) {
    this.maxStreams = options.maxStreams;
    this.subchannel = new Subchannel(
      this.client,
      parseTarget(options.target ?? `${this.server.hostAddress}:80`),
      options,
      new Backoff(() => 0.5),
      (state) => this.states.push(`${Math.round(this.simulation.now)} ${state}`),
    );
  }

  /** Has the server listen; it answers every connection with its SETTINGS. */
  async listen() {
    const { listener } = await listenAt(this.server, (endpoint) => {
      const { maxStreams } = this;
      const pairs: Array<[number, number]> = maxStreams === undefined
        ? []
        : [[MAX_CONCURRENT_STREAMS, maxStreams]];
      const peer = new RawPeer(endpoint);
      this.peers.push(peer);
      peer.send(setting(...pairs), SETTINGS_ACK);
    });
    return listener;
  }

  /** From now on nothing of the client reaches the server, and nobody says so. */
  silence(): void {
    this.simulation.network.blackHole(this.client.hostAddress, this.server.hostAddress);
  }

  /** Makes a call, named "call 1" and so on. */
  call(waitForReady = false): Call {
    const call = new Call(`call ${++this.calls}`, waitForReady, this.log);
    this.turn(() => this.subchannel.submit(call));
    return call;
  }

  turn(closure: () => void): void {
    this.client.execCtx.enter(closure, undefined);
  }

  /** Lets `ms` pass. */
  pass(ms: number): Promise<void> {
    return this.simulation.run({ until: this.simulation.now + ms });
  }

  /** The times at which attempts began, since the last call. */
  attempts(): number[] {
    return this.states.splice(0).filter((line) => line.endsWith(" CONNECTING")).map((line) => parseInt(line));
  }

  /** What the client has open, described. */
  get open(): string[] {
    return [...this.client.opened].map((one) => one.describe());
  }
}
