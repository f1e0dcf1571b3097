// Where a command's schema comes from, by its flags.

import type { Channel } from "../../channel/channel.ts";
import type { sourceFlags } from "../common_flags.ts";
import { type CallFlags, callOptions, type ConnectFlags, withChannel } from "../connect.ts";
import { UsageError } from "../exit_codes.ts";
import type { FlagValues } from "../flags.ts";
import { warnOfMissing } from "../include_folders.ts";
import type { Terminal } from "../terminal.ts";
import { protoSchema, protosetSchema } from "./files_schema.ts";
import { ReflectionSchema } from "./reflection_schema.ts";
import type { Schema } from "./schema.ts";

/** Values of the flags that say where the schema comes from. */
export type SourceFlags = FlagValues<typeof sourceFlags>;

/** Whether files say what there is, so that no server need be asked. */
export function hasFiles(flags: SourceFlags): boolean {
  return flags.proto.length > 0 || flags.protoset.length > 0;
}

/** The schema of files, where flags name some. */
export async function fileSchema(flags: SourceFlags, terminal: Terminal): Promise<Schema> {
  if (flags.proto.length > 0 && flags.protoset.length > 0) {
    throw new UsageError("Cannot use --proto and --protoset together: give one kind of files");
  }
  await warnOfMissing(flags["import-path"], terminal);
  return flags.proto.length > 0
    ? await protoSchema(flags.proto, flags["import-path"], terminal)
    : await protosetSchema(flags.protoset, terminal);
}

/** What commands that read a schema have among their flags. */
interface SchemaLine {
  readonly flags: SourceFlags & CallFlags & ConnectFlags;
  readonly args: readonly string[];
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/**
 * Runs `body` with the schema of TARGET, which is the first argument, or of files; it gets the arguments behind TARGET.
 * Where there are files a first argument that can be no symbol is taken for TARGET.
 */
export async function withSchema<T>(
  line: SchemaLine,
  body: (schema: Schema, args: readonly string[]) => Promise<T>,
): Promise<T> {
  const { flags, args, terminal } = line;
  const [target, ...rest] = args;
  if (hasFiles(flags)) {
    const isTarget = args.length > 1 || (target !== undefined && /:|^localhost$/.test(target));
    return await body(await fileSchema(flags, terminal), isTarget ? rest : args);
  }
  if (target === undefined) {
    throw new UsageError(
      "TARGET is missing: give the address of a server, or files by --proto or --protoset",
    );
  }
  return await withChannel(target, flags, terminal, (channel) => body(reflectedSchema(channel, line), rest));
}

/** The schema that the server of `channel` says. */
export function reflectedSchema(channel: Channel, { flags, signal }: SchemaLine): Schema {
  const own = { flag: "-reflect-header", lines: flags["reflect-header"] };
  return new ReflectionSchema(channel, callOptions(flags, signal, own));
}
