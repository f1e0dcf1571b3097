// A file as the rules see it: its text told apart, and what it imports.
import { scan, type Scanned } from "./scanner.ts";

/** One source file. */
export interface Source extends Scanned {
  /** Path from the project's folder, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

/** What one import, export or dynamic import names. */
export interface Import {
  readonly at: number;
  /** As written: "./engine.ts", "protobufjs", "node:fs". */
  readonly specifier: string;
  /** The project's file that a relative specifier names; undefined for any other. */
  readonly target: string | undefined;
  /** `import type` or `export type`: gone when the program runs. */
  readonly typeOnly: boolean;
}

/** Reads a source from its text. */
export function readSource(path: string, text: string): Source {
  const scanned = scan(text);
  const imports: Import[] = [];
  for (const { at, text: specifier } of scanned.strings) {
    const before = scanned.code.slice(0, at);
    if (!/(?:\bfrom|\bimport)\s*\(?\s*["'`]$/.test(before.slice(-40))) continue;
    const typeOnly = /(?:^|\n)(?:import|export) type\b[^;]*$/.test(before);
    imports.push({ at, specifier, target: resolve(path, specifier), typeOnly });
  }
  return { path, text, imports, ...scanned };
}

function resolve(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return new URL(specifier, `file:///${from}`).pathname.slice(1);
}
