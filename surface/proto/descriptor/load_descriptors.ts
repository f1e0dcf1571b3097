// loadDescriptors: descriptors of .proto files in, services and codecs out.

import { describe } from "../../options.ts";
import { assemble, type ProtoTypes } from "../assemble.ts";
import { DecodeError, ProtoError } from "../errors.ts";
import type { FileNode } from "../language/nodes.ts";
import type { LoadedProto } from "../parse.ts";
import { importedBy } from "../well_known.ts";
import { descriptorCodecs } from "./descriptor_types.ts";
import { linkDescriptors } from "./link_descriptors.ts";

/**
 * Loads files that were compiled already. `descriptors` are a serialised `google.protobuf.FileDescriptorSet`, as
 * `protoc --include_imports --descriptor_set_out` and `buf build` write it, or an array of serialised
 * FileDescriptorProtos, as reflection answers with; in any order, with all that they import but
 * `google/protobuf/*.proto`. The result is as `loadProto`'s; where services have the same simple name, it means that of
 * a file that no other imports.
 *
 * @throws {ProtoError} that names file and declaration: for what is no descriptor, and for what .proto files may not say
 * @throws {TypeError} for what are no octets
 *
 * @example
 * ```ts ignore
 * const { RouteGuide } = loadDescriptors(await Deno.readFile("route_guide.binpb"));
 * ```
 */
export function loadDescriptors<T = LoadedProto>(
  descriptors: Uint8Array | readonly Uint8Array[],
): T & ProtoTypes {
  const files = linkDescriptors(listOf(descriptors));
  const imported = new Set(files.flatMap(({ imports }) => imports.map(({ file }) => file)));
  const outermost = (file: FileNode) => !imported.has(file);
  const inOrder = [...files.filter(outermost), ...files.filter((file) => !outermost(file))];
  return assemble(inOrder, [...importedBy(files)]) as T & ProtoTypes;
}

function listOf(descriptors: Uint8Array | readonly Uint8Array[]): readonly Uint8Array[] {
  if (Array.isArray(descriptors)) {
    const wrong = descriptors.find((one) => !(one instanceof Uint8Array));
    if (wrong === undefined) return descriptors;
    throw new TypeError(`Cannot load descriptors: expected a list of Uint8Arrays, found ${describe(wrong)}`);
  }
  if (!(descriptors instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot load descriptors: expected a Uint8Array, or a list of them, found ${describe(descriptors)}`,
    );
  }
  try {
    return descriptorCodecs().fileSet.decode(descriptors).file ?? [];
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new ProtoError(`Cannot read a set of descriptors: ${error.message}`, { cause: error });
  }
}
