// Files that import each other in a circle, at any distance: no order puts each behind what it imports.

import type { ProtoError } from "../errors.ts";
import type { FileNode } from "./nodes.ts";

/** The errors of `files`, whose imports are known: one for each circle, at the import that begins it, in protoc's words. */
export function importCycles(files: readonly FileNode[]): [file: FileNode, error: ProtoError][] {
  const found: [FileNode, ProtoError][] = [];
  const done = new Set<FileNode>();
  const open = new Set<FileNode>();
  for (const root of files) {
    const path = [{ file: root, next: 0 }];
    for (let top = path[0]; top !== undefined; top = path.at(-1)) {
      const { file } = top;
      open.add(file);
      if (done.has(file) || top.next === file.imports.length) {
        done.add(file);
        open.delete(file);
        path.pop();
        continue;
      }
      const imported = file.imports[top.next++]!.file;
      if (imported === undefined || done.has(imported)) continue;
      if (open.has(imported)) found.push([imported, cycle(imported, path)]);
      else path.push({ file: imported, next: 0 });
    }
  }
  return found;
}

function cycle(
  file: FileNode,
  path: readonly { readonly file: FileNode; readonly next: number }[],
): ProtoError {
  const around = path.slice(path.findIndex((step) => step.file === file));
  const names = [...around.map((step) => step.file), file].map(({ path }) => path);
  const { at } = file.imports[around[0]!.next - 1]!;
  return file.source.error(at, `File recursively imports itself: ${names.join(" -> ")}`);
}
