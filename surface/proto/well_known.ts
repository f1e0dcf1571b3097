// google/protobuf/*.proto, which every .proto file may import without bringing them along.

import { linkFiles } from "./language/link_files.ts";
import type { FileNode } from "./language/nodes.ts";
import type { StandardOptions } from "./language/options.ts";
import { parseFile } from "./language/parse_file.ts";
import { WELL_KNOWN_SOURCES } from "./well_known_sources.ts";

const PREFIX = "google/protobuf/";

/** Files parsed so far: shared, since they never change. */
const parsed = new Map<string, FileNode>();

/** The well-known file of import path `path`, linked; undefined where there is none. */
export function wellKnownFile(path: string): FileNode | undefined {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  if (!path.startsWith(PREFIX) || !path.endsWith(".proto")) return undefined;
  const name = path.slice(PREFIX.length, -".proto".length);
  if (!Object.hasOwn(WELL_KNOWN_SOURCES, name)) return undefined;
  const file = parseFile(path, WELL_KNOWN_SOURCES[name]!);
  for (const line of file.imports) line.file = wellKnownFile(line.path);
  linkFiles([file], importedBy([file]), STANDARD_OPTIONS);
  parsed.set(path, file);
  return file;
}

const plainTypes = new Map<string, "string" | "bool">();

/** Protobuf's own options, which are fields of descriptor.proto's messages; others extend these. */
export const STANDARD_OPTIONS: StandardOptions = {
  descriptor: () => wellKnownFile(`${PREFIX}descriptor.proto`)!,
  plainType(type, option) {
    const key = `${type}.${option}`;
    const known = plainTypes.get(key) ?? findPlainType(type, option);
    // What is not found may be any name, and is wrong.
    if (known !== undefined) plainTypes.set(key, known);
    return known;
  },
};

/** Fields come first in these messages, before a brace of what is nested in them. */
function findPlainType(type: string, option: string): "string" | "bool" | undefined {
  const field = new RegExp(`\\bmessage ${type} \\{[^{}]*?\\boptional (string|bool) ${option} = `);
  return field.exec(WELL_KNOWN_SOURCES["descriptor"]!)?.[1] as "string" | "bool" | undefined;
}

/** All that `files` import, at any distance, and that is none of them. */
export function importedBy(files: readonly FileNode[]): Set<FileNode> {
  const found = new Set(files);
  for (const file of found) {
    for (const line of file.imports) if (line.file !== undefined) found.add(line.file);
  }
  for (const file of files) found.delete(file);
  return found;
}
