// Links descriptors: serialised FileDescriptorProtos in, in any order, the declarations of their files out.

import { DecodeError, ProtoError } from "../errors.ts";
import { linkFiles } from "../language/link_files.ts";
import type { FileNode } from "../language/nodes.ts";
import { importedBy, STANDARD_OPTIONS, wellKnownFile } from "../well_known.ts";
import { descriptorCodecs, type FileDescriptor } from "./descriptor_types.ts";
import { describeBy } from "./linked_file.ts";
import { type ReadContext, SetContext } from "./read_context.ts";
import { readFile } from "./read_file.ts";
import { extensionsOf } from "./read_options.ts";

/** Files that any set may have; a larger one may have one for each `BYTES_A_FILE` octets, which all real ones do. */
const MAX_FILES = 5000;
const BYTES_A_FILE = 512;

/**
 * The files of `descriptors`, linked as those of .proto texts are, in the order given. The files of protobuf itself are
 * always this library's. `weak` imports may be missing.
 *
 * @throws {ProtoError} that names file and declaration
 */
export function linkDescriptors(descriptors: readonly Uint8Array[]): FileNode[] {
  const maxFiles = maxFilesOf(descriptors);
  const set = new SetContext();
  const files = new Map<string, FileNode>();
  const bytes = new Map<string, Uint8Array>();
  const contexts: ReadContext[] = [];
  for (const one of descriptors) {
    const descriptor = decode(one);
    const name = descriptor.name ?? "";
    const known = bytes.get(name);
    if (known !== undefined) {
      if (isSame(known, one)) continue;
      throw new ProtoError(`Cannot load descriptors: two files that differ are called "${name}"`);
    }
    bytes.set(name, one);
    const standard = wellKnownFile(name);
    const file = standard ?? readFile(descriptor, (file) => {
      const context = set.of(file);
      contexts.push(context);
      return context;
    });
    files.set(name, file);
    if (standard === undefined) describeBy(file, one);
    if (files.size > maxFiles) {
      throw new ProtoError(`Cannot load descriptors: there are more than ${maxFiles} files`);
    }
  }
  resolveImports(files);
  const own = [...files].filter(([name]) => wellKnownFile(name) === undefined).map(([, file]) => file);
  const imported = importedBy(own);
  linkFiles(own, imported, STANDARD_OPTIONS);
  for (const context of contexts) context.checkKinds();
  set.extend(extensionsOf([...own, ...imported]));
  return [...files.values()];
}

function maxFilesOf(descriptors: readonly Uint8Array[]): number {
  const octets = descriptors.reduce((sum, { length }) => sum + length, 0);
  return Math.max(MAX_FILES, Math.floor(octets / BYTES_A_FILE));
}

function decode(bytes: Uint8Array): FileDescriptor {
  try {
    return descriptorCodecs().file.decode(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ProtoError(`Cannot read a descriptor: ${error.message}`, { cause: error });
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function resolveImports(files: ReadonlyMap<string, FileNode>): void {
  for (const file of files.values()) {
    for (const line of file.imports) {
      line.file ??= files.get(line.path) ?? wellKnownFile(line.path);
      if (line.file !== undefined || line.kind === "weak" || line.kind === "option") continue;
      throw file.source.error(0, `Cannot import "${line.path}": it is not among the descriptors`);
    }
  }
}
