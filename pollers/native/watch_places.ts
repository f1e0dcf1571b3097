// Watches the places of files, there or not, through the folders that they are in.

import { type FSWatcher, statSync, watch } from "node:fs";

/** Editors write in several steps: what they did is looked at once it has been quiet for as long. */
const QUIET_MS = 40;

/** What differs once the file at `path` is another one or was written; "" where there is none. */
export function placeStamp(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeNs}`;
}

/** Watches files that may come, change and go. It keeps the process until it is closed. */
export class PlaceWatcher {
  private readonly watchers = new Map<string, FSWatcher>();
  private stamps: ReadonlyMap<string, string> = new Map();
  private whole: ReadonlySet<string> = new Set();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting: (() => void) | undefined;
  private isClosed = false;
  /** A folder changed while nobody waited. */
  private missed = false;

  /**
   * Resolves once one of the places has changed since it had its stamp, or a .proto file in one of the folders `whole`
   * came or went; or when the watcher is closed. Paths have "/" between their parts. To be awaited before the next one.
   */
  changed(stamps: ReadonlyMap<string, string>, whole: ReadonlySet<string>): Promise<void> {
    this.stamps = stamps;
    this.whole = whole;
    return new Promise((resolve) => {
      this.waiting = resolve;
      if (this.isClosed) return this.wake();
      const folders = new Set([...stamps.keys()].map(folderOf));
      for (const folder of whole) folders.add(folder);
      for (const folder of folders) this.follow(folder);
      // What happened before its folder was watched.
      if (this.missed || [...stamps].some(([path, stamp]) => placeStamp(path) !== stamp)) this.soon();
      this.missed = false;
    });
  }

  /** Ends it: nothing is watched any more. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const watcher of this.watchers.values()) watcher.close();
    this.watchers.clear();
    this.wake();
  }

  private follow(folder: string): void {
    if (this.watchers.has(folder)) return;
    try {
      const watcher = watch(folder === "" ? "." : folder, (_, name) => this.seen(folder, name));
      watcher.on("error", () => this.lost(folder, watcher));
      this.watchers.set(folder, watcher);
    } catch {
      // There is no such folder, where an import might have been.
    }
  }

  /** The folder itself went: what was in it did too, and it may come again. */
  private lost(folder: string, watcher: FSWatcher): void {
    watcher.close();
    this.watchers.delete(folder);
    this.soon();
  }

  private seen(folder: string, name: string | null): void {
    if (name === null || this.stamps.has(folder + name)) return this.soon();
    if (!this.whole.has(folder) || !name.endsWith(".proto")) return;
    this.missed = this.waiting === undefined;
    this.soon();
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), QUIET_MS);
  }

  private wake(): void {
    const resolve = this.waiting;
    this.waiting = undefined;
    resolve?.();
  }
}

/** "a/b/" of "a/b/c". */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
