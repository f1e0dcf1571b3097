// Watches the places of files, there or not, through the folders that they are in.

import { type FSWatcher, readlinkSync, realpathSync, statSync, watch } from "node:fs";
import { resolve as resolvePath } from "node:path";

/** Editors write in several steps: what they did is looked at once it has been quiet for as long. */
const QUIET_MS = 40;

/** What differs once the file at `path` is another one or was written; "" where there is none that can be read. */
export function placeStamp(path: string): string {
  try {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? "" : `${found.ino} ${found.size} ${found.mtimeNs}`;
  } catch {
    return ""; // a file stands where its folder should be, or links lead in a circle: whoever reads it says so
  }
}

/** A folder that is watched; another one that comes in its place is not. */
interface Followed {
  readonly watcher: FSWatcher;
  readonly identity: string;
}

/** Watches files that may come, change and go. It keeps the process until it is closed. */
export class PlaceWatcher {
  private readonly followed = new Map<string, Followed>();
  /** Folders that are not there, as names in the ones above them that are. */
  private readonly awaited = new Set<string>();
  /** Symbolic links to files and folders that are watched, and what they lead to. */
  private readonly links = new Set<string>();
  private stamps: ReadonlyMap<string, string> = new Map();
  private whole: ReadonlySet<string> = new Set();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private waiting: ((error?: Error) => void) | undefined;
  private isClosed = false;
  /** A folder changed while nobody waited. */
  private missed = false;

  /**
   * Resolves once one of the places has changed since it had its stamp, or a .proto file or a folder in one of the folders
   * `whole` came or went; or when the watcher is closed. Paths have "/" between their parts. To be awaited before the next one.
   * Rejects with an Error that says which folder the system does not let be watched: changes in it would not be seen.
   */
  changed(stamps: ReadonlyMap<string, string>, whole: ReadonlySet<string>): Promise<void> {
    this.stamps = stamps;
    this.whole = whole;
    return new Promise((resolve, reject) => {
      this.waiting = (error) => error === undefined ? resolve() : reject(error);
      if (this.isClosed) return this.wake();
      const folders = new Set([...stamps.keys()].map(folderOf));
      for (const folder of whole) folders.add(folder);
      this.links.clear();
      for (const path of stamps.keys()) this.followLink(path, folders);
      for (const folder of folders) if (folder !== "") this.followLink(folder.slice(0, -1), folders);
      const isFirst = this.followed.size === 0;
      const more = this.followAll(folders);
      // What happened before its folder was watched.
      const late = (more && !isFirst) || [...stamps].some(([path, stamp]) => placeStamp(path) !== stamp);
      if (this.missed || late) this.soon();
      this.missed = false;
    });
  }

  /** Ends it: nothing is watched any more. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const { watcher } of this.followed.values()) watcher.close();
    this.followed.clear();
    this.wake();
  }

  /** Where there is a link at `path`, the `folders` that it and all it leads to are in are to be watched too. */
  private followLink(path: string, folders: Set<string>): void {
    const target = targetOf(path);
    if (target === undefined) return;
    const isKnown = this.links.has(target);
    for (const one of [path, target]) {
      this.links.add(one);
      folders.add(folderOf(one));
    }
    if (!isKnown) this.followLink(target, folders);
  }

  /** Watches `folders` and no others. Whether there is one among them that was not watched before. */
  private followAll(folders: Iterable<string>): boolean {
    const before = new Map(this.followed);
    this.awaited.clear();
    let isMore = false;
    for (const folder of folders) {
      const [at, isNew] = this.follow(folder);
      isMore ||= isNew;
      before.delete(at);
    }
    for (const [folder, followed] of before) this.drop(folder, followed);
    return isMore;
  }

  /** Watches `folder`, or where there is none the one above, in which it may come; and whether it was not watched before. */
  private follow(folder: string): [at: string, isNew: boolean] {
    const identity = identityOf(folder);
    const known = this.followed.get(folder);
    if (known !== undefined && known.identity === identity) return [folder, false];
    if (known !== undefined) this.drop(folder, known);
    if (identity === undefined) {
      if (folder === "") return [folder, false];
      const path = folder.slice(0, -1);
      this.awaited.add(path);
      return this.follow(folderOf(path));
    }
    try {
      const watcher = watch(realpathSync(folder === "" ? "." : folder), (_, name) => this.seen(folder, name));
      const made = { watcher, identity };
      watcher.on("error", (error) => this.lost(folder, made, error));
      this.followed.set(folder, made);
    } catch (cause) {
      if (identityOf(folder) === identity) throw unwatched(folder, cause); // others went this moment
    }
    return [folder, true];
  }

  private drop(folder: string, followed: Followed): void {
    followed.watcher.close();
    if (this.followed.get(folder) === followed) this.followed.delete(folder);
  }

  /** The folder itself went: what was in it did too, and it may come again. Of one that is there still, Deno tells here. */
  private lost(folder: string, followed: Followed, cause: unknown): void {
    this.drop(folder, followed);
    if (identityOf(folder) === followed.identity) this.wake(unwatched(folder, cause));
    else this.soon();
  }

  private seen(folder: string, name: string | null): void {
    const path = folder + (name ?? "");
    const isMeant = this.stamps.has(path) || this.awaited.has(path) || this.links.has(path);
    if (name === null || isMeant) return this.soon();
    const isOfWhole = this.whole.has(folder) && (name.endsWith(".proto") || this.isOther(`${path}/`));
    if (isOfWhole) this.missed = this.waiting === undefined;
    if (isOfWhole || this.isOther(folder)) this.soon();
  }

  /** Whether there is another folder, or none, where one is watched; or one where none is. */
  private isOther(folder: string): boolean {
    return this.followed.get(folder)?.identity !== identityOf(folder);
  }

  private soon(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.wake(), QUIET_MS);
  }

  private wake(error?: Error): void {
    const settle = this.waiting;
    this.waiting = undefined;
    settle?.(error);
  }
}

function unwatched(folder: string, cause: unknown): Error {
  return new Error(`Cannot watch ${folder || "."}: ${(cause as Error).message}`, { cause });
}

/** What differs where a folder was made anew at `path`; undefined where there is none. */
function identityOf(path: string): string | undefined {
  try {
    // The number of a folder that went is given to the next one that is made.
    const { dev, ino, birthtimeNs } = statSync(path === "" ? "." : path, { bigint: true });
    return `${dev} ${ino} ${birthtimeNs}`;
  } catch {
    return undefined;
  }
}

/** What the symbolic link at `path` leads to, there or not; undefined where there is none. */
function targetOf(path: string): string | undefined {
  try {
    return resolvePath(folderOf(path), readlinkSync(path)).replaceAll("\\", "/");
  } catch {
    return undefined;
  }
}

/** "a/b/" of "a/b/c". */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}
