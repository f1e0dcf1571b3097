// Base of engines that block in a system call.

import type { DnsResolver, Endpoint, EngineOptions, ExtensionKey, Instant } from "../contract/engine.ts";
import {
  ADOPT,
  type FdAdoption,
  ORPHANED_RESOURCES,
  type OrphanedResources,
  SYNC_WAIT,
  type SyncWait,
} from "../contract/extension.ts";
import { IoError } from "../contract/io_error.ts";
import { BaseEngine } from "../core/base_engine.ts";
import { resourcesHeld, resourcesReleased } from "../core/thread_resources.ts";
import type { WholeTurn } from "../ffi/whole_turn.ts";
import { SystemResolver } from "../native/dns.ts";
import { runtimeLoop } from "../native/runtime_loop.ts";
import { ActivityLoop } from "./activity_loop.ts";
import { BlockableResolver } from "./blockable_resolver.ts";
import { BlockingWaiting, SLEEP_MS } from "./blocking_waiting.ts";
import { endPoller, ONLINE, RUNS } from "./handover.ts";
import { SyncWaiter } from "./sync_waiter.ts";
import { spinMsOf } from "./spin_time.ts";
import { HANDOVER_MS, type PollerThread, ThreadWaiting } from "./thread_waiting.ts";
import { Dispatcher, type EventSource, type EventTarget, type Waiting } from "./waiting.ts";

const EXTENSIONS: ReadonlyArray<ExtensionKey<unknown>> = [ADOPT, ORPHANED_RESOURCES, SYNC_WAIT];

/** How often the end of a poller thread is looked for whose engine is gone, and how often at most: the runtime may have ended it. */
const POLLER_END_EVERY_MS = 5;
const MOST_LOOKS = 200;

/** What a {@linkcode PollingEngine} waits for. */
export interface Polled {
  /** Where events come from. */
  readonly source: EventSource;
  /** Where events are dispatched. */
  readonly target: EventTarget;
  /** The poller thread, unless the thread is the engine's own. */
  readonly poller: PollerThread;
  /** See {@linkcode BlockingWaiting}. */
  openWholeTurn(): WholeTurn | undefined;
}

/** An engine with a source of events; each adds its sockets, which others may take over. */
export abstract class PollingEngine extends BaseEngine implements FdAdoption, OrphanedResources, SyncWait {
  /** Where endpoints record work that was done without an event. */
  readonly activity: ActivityLoop;
  private readonly ownThread: boolean;
  private readonly spinMs: number;
  private waiting!: Waiting;
  private syncWaiter!: SyncWaiter;
  private ended = false;
  private readonly names = new BlockableResolver(this, new SystemResolver(this));
  private wholeTurn: WholeTurn | undefined = undefined;

  /** Nothing may be opened before {@linkcode poll}. */
  constructor(name: string, options: EngineOptions) {
    const loop = new ActivityLoop(runtimeLoop);
    super(name, options, loop);
    this.activity = loop;
    this.ownThread = options.ownThread ?? false;
    this.spinMs = spinMsOf(options, this.ownThread ? SLEEP_MS : HANDOVER_MS);
  }

  /** The system's resolver, with a thread of its own for names that a thread which blocks waits for. */
  override resolver(): DnsResolver {
    return this.names;
  }

  /** {@linkcode ADOPT}, {@linkcode ORPHANED_RESOURCES} and {@linkcode SYNC_WAIT}. */
  override extension<E>(key: ExtensionKey<E>): E | undefined {
    return EXTENSIONS.includes(key) ? this as unknown as E : undefined;
  }

  /** Servers may be on another engine of this thread. */
  readonly servesMeanwhile = false;

  /** Where there is a poller thread, polling comes back from it first. */
  waitSync(until: () => boolean, deadline: Instant, spinMs = 0, listens = true): boolean {
    if (this.ended) throw new Error(`Cannot block: engine "${this.name}" was shut down`);
    return this.syncWaiter.wait(until, deadline, spinMs, listens);
  }

  /** Stops the waiting and closes the source of events. */
  protected override async end(): Promise<void> {
    this.ended = true;
    await Promise.all([this.lastEvents(), this.names.end()]);
    await this.waiting.stop();
    this.wholeTurn?.close();
    this.closeSource();
    resourcesReleased(this);
  }

  /** Waits for events whenever something is open; the last call of a constructor. */
  protected poll({ source, target, poller, openWholeTurn }: Polled): void {
    const { activity } = this;
    const dispatcher = new Dispatcher(target, this.execCtx);
    const onCrash = (reason: string): void => this.failAll(reason);
    this.waiting = this.ownThread
      ? new BlockingWaiting(
        source,
        poller.dueNumbers,
        dispatcher,
        activity,
        this.processHold,
        this.wholeTurn = openWholeTurn(),
        onCrash,
        this.spinMs,
      )
      : new ThreadWaiting(source, poller, dispatcher, activity, onCrash, this.spinMs, this.tellResources);
    this.syncWaiter = new SyncWaiter(
      this,
      source,
      poller.dueNumbers,
      dispatcher,
      activity,
      this.waiting,
      this.names,
      onCrash,
    );
    this.tellResources();
  }

  private readonly tellResources = (): void => resourcesHeld(this, this.name, () => this.exportResources());

  /** Waits as long as something is open. */
  protected override openChanged(open: boolean): void {
    this.waiting.watch(open);
  }

  /** Settles once no event can come whose resources must still be released. */
  protected lastEvents(): Promise<void> {
    return Promise.resolve();
  }

  /** Waiting is no longer possible: whatever is open fails with the reason. */
  protected failAll(reason: string): void {
    for (const closable of this.opened.all()) {
      closable.close(new IoError("other", closable.syscall, undefined, undefined, reason));
    }
  }

  abstract adopt(readFd: number, writeFd?: number): Endpoint;
  abstract detach(endpoint: Endpoint): number;
  abstract exportResources(): unknown;
  abstract reclaimResources(exported: unknown, kept?: readonly number[]): Promise<void>;

  /** What the poller thread is told by; undefined where there is none. Can be sent to other threads. */
  protected get pollerControl(): Int32Array | undefined {
    return this.waiting instanceof ThreadWaiting ? this.waiting.control : undefined;
  }

  /**
   * Ends the poller thread of an engine whose own thread is gone: some runtimes let it live, and it would wait in what is
   * closed next, and has its number then. `kick` ends its wait. Undefined: none runs.
   */
  protected endPollerOf(control: Int32Array | undefined, kick: () => void): Promise<void> | undefined {
    if (control === undefined) return undefined;
    const runs = (): boolean => Atomics.load(control, ONLINE) === RUNS;
    endPoller(control);
    if (!runs()) return undefined;
    kick();
    return new Promise((resolve) => {
      let looks = 0;
      const look = (): void => {
        if (runs() && ++looks < MOST_LOOKS) this.runAt(this.now() + POLLER_END_EVERY_MS, look);
        else resolve();
      };
      look();
    });
  }

  /** Closes the source of events. */
  protected abstract closeSource(): void;
}
