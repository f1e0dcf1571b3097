// A client's host and servers' hosts in virtual time, and the owner of an attempt to connect between them.
import { assertEquals } from "@std/assert";
import type { SocketAddress } from "../../pollers/mod.ts";
import { type SimulatedEngine, Simulation } from "../../pollers/simulated/mod.ts";
import { type ConnectOptions, Handshake, type HandshakeOwner } from "../../transport/handshake.ts";
import type { Http2Error } from "../../transport/http2/error.ts";
import type { ClientTransport, ClientTransportSink } from "../../transport/transport.ts";
import { counted } from "../counted_engine.ts";
import { brief } from "./pair.ts";
import { listenAt, RawPeer } from "./raw_peer.ts";

/** Writes down what the owner of an attempt receives, with the time. */
export class Owner implements HandshakeOwner, ClientTransportSink {
  readonly sink = this;
  readonly heard: string[] = [];
  failure = "";
  transport: ClientTransport | undefined;

  constructor(private readonly engine: SimulatedEngine) {}

  onHandshakeDone(_handshake: Handshake, transport: ClientTransport): void {
    this.transport = transport;
    this.note("connected");
  }
  onHandshakeFailed(_handshake: Handshake, reason: string): void {
    this.failure = reason;
    this.note("failed");
  }
  onCanOpen(): void {
    this.note("canOpen");
  }
  onDraining(): void {
    this.note("draining");
  }
  onClosed(error: Http2Error | undefined): void {
    this.note(`closed ${brief(error)}`);
  }

  private note(what: string): void {
    this.heard.push(`${Math.round(this.engine.now())} ${what}`);
  }
}

/** A client's host, a server's host, and a network between them that takes 10 ms each way. */
export class ConnectingWorld {
  readonly simulation = new Simulation({ conditions: { latencyMs: 10 } });
  readonly client = this.simulation.host();
  readonly server = this.simulation.host();
  readonly owner = new Owner(this.client);
  protected readonly accounts = counted(this.client);
  readonly peers: RawPeer[] = [];
  at: SocketAddress = { family: "ipv4", host: this.server.hostAddress, port: 80 };

  /** A server that does `answer` at the first bytes of each client, or nothing. */
  async serve(answer: (peer: RawPeer) => void = () => {}, port = 80): Promise<SocketAddress> {
    const { at } = await listenAt(this.server, (endpoint) => {
      let answered = false;
      this.peers.push(
        new RawPeer(endpoint, (peer) => {
          if (!answered) answer(peer);
          answered = true;
        }),
      );
    }, port);
    return at;
  }

  connect(options: ConnectOptions = {}): Handshake {
    return new Handshake(this.accounts.engine, this.at, options, this.owner);
  }

  /** Timers, attempts and endpoints that the client's side has not given back. */
  get left(): string[] {
    return this.accounts.left();
  }

  /** Lets everything happen, and looks whether anything was left behind. */
  async rest(): Promise<void> {
    await this.simulation.run({ until: 200_000 });
    assertEquals([...this.client.opened].map((one) => one.describe()), [], "something is left open");
    assertEquals(this.left, []);
  }
}
