// From every callback of a transport and of its streams the application calls back into everything: each stream and each
// transport ends once, nothing comes after its end, and no event of the connection is inside another one.
import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../pollers/simulated/seeded_random.ts";
import { Simulation } from "../../pollers/simulated/mod.ts";
import { Reporter } from "../../pollers/log/mod.ts";
import { Http2ClientTransport } from "../../transport/client_transport.ts";
import { requestTemplate } from "../../transport/grpc/headers.ts";
import { TransportAcceptor } from "../../transport/accept.ts";
import type {
  ClientStream,
  MessageStream,
  ServerStream,
  ServerTransport,
} from "../../transport/transport.ts";
import { test } from "../harness.ts";
import { message } from "./grpc/recording_call.ts";

const TEMPLATE = requestTemplate("/a.B/C", "test", "http", "test/1");
/** Calls that one program opens, and times that it calls back. */
const MOST_CALLS = 40;
const MOST_ACTS = 400;

/** One client and one server, whose callbacks do something drawn from the seed. */
class Program {
  readonly wrong: string[] = [];
  readonly simulation: Simulation;
  client!: Http2ClientTransport;
  server!: ServerTransport;
  /** What was opened on each side and has not ended. */
  private readonly open = new Map<object, string>();
  private readonly clientStreams: ClientStream[] = [];
  private readonly serverStreams: ServerStream[] = [];
  /** Streams on which nothing more may be sent. */
  private readonly finished = new Set<object>();
  private readonly ended = { client: 0, server: 0 };
  /** The event of each side's connection that is being called. */
  private readonly inside = { client: "", server: "" };
  private opened = 0;
  private acts = 0;

  constructor(private readonly random: SeededRandom, seed: number) {
    this.simulation = new Simulation({ seed });
  }

  async run(): Promise<void> {
    const host = this.simulation.host();
    const [ours, theirs] = await host.pair();
    const reporter = new Reporter({ onError: (error) => void this.wrong.push(`thrown: ${error}`) });
    const settings = { maxConcurrentStreams: 4 };
    this.server = new TransportAcceptor(host, { reporter, settings }).accept(theirs, {
      onStream: (stream) => this.serve(stream),
      onUnstalled: () => this.event("server", "onUnstalled"),
      onClosed: () => this.closed("server"),
    });
    this.client = new Http2ClientTransport(host, ours, { reporter }, {
      onCanOpen: () => this.event("client", "onCanOpen"),
      onDraining: () => this.event("client", "onDraining"),
      onClosed: () => this.closed("client"),
    }, () => this.event("client", "onReady"));
    await this.simulation.run({ until: this.simulation.now + 1_000 });
    for (let i = 0; i < 10; i++) host.execCtx.enter(() => this.act(), undefined);
    await this.simulation.run({ until: this.simulation.now + 60_000 });
    host.execCtx.enter(() => {
      this.client.close("over");
      this.server.close("over");
    }, undefined);
    await this.simulation.run({ until: this.simulation.now + 60_000 });
    for (const name of this.open.values()) this.wrong.push(`${name} never ended`);
    if (this.ended.client !== 1 || this.ended.server !== 1) {
      this.wrong.push(`ends: ${JSON.stringify(this.ended)}`);
    }
  }

  private event(side: "client" | "server", name: string): void {
    if (this.ended[side] > 0) this.wrong.push(`${name} after the end of the ${side}`);
    if (this.inside[side] !== "") this.wrong.push(`${name} of the ${side} inside ${this.inside[side]}`);
    const { inside } = this;
    inside[side] = name;
    this.act();
    inside[side] = "";
  }

  private closed(side: "client" | "server"): void {
    const left = [...this.open.values()].filter((name) => name.startsWith(side));
    if (left.length > 0) this.wrong.push(`the ${side} has ended before ${left.join(", ")}`);
    this.event(side, "onClosed");
    this.ended[side]++;
  }

  /** The sink of one stream; `side` and a number are its name. */
  private sinkOf(side: "client" | "server", release: (bytes: number) => void) {
    const name = `${side}'s stream ${++this.opened}`;
    const sink = {
      onHeaders: () => heard("onHeaders"),
      onMessage: (_bytes: Uint8Array, wireBytes: number) => {
        heard("onMessage");
        if (this.open.has(sink)) release(wireBytes);
      },
      onHalfClose: () => heard("onHalfClose"),
      onWritable: () => heard("onWritable"),
      onSent: () => {},
      onStatus: () => end(),
      onClosed: () => end(),
    };
    const heard = (event: string) => {
      if (!this.open.has(sink)) this.wrong.push(`${event} of ${name} after its end`);
      this.act();
    };
    const end = () => {
      if (!this.open.delete(sink)) this.wrong.push(`${name} has ended twice`);
      this.act();
    };
    this.open.set(sink, name);
    return sink;
  }

  private serve(stream: ServerStream) {
    this.serverStreams.push(stream);
    return this.sinkOf("server", (bytes) => stream.release(bytes));
  }

  private call(): void {
    if (!this.client.canOpen || this.opened >= MOST_CALLS) return;
    let made: ClientStream | undefined = undefined;
    const sink = this.sinkOf("client", (bytes) => made!.release(bytes));
    made = this.client.open(TEMPLATE, undefined, undefined, sink);
    if (made !== undefined) this.clientStreams.push(made);
  }

  /** A message, which may be the last one of a client's. */
  private send(stream: MessageStream | undefined, last: boolean): void {
    if (stream === undefined || this.finished.has(stream)) return;
    if (last) this.finished.add(stream);
    stream.sendMessage(message(this.random.pick([1, 100, 70_000])), last);
  }

  /** What ends one side of a stream. */
  private last<S extends MessageStream>(stream: S | undefined, end: (stream: S) => void): void {
    if (stream === undefined || this.finished.has(stream)) return;
    this.finished.add(stream);
    end(stream);
  }

  /** One or two commands, of whatever is there. */
  private act(): void {
    if (this.acts++ > MOST_ACTS) return;
    const { random, client, server } = this;
    for (let i = random.between(1, 2); i > 0; i--) {
      const ours = this.clientStreams.length === 0 ? undefined : random.pick(this.clientStreams);
      const theirs = this.serverStreams.length === 0 ? undefined : random.pick(this.serverStreams);
      const chance = random.below(100);
      if (chance < 40) this.call();
      else if (chance < 52) this.send(ours, random.chance(0.5));
      else if (chance < 60) this.last(ours, (one) => one.halfClose());
      else if (chance < 68) ours?.cancel(1, "as drawn");
      else if (chance < 80) this.send(theirs, false);
      else if (chance < 90) this.last(theirs, (one) => one.sendStatus(0, "", undefined));
      else if (chance < 95) theirs?.cancel("as drawn");
      else if (chance === 95) client.drain("as drawn");
      else if (chance === 96) server.drain("as drawn");
      else if (chance === 97) client.close("as drawn");
      else if (chance === 98) server.close("as drawn");
    }
  }
}

for (const first of [1, 101]) {
  test(
    `[Q123] a transport whose callbacks call back into everything, seeds ${first} to ${first + 99}`,
    async () => {
      const failed: string[] = [];
      for (let seed = first; seed < first + 100; seed++) {
        const program = new Program(new SeededRandom(seed), seed);
        await program.run();
        if (program.wrong.length > 0) failed.push(`seed ${seed}: ${[...new Set(program.wrong)].join("; ")}`);
      }
      assertEquals(failed, []);
    },
    { timeoutMs: 60_000 },
  );
}
