// Reactor workers: one server on many threads, each with its own engine, so that one process uses every core.

import {
  callApplication,
  type EventEngine,
  formatAddress,
  type IoError,
  type Listener,
  parseTarget,
  Reporter,
  type ReportOptions,
  selectPoller,
  type SocketAddress,
} from "../../pollers/mod.ts";
import { sharesPorts } from "../../pollers/native/detect.ts";
import { hardwareThreads } from "../../pollers/native/thread.ts";
import { serverEndpoint } from "../../transport/mod.ts";
import { Authorizer } from "../authorization/authorizer.ts";
import { Backoff } from "../channel/backoff.ts";
import { checkConnectOptions } from "../connect_options.ts";
import { checkServerKeepalive } from "../keepalive.ts";
import type { EngineUse } from "../engines.ts";
import { useEngine } from "../full/engines.ts";
import { checkOptions, checkReport, checkType, describe, type OptionNames } from "../options.ts";
import { insecure } from "../credentials/insecure.ts";
import {
  checkListening,
  checkServerCredentials,
  ServerCredentials,
} from "../credentials/server_credentials.ts";
import { serveHere } from "../server/served_here.ts";
import { checkServerTypes, checkShutdown, type ShutdownOptions } from "../server/server_options.ts";
import { Boss } from "./boss.ts";
import type { WorkerStart } from "./protocol.ts";
import type { WorkerServerOptions } from "./service_module.ts";
import { WorkerThread } from "./worker_thread.ts";

/** How long after its end the first replacement of a worker comes; each further one waits longer. */
const FIRST_RESTART_MS = 100;

/** A worker that lived so long was well: the backoff starts anew when it ends. */
const SETTLED_MS = 10_000;

/** Why a worker is gone, and what follows. */
export interface WorkerEnd {
  /** 0 for the first worker; its replacement has the same. */
  readonly index: number;
  /** What it threw, or the exit code. */
  readonly reason: string;
  /** Milliseconds until its replacement starts. */
  readonly restartInMs: number;
}

/** How reactor workers are started. */
export interface ReactorWorkersOptions extends ReportOptions {
  /** The service module's URL, as `new URL("./service.ts", import.meta.url)` gives it. Its default export is a `ServiceSetup`. */
  readonly module: URL | string;
  /** "0.0.0.0:50051", "[::]:0" or "unix:/path"; a port 0 is chosen once, for all workers. */
  readonly address: string;
  /** Workers. Default: one for each thread that the machine runs at the same time. */
  readonly threads?: number;
  /** Pollers to choose from, in order; else POLLWIRE_POLLER, else "native". */
  readonly poller?: string | readonly string[];
  /**
   * How connections come to workers. "reuse-port": every worker listens, and the kernel chooses by a hash of the
   * addresses (Linux). "boss": this thread accepts and deals them out in turn; needs a poller that hands descriptors
   * over ("epoll", "iocp"). Default: "reuse-port", and "boss" for unix sockets, which cannot share a path, and where the
   * system shares no ports.
   */
  readonly sharing?: "reuse-port" | "boss";
  /** Options of each worker's server. */
  readonly server?: WorkerServerOptions;
  /** Handed to the service module; sent to the threads as by `structuredClone`. */
  readonly data?: unknown;
  /** Called for each worker that ends unexpectedly, and is replaced. */
  readonly onWorkerEnd?: (end: WorkerEnd) => void;
}

/** One worker's slot: which worker has it now, and when the next one may. */
interface Slot {
  readonly index: number;
  readonly backoff: Backoff;
  readonly worker: WorkerThread;
  readonly startedAt: number;
  /** Why the worker ended, once its resources are released; undefined where it was drained. */
  readonly gone: Promise<string | undefined>;
}

/** Workers that run; made by {@linkcode startReactorWorkers}. */
export class ReactorWorkers {
  /** The port that all of them serve; 0 for a unix socket. */
  readonly port: number;
  readonly #pool: WorkerPool;

  /** See {@linkcode startReactorWorkers}. */
  constructor(pool: WorkerPool, port: number) {
    this.#pool = pool;
    this.port = port;
  }

  /** Workers, those included that are being replaced. */
  get threads(): number {
    return this.#pool.slots.length;
  }

