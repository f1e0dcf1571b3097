// A client and a server on a simulated network, with every style on both sides.
import {
  Channel,
  type CompletionType,
  type Compression,
  createClient,
  type JsonMethodConfig,
  type Logger,
  Server,
} from "pollwire";
import {
  type Conditions,
  SeededRandom,
  type SimulatedEngine,
  Simulation,
} from "../../pollers/simulated/mod.ts";
import type { LocalSettings } from "../../transport/http2/settings.ts";
import { Accounts } from "./accounts.ts";
import { admission, isRefused, observer } from "./admission.ts";
import { Duties } from "./duties.ts";
import { NestedCalls } from "./nested.ts";
import { type Process, wait } from "./process.ts";
import { PromiseHandlers } from "./servers/promise.ts";
import { ServerQueues } from "./servers/queue.ts";
import { ReactorHandlers } from "./servers/reactor.ts";
import { services } from "./service.ts";
import type { Setting } from "./setting.ts";
import { Tags } from "./tags.ts";

/** What a world is made with. */
export interface WorldOptions {
  readonly seed: number;
  readonly conditions: Partial<Conditions>;
  readonly traceLines: number;
  /** Interceptors, observers and a limit of streams, or not: as its seed says. */
  readonly isVaried?: boolean;
  /** Its clients block. Default false. */
  readonly blocks?: boolean;
  /** Both sides compress, as the seed says. Default false: how large what is compressed becomes differs between runtimes. */
  readonly compresses?: boolean;
  /** Calls have a retry or hedging policy, as the seed says, by which none has a second attempt. Default false. */
  readonly hasPolicy?: boolean;
  /** The windows that each side announces. */
  readonly windows: { readonly client: Partial<LocalSettings>; readonly server: Partial<LocalSettings> };
}

const PORT = 50_051;
/** Calls may be slower than the end of their server or channel, which is said of their reactors. */
const QUIET: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** One simulation with a server's host and a client's. */
export class SimulatedWorld implements Setting {
  readonly simulation: Simulation;
  readonly random: SeededRandom;
  readonly choices: SeededRandom;
  readonly blocks: boolean;
  readonly clientHost: SimulatedEngine;
  readonly serverHost: SimulatedEngine;
  /** Whose connections the server's own calls have. */
  private readonly relayHost: SimulatedEngine;
  readonly channel: Channel;
  readonly nested: NestedCalls;
  readonly client;
  /** How often the handler of each unary call has run: once at most, whatever was tried again. */
  readonly executions = new Map<number, number>();
  readonly duties = new Duties();
  /** Queues that were made. */
  readonly queues: Tags[] = [];
  handling = 0;
  calling = 0;
  /** What threw where nothing may: in handlers, in the library. */
  readonly thrown: unknown[] = [];
  /** Flow control on every connection there is. */
  readonly accounts: Accounts;
  /** Whether an interceptor admits the calls. */
  readonly intercepts: boolean;
  private readonly observes: boolean;
  private readonly seed: number;
  private readonly compression: { readonly client: Compression; readonly server: Compression };
  private readonly serverSettings: Partial<LocalSettings>;
  private server: { readonly server: Server; readonly queues: ServerQueues } | undefined;

  constructor(options: WorldOptions) {
    const { seed, conditions, traceLines, windows, isVaried = false, blocks = false } = options;
    this.simulation = new Simulation({ seed, conditions, traceLines });
    this.random = this.simulation.random;
    this.choices = new SeededRandom(seed ^ 0x57_11e5);
    this.serverHost = this.simulation.host();
    this.clientHost = this.simulation.host();
    const relayHost = this.relayHost = this.simulation.host();
    this.accounts = new Accounts(this.simulation, this.clientHost, this.serverHost, relayHost);
    this.seed = seed;
    const compression = new SeededRandom(seed ^ 0x0_21b);
    const drawn = (): Compression =>
      options.compresses ? compression.pick(["gzip", "gzip", "deflate", "identity"]) : "identity";
    this.compression = { client: drawn(), server: drawn() };
    this.blocks = blocks;
    const { choices } = this;
    this.intercepts = isVaried && choices.chance(0.3);
    this.observes = isVaried && choices.chance(0.3);
    const isNarrow = isVaried && choices.chance(0.2);
    this.serverSettings = isNarrow
      ? { ...windows.server, maxConcurrentStreams: choices.between(1, 4) }
      : windows.server;
    const target = `${this.serverHost.hostAddress}:${PORT}`;
    this.channel = new Channel(target, {
      poller: this.clientHost,
      initialBackoffMs: 20,
      settings: windows.client,
      compression: this.compression.client,
      ...(options.hasPolicy ? { serviceConfig: { methodConfig: [{ name: [{}], ...policyOf(seed) }] } } : {}),
      onError: this.problem,
      logger: QUIET,
    });
    this.nested = new NestedCalls(this, new SeededRandom(seed ^ 0x0_9a7e), relayHost, target, QUIET);
    if (this.observes) this.channel.observe(observer(this, "client"));
    this.client = createClient(services.World, this.channel);
  }

