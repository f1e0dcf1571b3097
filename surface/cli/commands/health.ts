// `pollwire health`: what a server says of its health.

import { RpcError } from "../../call/rpc_error.ts";
import { Status } from "../../call/status.ts";
import type { CallOptions } from "../../client/call_options.ts";
import { hint } from "../../nearest.ts";
import { type Client, createClient } from "../../promise/client.ts";
import type { ServiceOf } from "../../proto/mod.ts";
import { type HealthMethods, healthService, type ServingStatus } from "../../services/health_service.ts";
import { type CommandLine, defineCommand } from "../command.ts";
import { callFlags, connectFlags } from "../common_flags.ts";
import { callOptions, withChannel } from "../connect.ts";
import { CommandError, ExitCode, UsageError } from "../exit_codes.ts";
import { plainJson } from "../json_output.ts";
import { printable, type Style, styleOf } from "../text.ts";

const FLAGS = {
  watch: { kind: "switch", help: "prints every change, until Ctrl-C", aliases: ["w"] },
  list: { kind: "switch", help: "prints every service that has a status" },
  json: { kind: "switch", help: "prints JSON, one object a status" },
  ...callFlags,
  ...connectFlags,
} as const;

type Line = CommandLine<typeof FLAGS>;
type HealthClient = Client<ServiceOf<HealthMethods>>;

/** The command. */
export const health = defineCommand({
  usage: "TARGET [SERVICE]",
  about: [
    "Asks grpc.health.v1.Health. Without SERVICE the status is that of the whole server. The exit code is 0 where everything asked for is SERVING, else 1.",
  ],
  flags: FLAGS,
  examples: [
    { says: "the whole server", line: "health localhost:50051" },
    { says: "one service, as a probe of a container", line: "health localhost:50051 shop.Cart -max-time 1" },
    { says: "every change of one service", line: "health localhost:50051 shop.Cart --watch" },
    { says: "a script waits until a server serves", line: "health localhost:50051 --wait -max-time 30" },
  ],
  run(line) {
    const { flags, args: [target = "", service = ""], terminal, signal } = line;
    if (flags.list && (flags.watch || service !== "")) {
      throw new UsageError(
        `Cannot list every service and ${
          flags.watch ? "--watch one" : `ask for ${JSON.stringify(service)} alone`
        }: leave out --list, or that`,
      );
    }
    return withChannel(target, flags, terminal, async (channel) => {
      const options = callOptions(flags, signal);
      const client = createClient(healthService(), channel);
      try {
        if (flags.list) return await list(line, client, options);
        if (flags.watch) return await watch(line, client, service, options);
        const { status } = await client.check({ service }, options);
        print(line, service, status);
        return status === "SERVING" ? ExitCode.OK : ExitCode.FAILED;
      } catch (error) {
        throw await explained(error, client, service, flags.list ? "List" : flags.watch ? "Watch" : "Check");
      }
    });
  },
});

async function list(line: Line, client: HealthClient, options: CallOptions): Promise<number> {
  const { statuses } = await client.list({}, options);
  let serving = true;
  for (const [service, { status }] of Object.entries(statuses).sort()) {
    print(line, service, status);
    serving &&= status === "SERVING";
  }
  return serving ? ExitCode.OK : ExitCode.FAILED;
}

async function watch(
  line: Line,
  client: HealthClient,
  service: string,
  options: CallOptions,
): Promise<number> {
  let last: ServingStatus = "UNKNOWN";
  for await (const { status } of client.watch({ service }, options)) {
    print(line, service, last = status, line.terminal.date());
  }
  return last === "SERVING" ? ExitCode.OK : ExitCode.FAILED;
}

/** A status that is none of the protocol's is a number. */
function print({ flags, terminal: { out } }: Line, service: string, status: ServingStatus, at?: Date): void {
  if (flags.json) {
    out.write(`${plainJson({ ...(at && { time: at.toISOString() }), service, status })}\n`);
    return;
  }
  const style = styleOf(out);
  const time = at === undefined ? "" : style.dim(`${at.toTimeString().slice(0, 8)}  `);
  out.write(
    `${time}${paintOf(style, status)(printable(String(status)))}${
      service === "" ? "" : `  ${printable(service)}`
    }\n`,
  );
}

function paintOf({ green, red, yellow }: Style, status: ServingStatus): (text: string) => string {
  return status === "SERVING" ? green : status === "NOT_SERVING" ? red : yellow;
}

/** What can be done where a server does not know the service, or has no health. */
async function explained(
  error: unknown,
  client: HealthClient,
  service: string,
  method: "Check" | "List" | "Watch",
): Promise<unknown> {
  if (!(error instanceof RpcError)) return error;
  const exitCode = ExitCode.STATUS + error.code;
  if (error.code === Status.UNIMPLEMENTED) {
    const at = error.peer === undefined ? "" : ` at ${error.peer}`;
    // Many services have Check alone; List is newer than the others.
    const says = method === "Check"
      ? "has no health service (grpc.health.v1.Health)"
      : `does not serve grpc.health.v1.Health/${method}; without --${method.toLowerCase()} it is asked for Check`;
    return new CommandError(`The server${at} ${says}`, exitCode);
  }
  if (error.code !== Status.NOT_FOUND) return error;
  const named = await client.list({}, { deadlineMs: 1_000 }).then(
    ({ statuses }) => hint(service, Object.keys(statuses).filter((name) => name !== "")),
    () => "",
  );
  return new CommandError(`The server has no status of ${JSON.stringify(service)}${named}`, exitCode);
}
