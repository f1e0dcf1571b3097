// What engines of a thread have open that outlives it, told to who watches: its owner releases that where the thread ends
// by accident.

/** Hears of what outlives the thread. */
export interface ResourceWatcher {
  /** `holder` has `exported`, of the poller `poller`, see `OrphanedResources`; told again where it is another thing. */
  onHeld(holder: object, poller: string, exported: unknown): void;
  /** `holder` has released all of it. */
  onReleased(holder: object): void;
}

let watcher: ResourceWatcher | undefined = undefined;

/** From here on `one` alone hears of what engines of this thread have; undefined: nobody. */
export function watchResources(one: ResourceWatcher | undefined): void {
  watcher = one;
}

/** See {@linkcode ResourceWatcher.onHeld}. */
export function resourcesHeld(holder: object, poller: string, exported: () => unknown): void {
  watcher?.onHeld(holder, poller, exported());
}

/** See {@linkcode ResourceWatcher.onReleased}. */
export function resourcesReleased(holder: object): void {
  watcher?.onReleased(holder);
}