  /**
   * Takes no new calls, lets running ones finish in every worker, and resolves when all threads are gone. May be called
   * again, with a grace or a shorter one.
   *
   * @throws {TypeError} for unknown options
   * @throws {RangeError} where `graceMs` is no number
   */
  shutdown(options: ShutdownOptions = {}): Promise<void> {
    checkShutdown("shut reactor workers down", options);
    return this.#pool.shutdown(options);
  }
}

/** Starts workers, replaces those that die, and ends them all. */
class WorkerPool {
  readonly slots: Slot[] = [];
  /** Workers that are about to be started. */
  private readonly opening = new Set<Promise<Slot>>();
  /** Resources of workers that are gone, on their way back to the system. */
  private readonly reclaiming = new Set<Promise<void>>();
  private readonly use: EngineUse;
  private readonly engine: EventEngine;
  private readonly boss: Boss | undefined;
  private readonly reporter: Reporter;
  private listener: Listener | undefined = undefined;
  /** It does not listen any more. */
  private notServedHere: () => void = () => {};
  private address: string;
  private stopped: Promise<void> | undefined = undefined;

  constructor(private readonly options: ReactorWorkersOptions, private at: SocketAddress) {
    this.address = formatAddress(at);
    this.reporter = new Reporter(options);
    this.use = useEngine(selectPoller(options.poller).name);
    this.engine = this.use.engine;
    const sharing = options.sharing ?? ("port" in at && sharesPorts ? "reuse-port" : "boss");
    try {
      checkListening(this.address, options.server?.credentials, this.engine, [at]);
      this.boss = sharing === "boss" ? Boss.on(this.engine) : undefined;
    } catch (error) {
      void this.use.end();
      throw error;
    }
  }

  /** Starts `threads` workers; the port. */
  async start(threads: number): Promise<number> {
    this.engine.hold(); // between a worker's death and its replacement too, until all are drained
    try {
      let port = this.boss === undefined ? 0 : await this.listen(this.boss);
      if (this.boss === undefined) { // the first one finds the port
        port = await (await this.open(0)).worker.serving;
        if ("port" in this.at) this.address = formatAddress({ ...this.at, port });
      }
      const rest = Array.from({ length: threads - this.slots.length }, (_, i) => i + this.slots.length);
      await Promise.all(rest.map(async (index) => await (await this.open(index)).worker.serving));
      this.listener?.start();
      for (const slot of this.slots) void this.replaceWhenGone(slot);
      return port;
    } catch (error) {
      await this.shutdown({ graceMs: 0 });
      throw error;
    }
  }

  /** See {@linkcode ReactorWorkers.shutdown}. */
  shutdown(options: ShutdownOptions): Promise<void> {
    if (this.stopped === undefined) return this.stopped = this.drain(options);
    if (options.graceMs !== undefined) {
      for (const { worker } of this.slots) void worker.drain(options);
    }
    return this.stopped;
  }

  private async drain(options: ShutdownOptions): Promise<void> {
    try {
      this.listener?.shutdown();
      this.notServedHere();
      this.boss?.retire();
      await Promise.allSettled(this.opening);
      await Promise.all(this.slots.map(({ worker }) => worker.drain(options)));
      await Promise.all(this.slots.map(({ gone }) => gone));
      await Promise.all(this.reclaiming);
    } finally {
      const gone = this.use.end();
      this.engine.release();
      await gone;
    }
  }

  /** Binds the boss's listener; the port. */
  private async listen(boss: Boss): Promise<number> {
    const { server } = this.options;
    const onAcceptPaused = ({ message }: IoError): void =>
      this.reporter.log("warn", `accepting is paused for a while: ${message}`);
    const listener = this.engine.listen(
      { ...serverEndpoint(server?.endpoint, server?.keepalive), onAcceptPaused },
      (accepted) => boss.place(accepted),
      (error) => error !== undefined && this.listenerEnded(boss, error),
    );
    const port = await listener.bind(this.at);
    if (!port.ok) {
      listener.shutdown();
      throw new Error(`Cannot listen on ${formatAddress(this.at)}: ${port.error.message}`);
    }
    if ("port" in this.at) this.at = { ...this.at, port: port.value };
    this.listener = listener;
    this.notServedHere = serveHere(this.at, this.engine);
    return port.value;
  }

