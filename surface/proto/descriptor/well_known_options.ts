// The file options of google/protobuf/*.proto, which the library's texts of these files leave out, for their descriptors.

import type { OptionValues } from "../language/nodes.ts";

/** The files that have options after one pattern, all but those of descriptors and features. */
const FILE =
  /^google\/protobuf\/(any|api|duration|empty|field_mask|source_context|struct|timestamp|type|wrappers)\.proto$/;
/** Those that do not say `cc_enable_arenas`. */
const WITHOUT_ARENAS = new Set(["any", "api", "source_context"]);

/** What protobuf's own file of path `path` says beside its declarations; undefined for other files. */
export function wellKnownOptions(path: string): OptionValues | undefined {
  const name = FILE.exec(path)?.[1];
  if (name === undefined) return undefined;
  const octets = (text: string) => new TextEncoder().encode(text);
  const pascal = name.replace(/(?:^|_)(.)/g, (_, letter: string) => letter.toUpperCase());
  return new Map<string, unknown>([
    ["java_package", octets("com.google.protobuf")],
    ["java_outer_classname", octets(`${pascal}Proto`)],
    ["java_multiple_files", true],
    ["go_package", octets(`google.golang.org/protobuf/types/known/${name.replace("_", "")}pb`)],
    ...(WITHOUT_ARENAS.has(name) ? [] : [["cc_enable_arenas", true] as const]),
    ["objc_class_prefix", octets("GPB")],
    ["csharp_namespace", octets("Google.Protobuf.WellKnownTypes")],
  ]);
}
