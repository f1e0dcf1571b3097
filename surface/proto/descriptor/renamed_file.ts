// A file's descriptor by another name, or with other names of what it imports.

import { encodeMessage } from "../codec.ts";
import { joinedOctets } from "../joined_octets.ts";
import { Reader } from "../reader.ts";
import { descriptorCodecs } from "./descriptor_types.ts";

/** Tags of `dependency` and `option_dependency`. */
const IMPORTS = [3 << 3 | 2, 15 << 3 | 2];

/**
 * The descriptor of a file by `name`; of what it imports those by `names` have others. All else stays as it is, octet by octet.
 * Throws DecodeError for what is no descriptor.
 */
export function renamedFile(
  bytes: Uint8Array,
  name: string,
  names: ReadonlyMap<string, string>,
): Uint8Array {
  const { file } = descriptorCodecs();
  const { dependency, optionDependency } = file.decode(bytes);
  const renamed = (imports: readonly string[] = []): string[] => imports.map((one) => names.get(one) ?? one);
  const added = { name, dependency: renamed(dependency), optionDependency: renamed(optionDependency) };
  // Of a field that comes twice the last one counts, and the name is one.
  return joinedOctets([...withoutImports(bytes), encodeMessage(file, added)]);
}

function withoutImports(bytes: Uint8Array): Uint8Array[] {
  const kept: Uint8Array[] = [];
  const reader = new Reader();
  reader.reset(bytes);
  while (reader.pos < bytes.length) {
    const from = reader.pos;
    const tag = reader.tag();
    reader.skip(tag);
    if (!IMPORTS.includes(tag)) kept.push(bytes.subarray(from, reader.pos));
  }
  return kept;
}
