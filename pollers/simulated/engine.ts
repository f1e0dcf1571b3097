// The engine of one simulated host.

import { formatAddress, type SocketAddress } from "../contract/address.ts";
import type {
  ConnectHandle,
  DnsResolver,
  Endpoint,
  EndpointOptions,
  EventEngine,
  ExtensionKey,
  Instant,
  IoResult,
  Listener,
  ListenOptions,
  TaskHandle,
} from "../contract/engine.ts";
import { SYNC_WAIT, type SyncWait } from "../contract/extension.ts";
import { ExecCtx } from "../contract/exec_ctx.ts";
import { IoError } from "../contract/io_error.ts";
import { OpenSet } from "../core/open_set.ts";
import type { TimerTask } from "../core/timer_heap.ts";
import { connectEnds, type SimulatedEndpoint } from "./endpoint.ts";
import { SimulatedListener } from "./listener.ts";
import type { Host, HostClosable, World } from "./network.ts";

/** Names that are this machine's on every network (RFC 6761, section 6.3). */
const LOCALHOST = /^(.*\.)?localhost\.?$/i;

/** What an engine uses of its simulation. */
export interface EngineWorld extends World {
  /** Something threw inside a turn. */
  threw(error: unknown): void;
  /** Lets events happen until `done` is true, or the clock is at `deadline`; whether `done` is true. */
  runSync(done: () => boolean, deadline: Instant): boolean;
}

/** A connect that has not reported. */
class SimulatedConnect implements HostClosable {
  over = false;
  /** Gives it up; it is cancelled when the connect has reported. */
  limit: TimerTask | undefined = undefined;

  constructor(private readonly engine: SimulatedEngine, private readonly to: SocketAddress) {
    engine.opened.add(this);
  }

  settle(): boolean {
    if (this.over) return false;
    this.over = true;
    if (this.limit !== undefined) this.engine.cancel(this.limit);
    return this.engine.opened.delete(this);
  }

  close(): void {
    this.settle();
  }

  describe(): string {
    return `connect to ${formatAddress(this.to)}`;
  }
}

/** The engine of one host, on virtual time; give it to a Channel or Server as `poller`. */
export class SimulatedEngine implements EventEngine, Host, SyncWait {
  /** "simulated". */
  readonly name = "simulated";
  /** This host's turns. */
  readonly execCtx: ExecCtx = new ExecCtx(
    (closure) => void this.simulation.schedule(this.now(), closure),
    (error) => this.simulation.threw(error),
  );
  /** What is open now. */
  readonly opened: OpenSet<HostClosable> = new OpenSet();
  /** `shutdown` was called. */
  private isOver = false;
  /** Calls of `hold` without a `release`; a simulation ends when no event is left, whatever this says. */
  holds = 0;

  /** Made by `Simulation.host`. */
  constructor(readonly simulation: EngineWorld, readonly hostAddress: string) {}

  /** Virtual milliseconds. */
  now(): Instant {
    return this.simulation.now;
  }

  /** From the seed. */
  random(): number {
    return this.simulation.random.next();
  }

  /** Runs `closure` at this virtual instant, after what was scheduled for it before. */
  run(closure: () => void): void {
    this.simulation.schedule(this.now(), () => this.execCtx.enter(closure, undefined));
  }

  /**
   * Runs `closure` at the virtual instant `at`.
   *
   * @throws {RangeError} for NaN
   */
  runAt(at: Instant, closure: () => void): TaskHandle {
    return this.simulation.schedule(at, () => {
      if (!this.isOver) this.execCtx.enter(closure, undefined);
    });
  }

  /** True: the task will never run. */
  cancel(task: TaskHandle): boolean {
    return this.simulation.cancel(task as TimerTask);
  }

  /** Counted in `holds`. */
  hold(): void {
    this.holds++;
  }

  /**
   * Takes one `hold` back.
   *
   * @throws {RangeError} where there is none
   */
  release(): void {
    if (this.holds === 0) throw new RangeError("Cannot release the process: hold was not called");
    this.holds--;
  }

  /** Runs `closure` once this host has no endpoint, listener or connect open. */
  onceIdle(closure: () => void): void {
    this.opened.onceEmpty(() => this.run(() => this.opened.size === 0 ? closure() : this.onceIdle(closure)));
  }

  /** Connects after a round trip, or fails after `giveUpMs` of the network's conditions. */
  connect(
    to: SocketAddress,
    _options: EndpointOptions,
    done: (result: IoResult<Endpoint>) => void,
  ): ConnectHandle {
    const attempt = new SimulatedConnect(this, to);
    const { conditions } = this.simulation.network;
    const fail = (error: IoError): void => {
      if (attempt.settle()) this.enter(done, { ok: false, error });
    };
    const over = this.overError("connect", to);
    if (over !== undefined) {
      this.run(() => fail(over));
      return attempt;
    }
    attempt.limit = this.simulation.schedule(
      this.now() + conditions.giveUpMs,
      () => fail(new IoError("timed-out", "connect", to, "ETIMEDOUT")),
    );
    this.simulation.schedule(this.now() + conditions.latencyMs, () => this.reach(to, attempt, done));
    return attempt;
  }

  /** True: `done` of that connect will never run. */
  cancelConnect(handle: ConnectHandle): boolean {
    return (handle as SimulatedConnect).settle();
  }

  /** A listener on this host's address; the options say nothing here. */
  listen(
    _options: ListenOptions,
    onAccept: (endpoint: Endpoint) => void,
    onShutdown: (error?: IoError) => void,
  ): Listener {
    return new SimulatedListener(this, onAccept, onShutdown);
  }

