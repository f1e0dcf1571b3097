// Inputs that failed once: how their files are called, and where they are.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fromHex } from "../bytes.ts";
import type { FuzzTarget } from "./target.ts";

const folder = new URL("../regressions/fuzz/", import.meta.url);

/** The file of an input of `target`: the same input has the same name (FNV-1a). */
export function regressionName(target: FuzzTarget, input: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of input) hash = Math.imul(hash ^ byte, 0x01000193);
  return `${target.name}-${(hash >>> 0).toString(16).padStart(8, "0")}.hex`;
}

/** Every input that is kept, with the name of its file, which begins with its target's. */
export function regressions(): Array<[name: string, input: Uint8Array]> {
  if (!existsSync(folder)) return [];
  return readdirSync(folder).filter((name) => name.endsWith(".hex")).sort()
    .map((name) => [name, fromHex(readFileSync(new URL(name, folder), "utf8"))]);
}
