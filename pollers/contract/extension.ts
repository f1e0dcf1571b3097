// Optional powers of engines, and the keys by which they are asked for.

import type { Endpoint, ExtensionKey } from "./engine.ts";

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
