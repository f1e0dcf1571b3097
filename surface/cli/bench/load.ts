// Load on one method: so many calls at once, over so many connections, as fast as they are answered or at a rate.

import { RpcError } from "../../call/rpc_error.ts";
import { statusName } from "../../call/status.ts";
import type { Channel } from "../../channel/channel.ts";
import type { CallOptions } from "../../client/call_options.ts";
import { createClient } from "../../promise/client.ts";
import {
  type MethodDescriptor,
  type ServiceDescriptor,
  streamsRequests,
  streamsResponses,
} from "../../proto/service.ts";
import { pause, Pauses } from "../pause.ts";
import { Histogram } from "./histogram.ts";

/** What is done. */
export interface LoadPlan {
  readonly service: ServiceDescriptor;
  readonly method: MethodDescriptor;
  /** Calls are spread over them. */
  readonly channels: readonly Channel[];
  /** Calls at once, over all channels. */
  readonly concurrency: number;
  /** Calls take them in turn; a stream of requests has all of them. */
  readonly messages: readonly unknown[];
  readonly options: CallOptions | undefined;
  /** Calls a second; undefined: as many as are answered. */
  readonly rate: number | undefined;
  readonly now: () => number;
}

/** Calls are ended once this has passed since the load's end. */
const GRACE_MS = 2_000;

type Invoke = (request: unknown, options?: CallOptions) => Promise<unknown> | AsyncIterable<unknown>;

/** Load that runs, and what has come of it. */
export class Load {
  latencies = new Histogram();
  /** Calls that ended, by status. */
  statuses = new Map<string, number>();
  /** Responses that were received. */
  responses = 0;
  private readonly stop = new AbortController();
  private readonly pauses = new Pauses(this.stop.signal);
  private readonly begin: number;
  /** Calls that took their turn, those of a warm-up among them. */
  private turns = 0;
  /** Those of them that wait until they are due. */
  private waiting = 0;
  /** The turn at which there are enough. */
  private last = Infinity;
  /** Calls whose end no longer counts: those of a warm-up. */
  private era = 0;

  constructor(private readonly plan: LoadPlan) {
    this.begin = plan.now();
  }

  /** Calls that ended. */
  get calls(): number {
    let sum = 0;
    for (const count of this.statuses.values()) sum += count;
    return sum;
  }

  /** Calls that ended with another status than OK. */
  get failed(): number {
    return this.calls - (this.statuses.get("OK") ?? 0);
  }

  /** What came so far does not count: it was a warm-up. `most`: calls to make from here on; undefined: until `end`. */
  measure(most = Infinity): void {
    this.last = this.turns - this.waiting + most;
    this.latencies = new Histogram();
    this.statuses = new Map();
    this.responses = 0;
    this.era++;
  }

  /** No further call begins. */
  end(): void {
    this.stop.abort();
  }

  /** Makes calls until there are as many as `measure` said or `end` is called; resolves once all are over, or ended after a while. */
  async run(): Promise<void> {
    const { channels, concurrency } = this.plan;
    const clients = channels.map((channel) => this.invoker(channel));
    const workers = Array.from({ length: concurrency }, (_, i) => this.work(clients[i % clients.length]!));
    const all = Promise.all(workers);
    const ended = new Promise<void>((resolve) => {
      if (this.stop.signal.aborted) resolve();
      else this.stop.signal.addEventListener("abort", () => resolve());
    });
    const over = new AbortController();
    void all.finally(() => over.abort());
    await Promise.race([all, ended]);
    await Promise.race([all, pause(GRACE_MS, over.signal)]);
    this.era++; // what ends by the channels' end is no result
    this.end();
  }

  private invoker(channel: Channel): Invoke {
    const client = createClient(this.plan.service, channel) as Record<string, unknown>;
    return client[this.plan.method.localName] as Invoke;
  }

  private async work(invoke: Invoke): Promise<void> {
    const { plan, stop: { signal } } = this;
    const { kind } = plan.method;
    const [sends, receives] = [streamsRequests(kind), streamsResponses(kind)];
    const { messages, options, now } = plan;
    while (!signal.aborted && this.turns < this.last) {
      const number = this.turns++;
      const due = plan.rate === undefined ? undefined : this.begin + number * 1000 / plan.rate;
      if (due !== undefined) {
        const early = due - now();
        this.waiting++;
        if (early > 0) await this.pauses.pause(early);
        this.waiting--;
        if (signal.aborted || number >= this.last) return;
      }
      const { era } = this;
      // At a rate a call's latency counts from when it was due: what waits for slow ones is slow too.
      const start = due ?? now();
      let responses = 0;
      let status = "OK";
      try {
        const answer = invoke(sends ? messages : messages[number % messages.length], options);
        if (receives) { for await (const _ of answer as AsyncIterable<unknown>) responses++; }
        else {
          await answer;
          responses = 1;
        }
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        status = statusName(error.code);
      }
      if (era === this.era) this.count(status, now() - start, responses);
    }
  }

  private count(status: string, ms: number, responses: number): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    this.responses += responses;
    this.latencies.record(ms);
  }
}
