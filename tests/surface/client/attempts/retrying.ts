// A channel with a service config and servers that do with each attempt what the test says, in virtual time.

import {
  Channel,
  type ChannelOptions,
  createClient,
  type ErrorStatusName,
  insecure,
  type JsonHedgingPolicy,
  type JsonRetryPolicy,
  type Metadata,
  RpcError,
  Server,
  type ServerCall,
  type ServerOptions,
} from "pollwire";
import { Simulation } from "../../../../pollers/simulated/mod.ts";
import { callContext } from "../../../../surface/channel/channel.ts";
import type { CallContext } from "../../../../surface/client/call_context.ts";
import { collect, type Note, sum, Trial, type TrialClient } from "../../serving.ts";

/** One attempt, as the server sees it. */
export interface Seen {
  readonly call: ServerCall;
  readonly metadata: Metadata;
  /** Attempts before it, counted by the server. */
  readonly nth: number;
}

/** What becomes of an attempt: it is answered, or fails by what is thrown. */
export type Script = (seen: Seen) => void | Promise<void>;

/** Fails with `status`; `pushback` is what the server says of the next attempt. */
export function fail(status: ErrorStatusName, pushback?: string): never {
  throw new RpcError(status, "said the server", {
    metadata: pushback === undefined ? {} : { "grpc-retry-pushback-ms": pushback },
  });
}

/** A policy of four attempts after 100, 200 and 300 ms, where a test says nothing else. */
export const retry = (policy: Partial<JsonRetryPolicy> = {}) => ({
  retryPolicy: {
    maxAttempts: 4,
    initialBackoff: "0.1s",
    maxBackoff: "0.3s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"] as const,
    ...policy,
  },
});

/** Three attempts, one each 100 ms. */
export const hedge = (policy: Partial<JsonHedgingPolicy> = {}) => ({
  hedgingPolicy: {
    maxAttempts: 3,
    hedgingDelay: "0.1s",
    nonFatalStatusCodes: ["UNAVAILABLE"] as const,
    ...policy,
  },
});

/** See the head of this file. The network takes 1 ms each way; waits have no jitter unless `random` is set. */
export class RetryingWorld {
  readonly simulation = new Simulation();
  readonly at = this.simulation.host();
  readonly host = this.simulation.host();
  readonly server: Server;
  readonly channel: Channel;
  readonly client: TrialClient;
  readonly context: CallContext;
  /** When attempts came to the server, and what they said of those before: "0 -", "100 1". */
  readonly seen: string[] = [];
  /** What jitter is made of. */
  random = 0.5;
  private nth = 0;

  constructor(
    method: object,
    private readonly script: Script,
    options: ChannelOptions & { throttling?: object; server?: ServerOptions } = {},
  ) {
    this.host.random = () => this.random;
    const { throttling, server = {}, ...rest } = options;
    this.server = new Server({ poller: this.at, credentials: insecure, ...server });
    this.channel = new Channel(`${this.at.hostAddress}:80`, {
      poller: this.host,
      credentials: insecure,
      serviceConfig: {
        methodConfig: [{ name: [{}], ...method }],
        ...(throttling === undefined ? {} : { retryThrottling: throttling }),
      },
      ...rest,
    } as ChannelOptions);
    this.context = callContext("test", this.channel);
    this.client = createClient(Trial, this.channel);
    this.server.addService(Trial, {
      one: async (request, call) => (await this.play(call), request),
      down: async function* (this: undefined, request: Note, call: ServerCall) {
        yield* world.numbers(request, call);
      },
      up: async (requests, call) => {
        const notes = await collect(requests);
        await this.play(call);
        return { number: sum(notes), text: notes.map(({ number }) => number).join() };
      },
      both: async function* (this: undefined, requests: AsyncIterable<Note>, call: ServerCall) {
        const notes = await collect(requests);
        await world.play(call);
        yield* notes;
      },
    });
    // deno-lint-ignore no-this-alias
    const world = this;
  }

  private async *numbers(request: Note, call: ServerCall): AsyncGenerator<Note> {
    await this.play(call);
    for (let number = 1; number <= request.number!; number++) yield { number };
  }

  private async play(call: ServerCall): Promise<void> {
    const before = call.metadata.get("grpc-previous-rpc-attempts") ?? "-";
    this.seen.push(`${Math.round(this.simulation.now)} ${before}`);
    await this.script({ call, metadata: call.metadata, nth: this.nth++ });
  }

  /** Begins to listen and connects, so that calls begin at a round time: at 1,000 ms, and take 1 ms to the server. */
  async ready(): Promise<this> {
    await this.server.listen("0.0.0.0:80");
    this.channel.connect();
    await this.run(999);
    return this;
  }

  run(untilMs: number): Promise<void> {
    return this.simulation.run({ until: untilMs });
  }

  /** Attempts with the time since 1,000 ms. */
  get attempts(): string[] {
    return this.seen.map((one) => {
      const [at, before] = one.split(" ");
      return `${Number(at) - 1_000} ${before}`;
    });
  }

  /** What `call` gives or its error, after so much time; both sides are closed then. */
  async outcome<T>(call: Promise<T>, untilMs = 60_000): Promise<T | RpcError> {
    const ended = call.catch((error: RpcError) => error);
    await this.run(untilMs);
    this.channel.close();
    this.server.close();
    await this.run(untilMs + 100_000);
    return await ended;
  }
}