  /** The boss's listener has ended by itself: another one takes its place, as soon as it can. */
  private listenerEnded(boss: Boss, { message }: IoError): void {
    this.notServedHere();
    const error = new Error(
      `Reactor workers stopped listening on ${formatAddress(this.at)}: ${message}`,
    );
    this.reporter.report(error, { where: "listener", level: "error" });
    const backoff = new Backoff(() => this.engine.random(), FIRST_RESTART_MS);
    const again = (): void => {
      if (this.stopped !== undefined) return;
      this.listen(boss).then(
        () => this.stopped === undefined ? this.listener!.start() : this.listener!.shutdown(),
        () => this.engine.runAt(this.engine.now() + backoff.next(), again),
      );
    };
    again();
  }

  /** A new worker in slot `index`; rejects where they are shut down before it is started. */
  private open(index: number): Promise<Slot> {
    const opening = this.openSlot(index).finally(() => this.opening.delete(opening));
    this.opening.add(opening);
    return opening;
  }

  private async openSlot(index: number): Promise<Slot> {
    const intake = await this.boss?.add(index);
    if (this.stopped !== undefined) {
      this.boss?.remove(index);
      throw new Error("reactor workers were shut down");
    }
    const { module, server = {}, data } = this.options;
    const { credentials, ...options } = server;
    const start = {
      index,
      module: new URL(module).href,
      poller: this.engine.name,
      address: this.boss === undefined ? this.address : formatAddress(this.at),
      intake,
      options,
      credentials: credentials === insecure ? insecure : credentials?.options,
      data,
    };
    const worker = this.startThread(start);
    const before = this.slots[index];
    return this.slots[index] = {
      index,
      backoff: before?.backoff ?? new Backoff(() => this.engine.random(), FIRST_RESTART_MS),
      worker,
      startedAt: this.engine.now(),
      gone: this.clearUpAfter(worker, index),
    };
  }

  private startThread(start: WorkerStart): WorkerThread {
    const { index } = start;
    try {
      return new WorkerThread(this.engine, start, () => this.boss?.release(index));
    } catch (error) { // the system has no more threads
      this.boss?.remove(index);
      throw error;
    }
  }

  /** Once a worker is gone, what it had open is released; connections that it had not taken go to the others. */
  private async clearUpAfter(worker: WorkerThread, index: number): Promise<string | undefined> {
    const reason = await worker.ended;
    // Its replacement does not wait for that, but the engine has to last so long.
    const reclaiming = worker.reclaimResources(this.boss?.remove(index) ?? [])
      .catch(({ message }: Error) =>
        // no descriptors are left for an engine of its poller
        this.reporter.log("warn", `what reactor worker ${index} had open stays open: ${message}`)
      )
      .finally(() => this.reclaiming.delete(reclaiming));
    this.reclaiming.add(reclaiming);
    return reason;
  }

  private async replaceWhenGone({ index, gone, backoff, startedAt }: Slot): Promise<void> {
    const reason = await gone;
    if (this.engine.now() - startedAt > SETTLED_MS) backoff.reset();
    this.replaceLater(index, backoff, reason ?? "it was drained");
  }

  private replaceLater(index: number, backoff: Backoff, reason: string): void {
    if (this.stopped !== undefined) return;
    const restartInMs = Math.round(backoff.next());
    const { onWorkerEnd } = this.options;
    if (onWorkerEnd !== undefined) {
      callApplication(
        () => onWorkerEnd({ index, reason, restartInMs }),
        (error) => this.reporter.report(error, { where: "onWorkerEnd", level: "error" }),
      );
    }
    this.engine.runAt(this.engine.now() + restartInMs, () => {
      if (this.stopped !== undefined) return;
      this.open(index).then(
        (slot) => void this.replaceWhenGone(slot),
        (error: Error) => this.replaceLater(index, backoff, error.message), // no descriptors are left
      );
    });
  }
}

const NAMES: OptionNames<ReactorWorkersOptions> = {
  onError: true,
  logger: true,
  module: true,
  address: true,
  threads: true,
  poller: true,
  sharing: true,
  server: true,
  data: true,
  onWorkerEnd: true,
};

