// Links descriptors, with the comments that they carry.

import { descriptorCodecs } from "../../proto/descriptor/descriptor_types.ts";
import { linkDescriptors } from "../../proto/descriptor/link_descriptors.ts";
import type { FileNode } from "../../proto/language/nodes.ts";
import { wellKnownFile } from "../../proto/well_known.ts";
import { takeComments } from "../gen/descriptor_comments.ts";

/** As `linkDescriptors`; declarations have their comments. */
export function linkDescribed(descriptors: Iterable<Uint8Array>): FileNode[] {
  const all = [...descriptors];
  const files = linkDescriptors(all);
  const byPath = new Map(files.map((file) => [file.path, file]));
  for (const bytes of all) {
    const { name = "" } = descriptorCodecs().file.decode(bytes);
    const file = byPath.get(name);
    // Files of protobuf itself are shared, and stay as they are.
    if (file !== undefined && wellKnownFile(name) === undefined) takeComments(file, bytes);
  }
  return files;
}
