// parseProto: the text of one .proto file in, services and codecs out, synchronously.

import { describe } from "../options.ts";
import { Assembly, type ProtoTypes } from "./assemble.ts";
import type { ServiceDescriptor } from "./service.ts";

/** The result of loading where no type is given: services by simple and by full name. */
export type LoadedProto = Record<string, ServiceDescriptor>;

/**
 * Parses the text of one .proto file, which imports nothing but `google/protobuf/*.proto`. The result is as
 * `loadProto`'s.
 *
 * @throws {ProtoError} that names `name` and the line
 */
export function parseProto<T = LoadedProto>(text: string, name = "(text)"): T & ProtoTypes {
  if (typeof text !== "string") {
    throw new TypeError(`Cannot parse ${describe(text)}: give the text of a .proto file`);
  }
  const assembly = new Assembly();
  const { imports, source } = assembly.add(name, text);
  for (const line of imports) {
    if (assembly.resolveWellKnown(line) || line.kind === "weak" || line.kind === "option") continue;
    throw source.error(
      line.at,
      `Cannot import "${line.path}": only google/protobuf files are known to parseProto; use loadProto`,
    );
  }
  return assembly.finish() as T & ProtoTypes;
}
