// `pollwire gen`: TypeScript of .proto files, once, checked, or again with every change.

import { placeStamp, PlaceWatcher } from "../../../pollers/native/watch_places.ts";
import { generate } from "../../proto/generate/generate.ts";
import { normalise } from "../../proto/paths.ts";
import { type CommandLine, defineCommand } from "../command.ts";
import { CommandError, ExitCode, UsageError } from "../exit_codes.ts";
import type { FlagTable } from "../flags.ts";
import { type Inputs, loadInputs } from "../gen/inputs.ts";
import { generatorFlags, generatorOptions } from "../gen/options.ts";
import { applyChanges, compareOutputs, type OutputChanges } from "../gen/outputs.ts";
import { warnOfMissing } from "../include_folders.ts";
import { styleOf } from "../text.ts";

const FLAGS = {
  out: {
    kind: "text",
    value: "DIR",
    help: "where generated files go; nothing is written elsewhere",
    aliases: ["o"],
  },
  include: {
    kind: "list",
    value: "DIR",
    help:
      "where imports are looked up, and what files are named from, as protoc -I; default: the current directory",
    aliases: ["I", "proto_path", "import-path"],
  },
  check: { kind: "switch", help: "writes nothing; ends with 1 where a file is missing, differs or is stale" },
  watch: {
    kind: "switch",
    help: "generates again when a .proto file changes, imported ones too",
    aliases: ["w"],
  },
  clean: {
    kind: "switch",
    help: "removes stale files: those made of .proto files that are not given any more",
  },
  "no-imports": {
    kind: "switch",
    help: "makes the given files alone, and not those that they import, but for protobuf's own",
  },
  ...generatorFlags,
} as const satisfies FlagTable;

type Line = CommandLine<typeof FLAGS>;

/** The command. */
export const gen = defineCommand({
  usage: "PATH...",
  about: [
    "Makes a TypeScript file of each .proto file: types, codecs and services. A PATH is a .proto file, or a folder: all .proto files below it. What they import is made too, but for google/protobuf/*.proto, which the library has.",
    "Where a file is wrong, nothing is written. Files that would not change are not touched.",
    "Exit codes: 0, or 1 where a .proto file is wrong, a file cannot be written, or --check finds a difference.",
  ],
  flags: FLAGS,
  examples: [
    { says: "gen/greeter.ts of greeter.proto", line: "gen greeter.proto -o gen" },
    { says: "all below protos/, named from there", line: "gen protos -I protos -o src/gen" },
    {
      says: "in CI: whether what is committed is what would be made",
      line: "gen protos -I protos -o src/gen --check",
    },
    { says: "types of what loadProto loads", line: "gen greeter.proto -o types --types-only" },
  ],
  async run(line) {
    const { flags } = line;
    if (flags.out === undefined) {
      throw new UsageError("Cannot run gen: -o is missing, the folder that files go to");
    }
    if (flags.check && (flags.watch || flags.clean)) {
      throw new UsageError(
        `Cannot run gen: --check writes nothing, and has no --${flags.watch ? "watch" : "clean"}`,
      );
    }
    if (flags.runtime === "") {
      throw new UsageError("Cannot read --runtime: expected a module, which generated files import");
    }
    // Most often variables of a shell that are not set: files of the current directory are not to be overwritten for that.
    if (flags.out === "") {
      throw new UsageError('Cannot read -o "": expected a folder; the current one is "."');
    }
    if (line.args.includes("")) {
      throw new UsageError('Cannot read PATH "": expected a file or a folder; the current one is "."');
    }
    const out = normalise(flags.out);
    await warnOfMissing(flags.include, line.terminal);
    if (flags.watch) return await watch(line, out);
    const inputs = await load(line);
    refuseErrors(inputs, line);
    const changes = await compare(inputs, line, out);
    return flags.check ? check(changes, line, out) : await write(changes, line);
  },
});

function load({ args, flags }: Line): Promise<Inputs> {
  return loadInputs(args, flags.include);
}