  readonly problem = (error: unknown): void => void this.thrown.push(error);

  /** Serves, unless a server is there. */
  async listen(): Promise<void> {
    if (this.server !== undefined) return;
    const server = new Server({
      poller: this.serverHost,
      settings: this.serverSettings,
      compression: this.compression.server,
      onError: this.problem,
      logger: QUIET,
    });
    if (this.intercepts) server.intercept(admission(this, this.seed));
    if (this.observes) server.observe(observer(this, "server"));
    const queues = new ServerQueues(this, server);
    this.server = { server, queues };
    const promises = new PromiseHandlers(this);
    const reactors = new ReactorHandlers(this);
    server.addService(services.World, promises.all());
    server.addService(services.Reactors, reactors.all());
    const any = this.choices.pick(["promises", "reactors", "queues"]);
    if (any === "promises") server.addGenericService(promises.generic());
    if (any === "reactors") server.addGenericService(reactors.generic());
    queues.start(any === "queues");
    await server.listen(`0.0.0.0:${PORT}`);
  }

  /** Ends the server: at once, or gracefully. */
  async stop(graceMs: number | undefined): Promise<void> {
    if (this.server === undefined) return;
    const { server, queues } = this.server;
    this.server = undefined;
    if (this.choices.chance(0.5)) {
      const shutdown = queues.shutdown();
      if (graceMs === undefined) queues.calls.cancelAllCalls();
      await server.shutdown({ graceMs: graceMs ?? 0 });
      await shutdown;
    } else {
      queues.stopping();
      if (graceMs === undefined) server.close();
      await server.shutdown(graceMs === undefined ? {} : { graceMs });
    }
    await queues.end();
  }

  /** Has every connection end as its calls do: the server sends GOAWAY. */
  async drain(graceMs: number): Promise<void> {
    await this.server?.server.drain(PORT, graceMs);
  }

  tags(engine: SimulatedEngine, completionType: CompletionType, name: string): Tags {
    const { choices, problem } = this;
    const tags = new Tags({ engine, completionType, name, choices, problem });
    this.queues.push(tags);
    return tags;
  }

  *sleep(ms: number): Process<void> {
    const { simulation } = this;
    yield* wait<void>((resume) => void simulation.schedule(simulation.now + ms, () => resume()));
  }

  executed(id: number): void {
    this.executions.set(id, (this.executions.get(id) ?? 0) + 1);
  }

  /** Whether call `id` is refused where it comes to the server. */
  isRefused(id: number): boolean {
    return this.intercepts && isRefused(this.seed, id);
  }

  /** What is left open on both hosts, and who still holds the process; nothing, when all is over. */
  get left(): string[] {
    return [this.clientHost, this.serverHost, this.relayHost].flatMap(({ opened, holds }) => [
      ...opened.all().map((one) => one.describe()),
      ...Array.from({ length: holds }, () => "a hold of the process"),
    ]);
  }
}

/** What calls go through the same parts by as those that are made again, but for that. */
function policyOf(seed: number): JsonMethodConfig {
  if (seed % 2 === 0) return { hedgingPolicy: { maxAttempts: 2, hedgingDelay: "100000s" } };
  const wait = { initialBackoff: "1s", maxBackoff: "1s", backoffMultiplier: 1 };
  return { retryPolicy: { maxAttempts: 2, ...wait, retryableStatusCodes: ["DATA_LOSS"] } };
}
