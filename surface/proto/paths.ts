// Locations of .proto files: file paths and URLs alike, with the candidates an import may mean.

/** Where files come from. */
export interface FoundFile {
  /** Path or URL, normalised; the identity of the file. */
  readonly location: string;
  /** Directory that the import path was looked up in, with a final "/", or "". */
  readonly root: string;
}

const SCHEME = /^[a-zA-Z][a-zA-Z0-9+.-]+:\/\//;

/** Whether a location is a URL rather than a path. */
export function isUrl(location: string): boolean {
  return SCHEME.test(location);
}

/** Where an absolute path begins: "/", "C:/", or "\\\\" before the name of a server of Windows. */
const ROOT = /^(?:\\\\|[A-Za-z]:[\\/]|[\\/])/;

/** Whether a location is the same from every directory. */
export function isAbsolute(location: string): boolean {
  return isUrl(location) || ROOT.test(location);
}

/**
 * The location with "/" between parts, and with "." and ".." resolved. Of Windows' paths, the letter of a drive is upper case,
 * and a server's name keeps its two backslashes: on other systems two slashes are one.
 */
export function normalise(location: string): string {
  if (isUrl(location)) return new URL(location).href;
  const root = ROOT.exec(location)?.[0] ?? "";
  const parts: string[] = [];
  for (const part of location.slice(root.length).split(/[\\/]/)) {
    if (part === "" || part === ".") continue;
    const last = parts[parts.length - 1];
    if (part === ".." && last !== undefined && last !== "..") parts.pop();
    else if (part !== ".." || root === "") parts.push(part);
  }
  return (root === "\\\\" ? root : root.toUpperCase().replace("\\", "/")) + parts.join("/");
}

/** The directory of a location, with a final "/"; "" for a bare file name. */
export function directoryOf(location: string): string {
  return location.slice(0, location.lastIndexOf("/") + 1);
}

/** `path` below `directory` ("" or with a final "/"). */
function joinPath(directory: string, path: string): string {
  if (isUrl(directory)) return new URL(path.split("/").map(encodeURIComponent).join("/"), directory).href;
  return normalise(directory + path);
}

/** A directory as given by users, normalised, with a final "/" unless it is the current one. */
export function directory(location: string): string {
  const path = isUrl(location) ? location : normalise(location);
  return path === "" || path.endsWith("/") ? path : `${path}/`;
}

/**
 * Where `path` imported by `from` may be, in the order to try: below each include directory and the root the
 * importing file was found below, as protoc does; then beside the importing file; then below any directory
 * above it that the path leads back into (in ".../protos/shop/cart.proto", "shop/item.proto" means
 * ".../protos/shop/item.proto").
 */
export function importCandidates(path: string, from: FoundFile, includeDirs: readonly string[]): FoundFile[] {
  const beside = directoryOf(from.location);
  const roots = [...includeDirs, from.root, beside];
  const first = `/${path.split("/")[0]}/`;
  if (path.includes("/")) {
    const search = `/${beside}`;
    for (
      let at = search.lastIndexOf(first);
      at >= 0;
      at = at === 0 ? -1 : search.lastIndexOf(first, at - 1)
    ) {
      roots.push(search.slice(1, at + 1));
    }
  }
  const seen = new Set<string>();
  const candidates: FoundFile[] = [];
  for (const root of roots) {
    const location = joinPath(root, path);
    if (seen.has(location)) continue;
    seen.add(location);
    candidates.push({ location, root });
  }
  return candidates;
}
