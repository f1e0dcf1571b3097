// The codecs of the bench's messages as generated code has them.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Codec } from "../../surface/proto/codec.ts";
import { generate } from "../../surface/proto/generate/generate.ts";
import { linkFiles } from "../../surface/proto/language/link_files.ts";
import { parseFile } from "../../surface/proto/language/parse_file.ts";
import { STANDARD_OPTIONS } from "../../surface/proto/well_known.ts";

/** The codecs of all message types of `source`, which imports nothing, by their names. */
export async function generatedOf(source: string): Promise<Readonly<Record<string, Codec>>> {
  const file = parseFile("bench.proto", source);
  linkFiles([file], [], STANDARD_OPTIONS);
  const runtime = new URL("../../surface/proto/generated.ts", import.meta.url).href;
  const { text } = generate([file], { runtime })[0]!;
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    const path = join(directory, "bench.ts");
    writeFileSync(path, text);
    return await import(pathToFileURL(path).href);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
