// A client and a server on a simulated network, and random programs of calls whose every message can be checked.
import {
  type BidiStreaming,
  Channel,
  type Client,
  type ClientStreaming,
  createClient,
  Metadata,
  parseProto,
  RpcError,
  Server,
  type ServerCall,
  type ServerStreaming,
  type ServiceHandlers,
  type ServiceOf,
  Status,
  type Unary,
} from "pollwire";
import { type Conditions, type SeededRandom, Simulation } from "../../pollers/simulated/mod.ts";
import type { LocalSettings } from "../../transport/http2/settings.ts";
import { Accounts } from "./accounts.ts";
import { ModelError } from "./model_error.ts";

/** One message: whose it is, its place in the stream, and content that follows from both. */
export interface Part {
  call?: number;
  place?: number;
  body?: Uint8Array;
}

/** What a call asks of the server. */
export interface Job extends Part {
  count?: number;
  size?: number;
  pauseMs?: number;
  failWith?: number;
}

interface WorldProto {
  World: ServiceOf<{
    unary: Unary<Job, Part>;
    download: ServerStreaming<Job, Part>;
    upload: ClientStreaming<Job, Part>;
    chat: BidiStreaming<Job, Part>;
  }>;
}

const { World } = parseProto<WorldProto>(`
  syntax = "proto3";
  package simulation;
  message Part { uint32 call = 1; uint32 place = 2; bytes body = 3; }
  message Job {
    uint32 call = 1; uint32 place = 2; bytes body = 3;
    uint32 count = 4; uint32 size = 5; uint32 pause_ms = 6; uint32 fail_with = 7;
  }
  service World {
    rpc Unary(Job) returns (Part);
    rpc Download(Job) returns (stream Part);
    rpc Upload(stream Job) returns (Part);
    rpc Chat(stream Job) returns (stream Part);
  }
`);

/** The client's side of the service. */
export type WorldClient = Client<typeof World>;

/** The only content a message may have. */
export function bodyOf(call: number, place: number, size: number): Uint8Array {
  return new Uint8Array(size).fill((call * 31 + place * 7) & 255);
}

/** Throws unless `part` is number `place` of `call`. */
export function checkPart(part: Part, call: number, place: number): void {
  const { body = new Uint8Array(0) } = part;
  if ((part.call ?? 0) !== call || (part.place ?? 0) !== place) {
    throw new ModelError(
      `call ${call}: expected message ${place}, found ${part.place ?? 0} of call ${part.call ?? 0}`,
    );
  }
  const wanted = (call * 31 + place * 7) & 255;
  for (const byte of body) {
    if (byte !== wanted) throw new ModelError(`call ${call}: message ${place} holds other bytes`);
  }
}

/** What a world is made with. */
export interface WorldOptions {
  readonly seed: number;
  readonly conditions: Partial<Conditions>;
  readonly traceLines: number;
  /** The windows that each side announces. */
  readonly windows: { readonly client: Partial<LocalSettings>; readonly server: Partial<LocalSettings> };
}

/** One simulation with a server's host and a client's. */
export class SimulatedWorld {
  readonly simulation: Simulation;
  readonly random: SeededRandom;
  readonly clientHost;
  readonly serverHost;
  readonly channel: Channel;
  readonly client: WorldClient;
  /** How often the handler of each unary call has run: once at most, whatever was tried again. */
  readonly executions = new Map<number, number>();
  /** Handlers that run now. */
  handling = 0;
  /** What threw where nothing may: in handlers, in the library. */
  readonly thrown: unknown[] = [];
  /** Flow control on every connection there is. */
  readonly accounts: Accounts;
  private readonly serverSettings: Partial<LocalSettings>;
  private server: Server | undefined;

  constructor({ seed, conditions, traceLines, windows }: WorldOptions) {
    this.simulation = new Simulation({ seed, conditions, traceLines });
    this.random = this.simulation.random;
    this.serverHost = this.simulation.host();
    this.clientHost = this.simulation.host();
    this.accounts = new Accounts(this.simulation, this.clientHost, this.serverHost);
    this.serverSettings = windows.server;
    const target = `${this.serverHost.hostAddress}:50051`;
    this.channel = new Channel(target, {
      poller: this.clientHost,
      initialBackoffMs: 20,
      settings: windows.client,
      onError: (error) => void this.thrown.push(error),
    });
    this.client = createClient(World, this.channel);
  }

