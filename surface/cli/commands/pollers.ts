// `pollwire pollers`: which pollers run here, and why the others do not.

import { describePollers, selectPoller } from "../../../pollers/mod.ts";
import { defineCommand } from "../command.ts";
import { ExitCode } from "../exit_codes.ts";
import { pollerFlag } from "../common_flags.ts";
import { refusal } from "../refusal.ts";
import { fold, styleOf } from "../text.ts";

/** The command. */
export const pollers = defineCommand({
  usage: "",
  about: [
    "A poller moves the bytes. The one that is used is the first of --poller that runs here, else of POLLWIRE_POLLER, else native.",
  ],
  flags: {
    ...pollerFlag,
    json: { kind: "switch", help: "prints JSON, one object a poller" },
  },
  examples: [
    { says: "what runs here", line: "pollers" },
    { says: "which one of a list would be taken", line: "pollers --poller=epoll,native" },
  ],
  run({ flags, terminal }) {
    const { out } = terminal;
    let chosen: string;
    try {
      chosen = selectPoller(flags.poller).name;
    } catch (error) {
      throw refusal(error, flags.poller);
    }
    const described = describePollers();
    if (flags.json) {
      for (const one of described) {
        out.write(`${JSON.stringify({ ...one, chosen: one.name === chosen })}\n`);
      }
      return Promise.resolve(ExitCode.OK);
    }
    const { bold, dim, green, red } = styleOf(out);
    const width = Math.max(...described.map(({ name }) => name.length));
    out.write(`${terminal.runtime}\n`);
    for (const { name, usable, because, caution } of described) {
      const mark = usable ? green("✓") : red("✗");
      const state = name === chosen ? bold("used") : "usable";
      const says = usable ? caution === undefined ? state : `${state}, ${caution}` : because ?? "";
      const indent = " ".repeat(width + 4);
      const text = fold(says, Math.max(20, out.columns - width - 4)).replaceAll("\n", `\n${indent}`);
      out.write(
        `${mark} ${name === chosen ? bold(name.padEnd(width)) : name.padEnd(width)}  ${
          usable ? text : dim(text)
        }\n`,
      );
    }
    return Promise.resolve(ExitCode.OK);
  },
});
