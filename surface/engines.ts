// One engine a thread for each poller, shared by its channels and servers as long as one of them is open.

import {
  choosePoller,
  type EngineFactory,
  type EventEngine,
  type PollerChoice,
  PollerError,
} from "../pollers/mod.ts";

/**
 * Pollers in the order in which they are tried: by names, "epoll,native", or themselves, as `native` of
 * "pollwire/pollers/native"; or an engine that is there already (a simulated one).
 */
export type PollerList = PollerChoice | EventEngine;

/** The pollers of a channel or server: those that have names there, and what is chosen from where it says nothing. */
export interface KnownPollers {
  readonly factories: readonly EngineFactory[];
  /** Undefined: the channel or server has to say it. */
  readonly defaults: (() => string) | undefined;
}

/** An engine's use by one channel, one server or one set of reactor workers. */
export interface EngineUse {
  readonly engine: EventEngine;
  /**
   * The user has closed what it had. With its last user an engine is shut down as soon as nothing of it is open.
   * Resolves when that is done; at once where others use it, and after a second where something stays open. Idempotent.
   */
  end(): Promise<void>;
}

/** How long the end of the last use waits for what users have closed and is still open: last bytes being written. */
const LAST_BYTES_MS = 1_000;

/** An engine and how many use it. */
class SharedEngine {
  private users = 0;
  private shutDown: Promise<void> | undefined = undefined;

  /** An engine that is not `owned` is shut down by its creator. `name` is its poller's, by which it is found. */
  constructor(
    readonly engine: EventEngine,
    private readonly owned: boolean,
    private readonly name: string = engine.name,
  ) {}

  use(): EngineUse {
    this.users++;
    let ended: Promise<void> | undefined = undefined;
    return { engine: this.engine, end: () => ended ??= this.leave() };
  }

  private leave(): Promise<void> {
    return --this.users === 0 && this.owned ? this.retire() : Promise.resolve();
  }

  private retire(): Promise<void> {
    const { engine } = this;
    engine.hold();
    return new Promise((resolve) => {
      let over = false;
      const end = (): void => {
        if (over) return;
        over = true;
        engine.release();
        resolve();
      };
      const limit = engine.runAt(engine.now() + LAST_BYTES_MS, end);
      engine.onceIdle(() => {
        engine.cancel(limit);
        if (this.users > 0) return end(); // there is a new user
        if (engines.get(this.name) === this) engines.delete(this.name);
        retiring.add(this);
        this.shutDown ??= engine.shutdown();
        void this.shutDown.finally(() => {
          retiring.delete(this);
          end();
        });
      });
    });
  }
}

const engines = new Map<string, SharedEngine>();
/** Those that are being shut down. */
const retiring = new Set<SharedEngine>();
/** The poller of those who name none; undefined: the environment's, or the default. */
let preferred: string | undefined = undefined;

/** How many engines there are that were not made by others. */
export function engineCount(): number {
  return engines.size + retiring.size;
}

/** Shuts every shared engine of this thread down, whoever uses it: the thread is about to end. */
export async function shutDownEngines(): Promise<void> {
  const all = [...engines.values(), ...retiring];
  await Promise.allSettled(all.map(({ engine }) => engine.shutdown()));
}

/** The engine of the first usable poller of `list`; throws PollerError where there is none. */
export function useEngineOf(list: PollerList | undefined, known: KnownPollers): EngineUse {
  if (typeof list === "object" && list !== null && "execCtx" in list) return useGiven(list);
  if (list === undefined && preferred !== undefined) {
    const shared = engines.get(preferred);
    if (shared !== undefined) return shared.use();
  }
  const asked = list ?? preferred ?? defaultOf(known);
  const factory = choosePoller(asked, known.factories, (name) => engines.has(name));
  let shared = engines.get(factory.name);
  if (shared === undefined) {
    shared = new SharedEngine(factory.create({}), true, factory.name);
    engines.set(factory.name, shared);
  }
  return shared.use();
}

function defaultOf({ defaults }: KnownPollers): string {
  if (defaults !== undefined) return defaults();
  throw new PollerError('Cannot select a poller: none is given; give "native" of "pollwire/pollers/native"');
}

/** The engine that others share, where it is that; else its creator shuts it down. */
function useGiven(engine: EventEngine): EngineUse {
  for (const shared of engines.values()) if (shared.engine === engine) return shared.use();
  return { engine, end: () => Promise.resolve() };
}

/**
 * Makes `engine` this thread's for its poller: channels and servers that name it, or name none, share it. It is shut down
 * by its creator. Returns a function that undoes this.
 */
export function shareEngine(engine: EventEngine): () => void {
  const before = { preferred, shared: engines.get(engine.name) };
  engines.set(engine.name, new SharedEngine(engine, false));
  preferred = engine.name;
  return () => {
    ({ preferred } = before);
    if (before.shared === undefined) engines.delete(engine.name);
    else engines.set(engine.name, before.shared);
  };
}