  /** Serves, unless a server is there. */
  async listen(): Promise<void> {
    if (this.server !== undefined) return;
    const server = this.server = new Server({
      poller: this.serverHost,
      settings: this.serverSettings,
      onError: (error) => void this.thrown.push(error),
    });
    server.addService(World, this.handlers());
    await server.listen("0.0.0.0:50051");
  }

  /** Ends the server: at once, or gracefully. */
  async stop(graceMs: number | undefined): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (server === undefined) return;
    if (graceMs === undefined) server.close();
    await server.shutdown(graceMs === undefined ? {} : { graceMs });
  }

  /** What is left open on both hosts, and who still holds the process; nothing, when all is over. */
  get left(): string[] {
    return [this.clientHost, this.serverHost].flatMap(({ opened, holds }) => [
      ...opened.all().map((one) => one.describe()),
      ...Array.from({ length: holds }, () => "a hold of the process"),
    ]);
  }

  private handlers(): ServiceHandlers<typeof World> {
    const tracked = async <T>(call: ServerCall, work: () => Promise<T>): Promise<T> => {
      this.handling++;
      try {
        return await work();
      } finally {
        this.handling--;
        void call;
      }
    };
    const pause = async (job: Job): Promise<void> => {
      if (job.pauseMs) await this.simulation.sleep(job.pauseMs);
    };
    const failIfAsked = (job: Job): void => {
      if (job.failWith) {
        throw new RpcError(job.failWith, `asked to ${job.call}`, {
          metadata: new Metadata({ "x-call": `${job.call}` }),
        });
      }
    };
    return {
      unary: (job, call) =>
        tracked(call, async () => {
          const id = job.call ?? 0;
          this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
          checkPart(job, id, 0);
          await pause(job);
          failIfAsked(job);
          return { call: job.call ?? 0, place: 0, body: bodyOf(job.call ?? 0, 0, job.size ?? 0) };
        }),
      download: (job) => this.download(job, pause, failIfAsked),
      upload: (jobs, call) =>
        tracked(call, async () => {
          let place = 0;
          let id = 0;
          for await (const job of jobs) {
            id = job.call ?? 0;
            checkPart(job, id, place++);
            await pause(job);
            failIfAsked(job);
          }
          return { call: id, place };
        }),
      chat: (jobs) => this.chat(jobs, pause, failIfAsked),
    };
  }

  private async *download(
    job: Job,
    pause: (job: Job) => Promise<void>,
    failIfAsked: (job: Job) => void,
  ): AsyncGenerator<Part> {
    this.handling++;
    try {
      const call = job.call ?? 0;
      for (let place = 0; place < (job.count ?? 0); place++) {
        if (place % 5 === 4) await pause(job);
        yield { call, place, body: bodyOf(call, place, job.size ?? 0) };
      }
      failIfAsked(job);
    } finally {
      this.handling--;
    }
  }

  private async *chat(
    jobs: AsyncIterable<Job>,
    pause: (job: Job) => Promise<void>,
    failIfAsked: (job: Job) => void,
  ): AsyncGenerator<Part> {
    this.handling++;
    try {
      let place = 0;
      for await (const job of jobs) {
        const call = job.call ?? 0;
        checkPart(job, call, place);
        await pause(job);
        failIfAsked(job);
        yield { call, place, body: bodyOf(call, place, job.size ?? 0) };
        place++;
      }
    } finally {
      this.handling--;
    }
  }
}

/** Statuses that faults of the network, restarts, deadlines and cancels may end a call with. */
export const FAULT_STATUSES: ReadonlySet<number> = new Set([
  Status.UNAVAILABLE,
  Status.DEADLINE_EXCEEDED,
  Status.CANCELLED,
]);
