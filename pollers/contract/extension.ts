// Optional powers of engines, and the keys by which they are asked for.

import type { Endpoint, EventEngine, ExtensionKey, Instant } from "./engine.ts";

/** A key for the extension interface `E`; two keys are the same extension when they are the same object. */
export function extensionKey<E>(name: string): ExtensionKey<E> {
  return { name };
}

/** Optional power: endpoints over descriptors (sockets, on Windows) that were opened elsewhere. */
export interface FdAdoption {
  /**
   * An endpoint over a connected stream socket, or where the system polls pipes, over one or over two: one to read
   * and one to write. They are the endpoint's from here on and become non-blocking.
   *
   * @throws {Error} that says why the engine cannot use them
   */
  adopt(readFd: number, writeFd?: number): Endpoint;
  /**
   * The descriptor of one of this engine's endpoints, which is over with that: another engine may adopt it.
   *
   * @throws {TypeError} where it is closed, where a read or write is outstanding (on Windows: ever was), and for
   *   endpoints over two pipes
   */
  detach(endpoint: Endpoint): number;
}

/** The key of {@linkcode FdAdoption}. */
export const ADOPT: ExtensionKey<FdAdoption> = extensionKey("adopt");

/** Optional power: what an engine has open outlives its thread, so another engine must be able to release it. */
export interface OrphanedResources {
  /** What this engine has open, now and later, as something that can be sent to another thread. */
  exportResources(): unknown;
  /**
   * Releases what an engine of the same kind, whose thread is gone, still had open, except `kept`. Does nothing where
   * that engine was shut down, or its resources were reclaimed before. Resolves when the system has it all back.
   */
  reclaimResources(exported: unknown, kept?: readonly number[]): Promise<void>;
}

/** The key of {@linkcode OrphanedResources}. */
export const ORPHANED_RESOURCES: ExtensionKey<OrphanedResources> = extensionKey("orphaned resources");

/** Optional power: this thread waits in the engine itself, as long as its runtime's loop stands still. */
export interface SyncWait {
  /**
   * Dispatches the engine's events, closures and tasks on this thread until `until` is true (true), or `deadline` is
   * reached and what was ready by then is dispatched (false). What was touched outside a turn is flushed first. Meanwhile
   * no promise continuation, timer or message of this thread runs. It waits without using a processor, but polls for
   * `spinMs` after each event; default 0. Without `listens` connections stay unaccepted until it is over. The engine continues as before afterwards, with whatever is open.
   *
   * @throws {TypeError} inside a turn, or inside another `waitSync`
   * @throws {RangeError} for a deadline that is NaN
   * @throws {Error} after `shutdown`, where events can no longer be waited for, and without a deadline where nothing is
   *   open and no task waits
   */
  waitSync(until: () => boolean, deadline: Instant, spinMs?: number, listens?: boolean): boolean;
  /**
   * Servers of this thread answer meanwhile, whichever engines they are on, as long as their handlers wait for no promise.
   * Where it is false, a thread must not block for what one of them is to do.
   */
  readonly servesMeanwhile: boolean;
}

/** The key of {@linkcode SyncWait}. */
export const SYNC_WAIT: ExtensionKey<SyncWait> = extensionKey("sync wait");

/** Why this thread cannot wait in `engine` now, as a sentence; undefined where it can. */
export function whyNoSyncWait(engine: EventEngine): string | undefined {
  if (engine.execCtx.inTurn) {
    return "this is a callback of the engine, which dispatches what the thread would wait for once the callback returns";
  }
  if (engine.extension(SYNC_WAIT) !== undefined) return undefined;
  return `the poller "${engine.name}" has its events from the runtime's loop, which stands still while a thread blocks`;
}
