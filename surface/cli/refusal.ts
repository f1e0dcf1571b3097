// What the library refuses of a command line, as an error with its exit code.

import { PollerError } from "../../pollers/mod.ts";
import { FACTORIES } from "../../pollers/select.ts";
import { CommandError, UsageError } from "./exit_codes.ts";

/**
 * What `error` of the library means for whoever typed the command line. Misuse (an address that is none, a name that no
 * authority can have, a poller that does not exist) is a UsageError; what this machine cannot do is a CommandError.
 * `pollers` are those of --poller; undefined where others chose.
 */
export function refusal(error: unknown, pollers?: string): UsageError | CommandError {
  const isMisuse = error instanceof TypeError || error instanceof RangeError ||
    error instanceof PollerError && pollers !== undefined && !areKnown(pollers);
  const { message } = error as Error;
  return isMisuse
    ? new UsageError(message, { cause: error })
    : new CommandError(message, undefined, { cause: error });
}

/** Whether there is a poller of each of the names, wherever it runs. */
function areKnown(pollers: string): boolean {
  const known = new Set<string>(FACTORIES.map(({ name }) => name));
  const names = pollers.split(",").map((name) => name.trim()).filter((name) => name !== "");
  return names.length > 0 && names.every((name) => known.has(name));
}
