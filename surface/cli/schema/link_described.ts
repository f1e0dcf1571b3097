// Links descriptors that servers and files have, with the comments that they carry.

import { descriptorCodecs, type FileDescriptor } from "../../proto/descriptor/descriptor_types.ts";
import { linkDescriptors } from "../../proto/descriptor/link_descriptors.ts";
import { ProtoError } from "../../proto/errors.ts";
import type { FileNode } from "../../proto/language/nodes.ts";
import { wellKnownFile } from "../../proto/well_known.ts";
import { takeComments } from "../gen/descriptor_comments.ts";
import { missingImports } from "./missing_imports.ts";

/** As `linkDescriptors`; declarations have their comments, and imports that are left out are found. */
export function linkDescribed(descriptors: Iterable<Uint8Array>): FileNode[] {
  const all = [...descriptors];
  const files = linkWhole(all);
  const byPath = new Map(files.map((file) => [file.path, file]));
  for (const bytes of all) {
    const { name = "" } = descriptorCodecs().file.decode(bytes);
    const file = byPath.get(name);
    // Files of protobuf itself are shared, and stay as they are.
    if (file !== undefined && wellKnownFile(name) === undefined) takeComments(file, bytes);
  }
  return files;
}

/** Descriptors of proto-loader, and so of servers of grpc-js, have no imports: they are added where linking fails. */
function linkWhole(all: readonly Uint8Array[]): FileNode[] {
  try {
    return linkDescriptors(all);
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
    const files = decodeAll(all);
    const missing = files === undefined ? undefined : missingImports(files);
    if (missing === undefined || missing.every(({ length }) => length === 0)) throw error;
    return linkDescriptors(all.map((bytes, i) => withDependencies(bytes, missing[i]!)));
  }
}

function decodeAll(all: readonly Uint8Array[]): FileDescriptor[] | undefined {
  try {
    return all.map((bytes) => descriptorCodecs().file.decode(bytes));
  } catch {
    return undefined; // which linking has said already
  }
}

/** A message that is encoded twice in a row is both parts merged: dependencies behind those that there are. */
function withDependencies(bytes: Uint8Array, dependency: readonly string[]): Uint8Array {
  const more = descriptorCodecs().file.encode({ dependency });
  const merged = new Uint8Array(bytes.length + more.length);
  merged.set(bytes);
  merged.set(more, bytes.length);
  return merged;
}
