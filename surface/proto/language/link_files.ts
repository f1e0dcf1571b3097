// Takes parsed files whose imports are known through all passes: order, names, types, options, features, checks.

import type { ProtoError } from "../errors.ts";
import { checkFile } from "./check.ts";
import { declareFile } from "./declare.ts";
import { importCycles } from "./import_cycles.ts";
import { resolveFeatures, resolveFileFeatures } from "./features.ts";
import { linkFile } from "./link.ts";
import { attempt, type ReportError } from "./report.ts";
import type { FileNode, OptionNode, OptionValues } from "./nodes.ts";
import { OptionReader, type StandardOptions } from "./options.ts";
import { Symbols } from "./symbols.ts";

/**
 * Links `files`. `linked` are those among what they import that are linked already. Throws ProtoError; where there is
 * `report`, errors are given to it instead, and of a file with an error, and of those that import it, nothing follows
 * that is only wrong because of it. `wrong` are files of which that is known already.
 */
export function linkFiles(
  files: readonly FileNode[],
  linked: Iterable<FileNode>,
  standard: StandardOptions,
  report?: ReportError,
  wrong: Set<FileNode> = new Set(),
): void {
  for (const [file, error] of importCycles(files)) {
    if (report === undefined) throw error;
    report(error);
    wrong.add(file);
  }
  const symbols = new Symbols();
  for (const file of linked) symbols.addAll(file);
  const inOrder = importedFirst(files);
  const passes: ((file: FileNode, report?: ReportError) => void)[] = [
    (file) => declareFile(file, symbols),
    (file, report) => linkFile(file, symbols, report),
    (file) => {
      readOptions(file, symbols, standard, false);
      resolveFileFeatures(file);
      for (const node of file.declared) resolveFeatures(node);
    },
    (file, report) => {
      readOptions(file, symbols, standard, true);
      checkFile(file, report);
    },
  ];
  for (const pass of passes) {
    for (const file of inOrder) {
      if (report === undefined) pass(file);
      else if (!dependsOn(file, wrong)) {
        const found = (error: ProtoError) => {
          wrong.add(file);
          report(error);
        };
        attempt(found, () => pass(file, found));
      }
    }
  }
}

/** Whether `file` is one of `wrong`, or imports one; an import at a distance has made the nearer one wrong. */
function dependsOn(file: FileNode, wrong: Set<FileNode>): boolean {
  if (wrong.has(file)) return true;
  if (!file.imports.some((line) => line.file !== undefined && wrong.has(line.file))) return false;
  wrong.add(file);
  return true;
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
