// `pollwire channelz`: what a running program's servers and channels do, as a table that follows them.

import { RpcError } from "../../call/rpc_error.ts";
import { Status } from "../../call/status.ts";
import { channelzService } from "../../channelz/service.ts";
import { createClient } from "../../promise/client.ts";
import { type Snapshot, takeSnapshot } from "../channelz/snapshot.ts";
import { snapshotLines } from "../channelz/tables.ts";
import { type CommandLine, defineCommand } from "../command.ts";
import { callFlags, connectFlags } from "../common_flags.ts";
import { callOptions, withChannel } from "../connect.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { plainJson } from "../json_output.ts";
import { pause } from "../pause.ts";
import { Screen } from "../screen.ts";
import { styleOf } from "../text.ts";

const FLAGS = {
  once: {
    kind: "switch",
    help: "prints the tables once; the default where the output is no terminal that can be drawn on",
  },
  json: { kind: "switch", help: "prints JSON: one object with --once, else one in every interval" },
  interval: { kind: "number", value: "SECONDS", help: "between two looks; default: 1" },
  ...callFlags,
  ...connectFlags,
} as const;

type Line = CommandLine<typeof FLAGS>;

const INTERVAL_S = 1;

/** The command. */
export const channelz = defineCommand({
  usage: "TARGET",
  about: [
    "Asks grpc.channelz.v1.Channelz (gRFC A14), which programs of any implementation may serve; with pollwire by `new Channelz(server)`. OPEN counts calls that run now, and /S those that began in the last second.",
  ],
  flags: FLAGS,
  examples: [
    { says: "a live table, until Ctrl-C", line: "channelz localhost:50051" },
    { says: "once, for a report", line: "channelz localhost:50051 --once" },
    {
      says: "open calls of every server, by jq",
      line: "channelz localhost:50051 --once --json | jq .servers",
    },
  ],
  run(line) {
    const { flags, args: [target = ""], terminal, signal } = line;
    return withChannel(target, flags, terminal, async (channel) => {
      const client = createClient(channelzService(), channel);
      const options = callOptions(flags, signal);
      const look = (): Promise<Snapshot> => takeSnapshot(client, options, terminal.date());
      try {
        return await show(line, look);
      } catch (error) {
        if (!(error instanceof RpcError) || error.code !== Status.UNIMPLEMENTED) throw error;
        throw new CommandError(
          "The server does not serve grpc.channelz.v1.Channelz; in pollwire `new Channelz(server)` adds it",
          ExitCode.STATUS + error.code,
        );
      }
    });
  },
});

async function show(line: Line, look: () => Promise<Snapshot>): Promise<number> {
  const { flags, terminal: { out }, signal } = line;
  const style = styleOf(out);
  if (flags.json && !flags.once) {
    return await follow(line, look, (now) => out.write(`${plainJson(now)}\n`));
  }
  if (flags.once || !out.movesCursor) {
    const now = await look();
    const text = flags.json
      ? plainJson(now)
      : snapshotLines(now, undefined, widthFor(line), style).join("\n");
    out.write(`${text}\n`);
    return ExitCode.OK;
  }
  const first = await look(); // what cannot be reached leaves the terminal as it is
  const screen = new Screen(out);
  let before: Snapshot | undefined;
  const draw = (now: Snapshot): void => {
    const head = style.dim(`${line.args[0]}  ${now.time.slice(11, 19)} UTC  Ctrl-C ends`);
    screen.draw([head, "", ...snapshotLines(now, before, out.columns, style)]);
    before = now;
  };
  try {
    draw(first);
    await pause(interval(line), signal);
    return await follow(line, look, draw);
  } finally {
    screen.leave();
  }
}

async function follow(
  line: Line,
  look: () => Promise<Snapshot>,
  show: (now: Snapshot) => void,
): Promise<number> {
  while (!line.signal.aborted) {
    show(await look());
    await pause(interval(line), line.signal);
  }
  return ExitCode.OK;
}

function interval({ flags }: Line): number {
  return (flags.interval ?? INTERVAL_S) * 1000;
}

/** Files and pipes have no width. */
function widthFor({ terminal: { out } }: Line): number {
  return out.isTerminal ? out.columns : Infinity;
}
