// `pollwire describe`: declarations of services, messages and enums as .proto text.

import type { JsonCodec } from "../../proto/json/json_codec.ts";
import type { FileNode, MessageNode, Named } from "../../proto/language/nodes.ts";
import { type CommandLine, defineCommand } from "../command.ts";
import { callFlags, connectFlags, sourceFlags } from "../common_flags.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { jsonText } from "../json_output.ts";
import { withSchema } from "../schema/open_schema.ts";
import { protoText } from "../schema/proto_text.ts";
import { near, type Schema } from "../schema/schema.ts";
import { template } from "../schema/template.ts";
import { printable, styleOf } from "../text.ts";

const FLAGS = {
  all: { kind: "switch", help: "with every message and enum that it needs", aliases: ["a"] },
  "msg-template": { kind: "switch", help: "of a message also JSON with all its fields, to fill in" },
  ...sourceFlags,
  ...callFlags,
  ...connectFlags,
} as const;

type Line = CommandLine<typeof FLAGS>;

/** The command. */
export const describe = defineCommand({
  usage: "[TARGET] [SYMBOL]",
  about: [
    "Prints .proto text of SYMBOL: the full name of a service, method, message, enum, field or extension, or the path of a file. Without SYMBOL it is every service. The text comes from the server's reflection; or from files (--proto, --protoset), and then TARGET is not needed.",
  ],
  flags: FLAGS,
  examples: [
    { says: "every service", line: "describe localhost:50051" },
    {
      says: "a method, with the messages it takes and gives",
      line: "describe localhost:50051 shop.v1.Cart/Get --all",
    },
    { says: "what JSON a request is", line: "describe localhost:50051 shop.v1.Item --msg-template" },
  ],
  run(line) {
    return withSchema(line, async (schema, [symbol]) => {
      const nodes: (Named | FileNode)[] = [];
      for (const name of symbol === undefined ? [...await schema.services()].sort() : [symbol]) {
        nodes.push(await find(schema, name));
      }
      const shown = line.flags.all ? withNeeded(nodes) : nodes;
      for (const [i, node] of shown.entries()) print(line, node, i === 0);
      if (line.flags["msg-template"]) await printTemplates(line, schema, shown);
      return ExitCode.OK;
    });
  },
});

async function find(schema: Schema, text: string): Promise<Named | FileNode> {
  // A method may be written as it is called; files have slashes too.
  const names = [text, text.replace(/^[/.]/, ""), text.replace(/^\//, "").replace("/", ".")];
  for (const name of new Set(names)) {
    const node = await schema.find(name);
    if (node !== undefined) return node;
  }
  const symbols = [...await schema.services()];
  for (const name of [...symbols]) {
    const service = await schema.find(name);
    if (service?.kind !== "service") continue;
    for (const node of neededBy([service])) symbols.push(node.fullName);
    for (const { fullName } of service.methods) symbols.push(fullName);
  }
  throw new CommandError(
    `There is no symbol ${JSON.stringify(text)} in ${schema.origin}${near(text, [...new Set(symbols)])}`,
  );
}

function print({ terminal: { out } }: Line, node: Named | FileNode, first: boolean): void {
  const style = styleOf(out);
  const [name, where] = node.kind === "file" ? [node.path, ""] : [node.fullName, `, ${node.file.path}`];
  const lines = [style.dim(printable(`// ${name}${where}`)), ...protoText(node, style)];
  out.write(`${first ? "" : "\n"}${lines.join("\n")}\n`);
}

async function printTemplates(
  { terminal: { out } }: Line,
  schema: Schema,
  nodes: readonly (Named | FileNode)[],
): Promise<void> {
  for (const node of nodes) {
    if (node.kind !== "message" || node.file.package === "google.protobuf") continue;
    const { messages } = await schema.types(node.fullName);
    const codec = messages[node.fullName] as JsonCodec;
    out.write(
      `\n${styleOf(out).dim(`// ${node.fullName} as JSON`)}\n${
        jsonText(template(node, codec, messages), out, true)
      }\n`,
    );
  }
}

/** `nodes`, then the messages and enums that they need, each once. */
function withNeeded(nodes: readonly (Named | FileNode)[]): (Named | FileNode)[] {
  const shown = new Set<Named | FileNode>(nodes);
  for (const node of neededBy(nodes)) {
    let outer: MessageNode | undefined = node.parent;
    while (outer !== undefined && !shown.has(outer)) outer = outer.parent;
    if (outer === undefined) shown.add(node); // what is nested in what is shown is shown with it
  }
  return [...shown];
}

/** Messages and enums that fields and methods of `nodes` refer to, at any distance. */
function neededBy(nodes: readonly (Named | FileNode)[]): Set<Extract<Named, { kind: "message" | "enum" }>> {
  const needed = new Set<Extract<Named, { kind: "message" | "enum" }>>();
  const seen = new Set<Named | FileNode>();
  const pending: (Named | FileNode | undefined)[] = [...nodes];
  for (let node = pending.shift(); pending.length > 0 || node !== undefined; node = pending.shift()) {
    if (node === undefined || seen.has(node)) continue;
    seen.add(node);
    if (node.kind === "service") pending.push(...node.methods);
    else if (node.kind === "method") {
      for (const type of [node.input, node.output]) if (type !== undefined) add(type);
    } else if (node.kind === "message" || node.kind === "oneof") pending.push(...node.fields);
    else if (node.kind === "field") {
      const { entry, target } = node;
      if (entry !== undefined) pending.push(...entry.fields);
      else if (target !== undefined) add(target);
    }
  }
  return needed;

  function add(type: Extract<Named, { kind: "message" | "enum" }>): void {
    needed.add(type);
    pending.push(type);
  }
}