/** Prints what is wrong with the files, as protoc does, and throws. */
function refuseErrors({ errors }: Inputs, { terminal }: Line): void {
  if (errors.length === 0) return;
  for (const { message } of errors) terminal.err.write(`${message}\n`);
  const many = errors.length === 1 ? "an error" : `${errors.length} errors`;
  throw new CommandError(`Cannot generate: ${many} in the .proto files; nothing was written`);
}

async function compare({ entries, files }: Inputs, { flags }: Line, out: string): Promise<OutputChanges> {
  const wanted = flags["no-imports"] ? entries : [...new Set([...entries, ...files])];
  try {
    return await compareOutputs(out, generate(wanted, generatorOptions(flags)));
  } catch (error) {
    throw new CommandError((error as Error).message, ExitCode.FAILED, { cause: error });
  }
}

function check(
  { missing, differing, stale, unchanged }: OutputChanges,
  { terminal }: Line,
  out: string,
): number {
  const { out: output } = terminal;
  for (const path of missing) output.write(`missing  ${path}\n`);
  for (const path of differing) output.write(`differs  ${path}\n`);
  for (const path of stale) output.write(`stale    ${path}\n`);
  const wrong = missing.length + differing.length + stale.length;
  if (wrong === 0) {
    output.write(`${counted(unchanged)} as generated\n`);
    return ExitCode.OK;
  }
  const clean = stale.length > 0 ? " (with --clean for the stale ones)" : "";
  throw new CommandError(
    `Cannot accept ${out || "."}: ${counted(wrong)} not as generated; run the same without --check${clean}`,
  );
}

async function write(changes: OutputChanges, { terminal, flags, signal }: Line): Promise<number> {
  signal.throwIfAborted(); // whoever ends it while files are read and generated wants nothing written
  try {
    await applyChanges(changes, flags.clean);
  } catch (error) {
    throw new CommandError((error as Error).message, ExitCode.FAILED, { cause: error });
  }
  const { out } = terminal;
  for (const path of changes.write.keys()) out.write(`wrote    ${path}\n`);
  for (const path of changes.stale) {
    out.write(flags.clean ? `removed  ${path}\n` : `stale    ${path}; --clean removes it\n`);
  }
  out.write(`${counted(changes.write.size)} written, ${changes.unchanged} unchanged\n`);
  return ExitCode.OK;
}

function counted(files: number): string {
  return files === 1 ? "1 file" : `${files} files`;
}

function stampsOf(places: Iterable<string>): Map<string, string> {
  return new Map(Array.from(places, (place) => [place, placeStamp(place)]));
}

/** Generates with every change until it is interrupted; what is wrong is printed, and the next change awaited. */
async function watch(line: Line, out: string): Promise<number> {
  const watcher = new PlaceWatcher();
  line.signal.addEventListener("abort", () => watcher.close());
  try {
    return await generateWith(watcher, line, out);
  } finally {
    watcher.close();
  }
}

async function generateWith(watcher: PlaceWatcher, line: Line, out: string): Promise<number> {
  const { signal, terminal } = line;
  const { dim } = styleOf(terminal.err);
  let last: Inputs | undefined;
  while (!signal.aborted) {
    // Where it cannot be loaded again, such as a folder that is empty now, what was there last is watched from here on.
    if (last !== undefined) last = { ...last, stamps: stampsOf(last.stamps.keys()) };
    try {
      last = await load(line);
      refuseErrors(last, line);
      await write(await compare(last, line, out), line);
    } catch (error) {
      if (!(error instanceof Error) || signal.aborted) throw error;
      terminal.err.write(`error: ${error.message}\n`);
      if (last === undefined) return ExitCode.FAILED;
    }
    // Files with errors are watched too; those that come with protobuf are not on disk.
    const there = [...last.stamps.values()].filter((stamp) => stamp !== "");
    terminal.err.write(dim(`watching ${counted(there.length)}; Ctrl-C ends it\n`));
    await watcher.changed(last.stamps, last.folders);
  }
  return ExitCode.OK;
}
