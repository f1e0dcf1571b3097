// Takes parsed files whose imports are known through all passes: names, types, options, features, checks.

import { checkFile } from "./check.ts";
import { declareFile } from "./declare.ts";
import { resolveFeatures, resolveFileFeatures } from "./features.ts";
import { linkFile } from "./link.ts";
import type { FileNode, OptionNode, OptionValues } from "./nodes.ts";
import { OptionReader, type StandardOptions } from "./options.ts";
import { Symbols } from "./symbols.ts";

/**
 * Links `files`. `linked` are those among what they import that are linked already. Throws ProtoError.
 */
export function linkFiles(
  files: readonly FileNode[],
  linked: Iterable<FileNode>,
  standard: StandardOptions,
): void {
  const symbols = new Symbols();
  for (const file of linked) symbols.addAll(file);
  const inOrder = importedFirst(files);
  for (const file of inOrder) declareFile(file, symbols);
  for (const file of inOrder) linkFile(file, symbols);
  for (const file of inOrder) {
    readOptions(file, symbols, standard, false);
    resolveFileFeatures(file);
    for (const node of file.declared) resolveFeatures(node);
  }
  for (const file of inOrder) {
    readOptions(file, symbols, standard, true);
    checkFile(file);
  }
}

/** Files behind those that they import, so that the first error is where the fault is. */
function importedFirst(files: readonly FileNode[]): FileNode[] {
  const wanted = new Set(files);
  const ordered = new Set<FileNode>();
  const begun = new Set<FileNode>();
  const pending = [...files].reverse();
  for (let file = pending.at(-1); file !== undefined; file = pending.at(-1)) {
    if (begun.has(file)) {
      ordered.add(file);
      pending.pop();
      continue;
    }
    begun.add(file);
    for (let i = file.imports.length - 1; i >= 0; i--) {
      const imported = file.imports[i]!.file;
      if (imported !== undefined && wanted.has(imported) && !begun.has(imported)) pending.push(imported);
    }
  }
  return [...ordered];
}

const OPTIONS_OF = {
  message: "MessageOptions",
  field: "FieldOptions",
  oneof: "OneofOptions",
  enum: "EnumOptions",
  value: "EnumValueOptions",
  service: "ServiceOptions",
  method: "MethodOptions",
} as const;

/** Reads the options of all declarations: those of protobuf itself, or the `extensions` of them. */
function readOptions(
  file: FileNode,
  symbols: Symbols,
  standard: StandardOptions,
  extensions: boolean,
): void {
  let reader: OptionReader | undefined;
  const read = (node: { options: OptionNode[]; settings?: OptionValues }, type: string, scope: string) => {
    if (node.options.length === 0) return;
    reader ??= new OptionReader(file, symbols, standard);
    if (!extensions) node.settings = new Map();
    reader.read(node.options, node.settings as Map<string, unknown>, type, scope, extensions);
  };
  for (const node of file.declared) {
    const scope = node.fullName.slice(0, Math.max(0, node.fullName.lastIndexOf(".")));
    read(node, OPTIONS_OF[node.kind], scope);
    if (node.kind !== "message") continue;
    for (const range of node.extensionRanges) read(range, "ExtensionRangeOptions", node.fullName);
  }
  read(file, "FileOptions", file.package);
}
