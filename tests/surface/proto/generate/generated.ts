// Generates modules of texts, and imports what was generated.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { generate } from "../../../../surface/proto/generate/generate.ts";
import type { GeneratedFile, GenerateOptions } from "../../../../surface/proto/generate/options.ts";
import { linkFiles } from "../../../../surface/proto/language/link_files.ts";
import type { FileNode } from "../../../../surface/proto/language/nodes.ts";
import { parseFile } from "../../../../surface/proto/language/parse_file.ts";
import { importedBy, STANDARD_OPTIONS, wellKnownFile } from "../../../../surface/proto/well_known.ts";

/** What generated code imports, as it lies here. */
const RUNTIME = new URL("../../../../surface/proto/generated.ts", import.meta.url).href;

/** Texts by path, linked. */
export function linked(texts: Readonly<Record<string, string>>): FileNode[] {
  const files = new Map(Object.entries(texts).map(([name, text]) => [name, parseFile(name, text)]));
  for (const { imports } of files.values()) {
    for (const line of imports) line.file = files.get(line.path) ?? wellKnownFile(line.path);
  }
  const all = [...files.values()];
  linkFiles(all, importedBy(all), STANDARD_OPTIONS);
  return all;
}

/** What is generated of `texts`. */
export function generateTexts(
  texts: Readonly<Record<string, string>>,
  options: GenerateOptions = {},
): GeneratedFile[] {
  return generate(linked(texts), options);
}

/** The text generated of one file. */
export function generateText(text: string, options: GenerateOptions = {}): string {
  return generateTexts({ "test.proto": text }, options)[0]!.text;
}

/** The module generated of the first of `texts`. */
export async function importGenerated(
  texts: Readonly<Record<string, string>>,
  options: GenerateOptions = {},
  // deno-lint-ignore no-explicit-any
): Promise<any> {
  const directory = mkdtempSync(join(tmpdir(), "generated-"));
  try {
    const files = generateTexts(texts, { runtime: RUNTIME, ...options });
    for (const { path, text } of files) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    return await import(pathToFileURL(join(directory, files[0]!.path)).href);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
