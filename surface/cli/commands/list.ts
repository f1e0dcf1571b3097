// `pollwire list`: the services of a server, or the methods of one.

import { type MethodDescriptor, streamsRequests, streamsResponses } from "../../proto/service.ts";
import { defineCommand } from "../command.ts";
import { callFlags, connectFlags, sourceFlags } from "../common_flags.ts";
import { ExitCode } from "../exit_codes.ts";
import { withSchema } from "../schema/open_schema.ts";
import { findService } from "../schema/schema.ts";
import type { Output } from "../terminal.ts";
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
      for (const [i, one] of names.entries()) {
        const methods = Object.values((await findService(schema, one)).methods);
        const lines = line.flags.long
          ? methodTable(one, methods, out)
          : methods.map(({ name }) => `${one}/${name}`);
        if (line.flags.long && i > 0) out.write("\n");
        for (const text of lines) out.write(`${text}\n`);
      }
      return ExitCode.OK;
    });
  },
});

/** Methods with their types; those of the service's own package without it. */
function methodTable(service: string, methods: readonly MethodDescriptor[], out: Output): string[] {
  const style = styleOf(out);
  const scope = service.slice(0, service.lastIndexOf(".") + 1);
  const type = (streams: boolean, { typeName }: { readonly typeName: string }): string =>
    (streams ? "stream " : "") + (typeName.startsWith(scope) ? typeName.slice(scope.length) : typeName);
  const rows = methods.map(({ name, kind, requestCodec, responseCodec }) => [
    `  ${name}`,
    type(streamsRequests(kind), requestCodec),
    type(streamsResponses(kind), responseCodec),
  ]);
  const columns = [{ title: "  METHOD" }, { title: "REQUEST", elastic: true }, {
    title: "RESPONSE",
    elastic: true,
  }];
  return [style.bold(service), ...table(columns, rows, out.isTerminal ? out.columns : Infinity, style)];
}
