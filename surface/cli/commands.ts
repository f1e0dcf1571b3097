// All commands, in the order in which help lists them.

import type { CommandEntry } from "./command.ts";

/** Every command; the module of one is loaded when it is used. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: "pollers",
    summary: "shows which pollers run here, and why the others do not",
    load: () => import("./commands/pollers.ts").then(({ pollers }) => pollers),
  },
];