  /** Two endpoints of this host, connected through the network. */
  pair(): Promise<[Endpoint, Endpoint]> {
    if (this.isOver) return Promise.reject(new Error("Cannot make a pair: the engine was shut down"));
    const { network } = this.simulation;
    const at = (): SocketAddress => ({
      family: "ipv4",
      host: this.hostAddress,
      port: network.ephemeralPort(),
    });
    return Promise.resolve(connectEnds(this, at(), this, at()));
  }

  /** Knows the names of the network and "localhost", and their TXT records. */
  resolver(): DnsResolver {
    const { names, texts } = this.simulation.network;
    return {
      lookup: (host, port, done) =>
        this.lookUp(done, () => {
          const hosts = names.get(host) ?? (LOCALHOST.test(host) ? ["127.0.0.1"] : undefined);
          if (hosts !== undefined) {
            return { ok: true, value: hosts.map((one) => ({ family: "ipv4", host: one, port })) };
          }
          return {
            ok: false,
            error: new IoError("not-found", "getaddrinfo", { family: "dns", host, port }, "ENOTFOUND"),
          };
        }),
      lookUpTexts: (name, done) =>
        this.lookUp(done, () => {
          const value = texts.get(name);
          if (value !== undefined) return { ok: true, value };
          const [kind, code] = texts.has(name)
            ? ["other", "ESERVFAIL"] as const
            : ["not-found", "ENODATA"] as const;
          const target = { family: "dns", host: name, port: 53 } as const;
          return { ok: false, error: new IoError(kind, "resolveTxt", target, code) };
        }),
    };
  }

  /** Reports what `find` finds once a lookup's time has passed. */
  private lookUp<T>(done: (result: IoResult<T>) => void, find: () => IoResult<T>): void {
    const { network } = this.simulation;
    const lookupMs = network.lookupMs ?? 2 * network.conditions.latencyMs;
    if (lookupMs === Infinity) return;
    this.simulation.schedule(this.now() + lookupMs, () => this.enter(done, find()));
  }

  /** {@linkcode SYNC_WAIT}: a thread that blocks has all hosts go on. */
  extension<E>(key: ExtensionKey<E>): E | undefined {
    return (key as unknown) === SYNC_WAIT ? this as unknown as E : undefined;
  }

  /** Every host is of this thread. */
  readonly servesMeanwhile = true;

  /** See `SyncWait`; what it waits for may take virtual time, and takes no other. */
  waitSync(until: () => boolean, deadline: Instant): boolean {
    if (this.execCtx.inTurn) throw new TypeError("Cannot block in a callback of the engine");
    if (Number.isNaN(deadline)) throw new RangeError("Cannot block: the deadline is NaN");
    const done = this.simulation.runSync(until, deadline);
    if (done || deadline !== Infinity) return done;
    throw new Error("Cannot block without a deadline: nothing is left to happen, so nothing can end it");
  }

  /**
   * Closes what is open; tasks never run from here on.
   *
   * @throws {Error} (by the promise) that names what was open
   */
  shutdown(): Promise<void> {
    this.isOver = true;
    const left = this.opened.all();
    for (const closable of left) closable.close();
    if (left.length === 0) return Promise.resolve();
    const names = left.map((closable) => closable.describe()).join(", ");
    return Promise.reject(
      new Error(`Engine "${this.name}" was shut down with ${left.length} open: ${names}`),
    );
  }

  /** The error of a connect to `address`, or of a bind, after `shutdown`; undefined before. */
  overError(syscall: "connect" | "bind", address: SocketAddress): IoError | undefined {
    return this.isOver
      ? new IoError("closed", syscall, address, undefined, "the engine was shut down")
      : undefined;
  }

  /** Calls back in a turn. */
  enter<A>(callback: (argument: A) => void, argument: A): void {
    this.execCtx.enter(callback, argument);
  }

  /** `at` as an address of this host, where it means every address or the loopback one; there is no IPv6. */
  own(at: SocketAddress): SocketAddress {
    if (at.family === "ipv6" && (at.host === "::" || at.host === "::1")) {
      return { ...at, family: "ipv4", host: this.hostAddress };
    }
    const local = at.family === "ipv4" && (at.host === "0.0.0.0" || at.host === "127.0.0.1");
    return local ? { ...at, host: this.hostAddress } : at;
  }

  /** The SYN has arrived, or waits before a passage that is not open. */
  private reach(
    address: SocketAddress,
    attempt: SimulatedConnect,
    done: (result: IoResult<Endpoint>) => void,
  ): void {
    if (attempt.over) return;
    const { simulation } = this;
    const { network } = simulation;
    const to = this.own(address);
    const passage = "host" in to ? network.passage(this.hostAddress, to.host) : "open";
    if (passage === "lost") return;
    if (passage === "held") return network.whenHealed(() => this.reach(address, attempt, done));
    const listener = network.listenerAt(this.hostAddress, to);
    const { latencyMs } = network.conditions;
    let end: SimulatedEndpoint | undefined;
    if (listener !== undefined) {
      const from: SocketAddress = { family: "ipv4", host: this.hostAddress, port: network.ephemeralPort() };
      const [ours, theirs] = connectEnds(this, from, listener.engine, to);
      this.opened.delete(ours); // the attempt stands for it until it reports
      end = ours;
      listener.accept(theirs);
    }
    simulation.schedule(this.now() + latencyMs, () => {
      if (end !== undefined) this.opened.add(end);
      if (!attempt.settle()) return end?.close();
      const error = new IoError("refused", "connect", address, "ECONNREFUSED");
      this.enter(done, end === undefined ? { ok: false, error } : { ok: true, value: end });
    });
  }
}