const SERVER_NAMES: OptionNames<WorkerServerOptions> = {
  credentials: true,
  authorization: true,
  endpoint: true,
  handshakeTimeoutMs: true,
  keepalive: true,
  maxConnectionsPerAddress: true,
  maxReceiveElements: true,
  maxReceiveMessageBytes: true,
  maxSendMessageBytes: true,
  compression: true,
  acceptCompression: true,
  settings: true,
  exposeErrors: true,
  maxConnectionIdleMs: true,
  maxConnectionAgeMs: true,
  maxConnectionAgeGraceMs: true,
};

/** What a worker would find wrong later is found here. */
function checkWorkersOptions(options: ReactorWorkersOptions): void {
  const purpose = "start reactor workers";
  checkOptions(purpose, options, NAMES);
  checkReport(purpose, options);
  const { module, sharing, server, onWorkerEnd } = options;
  checkType(purpose, "onWorkerEnd", onWorkerEnd, "function");
  if (!(module instanceof URL) && !(typeof module === "string" && URL.canParse(module))) {
    throw new TypeError(
      `Cannot ${purpose}: module is ${describe(module)}, not a URL; give new URL(path, import.meta.url)`,
    );
  }
  if (sharing !== undefined && sharing !== "reuse-port" && sharing !== "boss") {
    throw new TypeError(`Cannot ${purpose}: sharing is ${describe(sharing)}; give "reuse-port" or "boss"`);
  }
  if (server === undefined) return;
  checkConnectOptions(`${purpose}, server`, server, SERVER_NAMES);
  checkServerKeepalive(`${purpose}, server`, server);
  checkServerTypes(`${purpose}, server`, server);
  checkServerCredentials(`${purpose}, server`, server.credentials);
  const { credentials, authorization } = server;
  if (credentials instanceof ServerCredentials && credentials.options.verifyPeer !== undefined) {
    throw new TypeError(
      `Cannot ${purpose}: verifyPeer is a function, and other threads cannot call it; let handlers look at call.security`,
    );
  }
  if (typeof authorization === "function") {
    throw new TypeError(
      `Cannot ${purpose}: authorization is a function, which no thread can be sent; give a policy or { file }`,
    );
  }
  if (authorization !== undefined) new Authorizer(purpose, authorization, new Reporter(options));
}

/**
 * Runs the service module in `threads` workers that share one port, each with an engine, a server and calls of its
 * own. A worker that dies is replaced.
 *
 * @throws {PollerError} where no poller can be used
 * @throws {Error} that says why the first workers cannot start
 * @throws {TypeError} for unknown options and values of a wrong type
 * @throws {RangeError} for a number of threads below 1
 *
 * @example
 * ```ts ignore
 * const workers = await startReactorWorkers({
 *   module: new URL("./greeter_service.ts", import.meta.url),
 *   address: "0.0.0.0:50051",
 *   server: { credentials: tls.server(pemFiles(paths)) },
 *   poller: "epoll,native",
 * });
 * process.on("SIGTERM", () => workers.shutdown({ graceMs: 10_000 }));
 * ```
 */
export async function startReactorWorkers(options: ReactorWorkersOptions): Promise<ReactorWorkers> {
  checkWorkersOptions(options);
  const { threads = hardwareThreads(), address } = options;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`Cannot start ${threads} reactor workers: give a whole number, 1 or more`);
  }
  const at = parseTarget(address);
  if (at.family === "dns") {
    throw new TypeError(
      `Cannot start reactor workers on ${
        JSON.stringify(address)
      }: give an IP address, such as "0.0.0.0:50051"`,
    );
  }
  if (at.family === "inprocess") {
    throw new TypeError(
      `Cannot start reactor workers on ${
        JSON.stringify(address)
      }: workers are other threads, which no channel reaches by it`,
    );
  }
  if (options.sharing === "reuse-port" && !("port" in at)) {
    throw new TypeError(
      `Cannot start reactor workers on ${
        JSON.stringify(address)
      }: sharing is "reuse-port", and it has no port; give "boss", the default for it`,
    );
  }
  const pool = new WorkerPool(options, at);
  const port = await pool.start(threads);
  return new ReactorWorkers(pool, port);
}
