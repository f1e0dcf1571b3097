// `pollwire completions`: a script that has a shell complete commands and flags.

import { defineCommand } from "../command.ts";
import { type CompletedCommand, completionScript, type Shell, SHELLS } from "../completion_scripts.ts";
import { ExitCode, UsageError } from "../exit_codes.ts";

/** The command. */
export const completions = defineCommand({
  usage: "bash|zsh|fish",
  about: ["Prints a script that has the shell complete commands, flags and their values."],
  flags: {},
  examples: [
    { says: "bash, in ~/.bashrc", line: "completions bash > ~/.pollwire.bash; source ~/.pollwire.bash" },
    { says: "zsh", line: 'completions zsh > "${fpath[1]}/_pollwire"' },
    { says: "fish", line: "completions fish > ~/.config/fish/completions/pollwire.fish" },
  ],
  async run({ args: [shell = ""], terminal, commands }) {
    if (!SHELLS.includes(shell as Shell)) {
      throw new UsageError(
        `There are no completions for ${JSON.stringify(shell)}; there are ${SHELLS.join(", ")}`,
      );
    }
    const loaded = await Promise.all(commands.map(async (entry): Promise<CompletedCommand> => ({
      name: entry.name,
      summary: entry.summary,
      command: await entry.load(),
      ...(entry.name === "completions" ? { words: SHELLS } : {}),
    })));
    terminal.out.write(completionScript(shell as Shell, loaded));
    return ExitCode.OK;
  },
});
