// `pollwire list`: the services of a server, or the methods of one.

import { streamsRequests, streamsResponses } from "../../proto/service.ts";
import { defineCommand } from "../command.ts";
import { callFlags, connectFlags, sourceFlags } from "../common_flags.ts";
import { ExitCode } from "../exit_codes.ts";
import { withSchema } from "../schema/open_schema.ts";
import { findService } from "../schema/schema.ts";
import { printable, styleOf, table } from "../text.ts";

const FLAGS = {
  long: { kind: "switch", help: "with the types of requests and responses", aliases: ["l"] },
  ...sourceFlags,
  ...callFlags,
  ...connectFlags,
} as const;

/** The command. */
export const list = defineCommand({
  usage: "[TARGET] [SERVICE]",
  about: [
    "Prints the full names of a server's services, or of one service's methods, one a line. They come from the server's reflection; or from files (--proto, --protoset), and then TARGET is not needed.",
  ],
  flags: FLAGS,
  examples: [
    { says: "the services of a server", line: "list localhost:50051" },
    { says: "the methods of one, with their types", line: "list localhost:50051 shop.v1.Cart --long" },
    { says: "of a .proto file", line: "list --proto shop.proto" },
  ],
  run(line) {
    return withSchema(line, async (schema, [name]) => {
      const { out } = line.terminal;
      const names = name === undefined ? [...await schema.services()].sort() : [name];
      if (name === undefined && !line.flags.long) {
        for (const one of names) out.write(`${printable(one)}\n`);
        return ExitCode.OK;
      }
      const rows: string[][] = [];
      for (const one of names) {
        for (
          const { name, kind, requestCodec, responseCodec } of Object.values(
            (await findService(schema, one)).methods,
          )
        ) {
          rows.push([
            `${one}/${name}`,
            (streamsRequests(kind) ? "stream " : "") + requestCodec.typeName,
            (streamsResponses(kind) ? "stream " : "") + responseCodec.typeName,
          ]);
        }
      }
      const columns = [{ title: "METHOD" }, { title: "REQUEST", elastic: true }, {
        title: "RESPONSE",
        elastic: true,
      }];
      const width = out.isTerminal ? out.columns : Infinity;
      const lines = line.flags.long
        ? table(columns, rows, width, styleOf(out))
        : rows.map(([method]) => method!);
      for (const one of lines) out.write(`${one}\n`);
      return ExitCode.OK;
    });
  },
});
