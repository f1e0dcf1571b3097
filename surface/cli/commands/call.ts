// `pollwire call`: calls a method, with JSON in and out.

import type { Metadata } from "../../call/metadata.ts";
import { RpcError } from "../../call/rpc_error.ts";
import { statusName } from "../../call/status.ts";
import type { Channel } from "../../channel/channel.ts";
import type { CallOptions } from "../../client/call_options.ts";
import { createClient } from "../../promise/client.ts";
import type { Responses } from "../../promise/client.ts";
import { EncodeError } from "../../proto/errors.ts";
import type { JsonCodec } from "../../proto/json/json_codec.ts";
import { streamsRequests, streamsResponses } from "../../proto/service.ts";
import { type CommandLine, defineCommand } from "../command.ts";
import { callFlags, connectFlags, sourceFlags } from "../common_flags.ts";
import { callOptions, withChannel } from "../connect.ts";
import { CommandError, ExitCode } from "../exit_codes.ts";
import { jsonText } from "../json_output.ts";
import { dataOf, readMessage, readMessages } from "../messages.ts";
import { failureJson, failureLines } from "../rpc_failure.ts";
import { typesOfAnys, withOpaqueAnys } from "../schema/any_types.ts";
import { fileSchema, hasFiles, reflectedSchema } from "../schema/open_schema.ts";
import { findMethod, type FoundMethod, type Schema } from "../schema/schema.ts";
import { printable, styleOf } from "../text.ts";

const FLAGS = {
  data: {
    kind: "text",
    value: "JSON",
    help:
      "the request, or several one after another for a stream; @ reads stdin, @FILE a file; default: an empty message",
    aliases: ["d"],
  },
  ...callFlags,
  "rpc-header": { kind: "list", value: '"NAME: VALUE"', help: "metadata of this call alone; several times" },
  verbose: { kind: "switch", help: "metadata of both sides and the status, on stderr", aliases: ["v"] },
  vv: { kind: "switch", help: "the same with the time of each step" },
  compact: { kind: "switch", help: "a line a response; the default where the output is no terminal" },
  pretty: { kind: "switch", help: "indented JSON; the default on a terminal" },
  "emit-defaults": { kind: "switch", help: "also fields that have their default" },
  "allow-unknown-fields": { kind: "switch", help: "passes over keys of requests that are no fields" },
  format: { kind: "text", value: "NAME", help: "of messages", choices: ["json"] },
  "format-error": { kind: "switch", help: "an error is printed as JSON of google.rpc.Status" },
  ...sourceFlags,
  ...connectFlags,
} as const;

type Line = CommandLine<typeof FLAGS>;

/** The command. */
export const call = defineCommand({
  usage: "TARGET METHOD",
  about: [
    "METHOD is written pkg.Service/Method. Its types come from the server's reflection, or from --proto or --protoset. Messages of a stream are sent as they are typed or piped in, and each response is printed when it arrives.",
    "A status other than OK is printed on stderr, and the exit code is 64 plus its number: 69 for NOT_FOUND.",
  ],
  flags: FLAGS,
  examples: [
    { says: "one request", line: `call localhost:50051 shop.v1.Cart/Get -d '{"id": "7"}'` },
    {
      says: "with metadata and a limit of time",
      line: `call localhost:50051 shop.v1.Cart/Get -H 'authorization: Bearer x' -max-time 2 -d '{"id": "7"}'`,
    },
    {
      says: "a stream of requests",
      line: `call localhost:50051 shop.v1.Cart/Add -d '{"price": 1} {"price": 2}'`,
    },
    {
      says: "a conversation: every line that is typed is sent",
      line: "call localhost:50051 shop.v1.Cart/Chat -d @",
    },
    {
      says: "without reflection",
      line: "call localhost:50051 shop.v1.Cart/Get --proto shop.proto -I protos",
    },
  ],
  run(line) {
    const { flags, args: [target = "", name = ""], terminal } = line;
    return withChannel(target, flags, terminal, async (channel) => {
      const schema = hasFiles(flags) ? await fileSchema(flags, terminal) : reflectedSchema(channel, line);
      return await callMethod(line, channel, schema, await findMethod(schema, name));
    });
  },
});

async function callMethod(line: Line, channel: Channel, schema: Schema, found: FoundMethod): Promise<number> {
  const { flags, terminal } = line;
  const trace = new CallTrace(line);
  const options = tracedOptions(line, trace);
  trace.began(found, schema.origin, options.metadata);
  try {
    const count = await exchange(line, channel, schema, found, options, trace);
    trace.ended("OK", count);
    return ExitCode.OK;
  } catch (error) {
    if (!(error instanceof RpcError) || line.signal.aborted) throw error;
    const failed = error.cause;
    if (failed instanceof CommandError) throw failed; // a request that cannot be read has cancelled the call
    trace.failed(error);
    const { err } = terminal;
    const { messages } = await typesOfAnys(schema, found.service.fullName, error.statusDetails);
    const text = flags["format-error"]
      ? jsonText(failureJson(error, messages), err, !flags.compact)
      : failureLines(error, err, messages).join("\n");
    err.write(`${text}\n`);
    return ExitCode.STATUS + error.code;
  }
}

/** Makes the call and prints its responses; resolves with how many there were. */
async function exchange(
  line: Line,
  channel: Channel,
  schema: Schema,
  found: FoundMethod,
  options: CallOptions,
  trace: CallTrace,
): Promise<number> {
  const { flags, terminal } = line;
  const { service, method: { kind, localName, path, requestCodec, responseCodec } } = found;
  const invoke = createClient(service, channel)[localName] as unknown as (
    request: unknown,
    options: CallOptions,
  ) => Promise<unknown> | Responses<unknown>;
  const data = dataOf(flags.data, terminal, line.signal);
  const lenient = flags["allow-unknown-fields"];
  const codec = requestCodec as JsonCodec;
  const request = streamsRequests(kind)
    ? readMessages(schema, codec, data, lenient)
    : await readMessage(schema, codec, data, lenient, path.slice(1));
  let count = 0;
  const response = invoke(request, options);
  const responses = streamsResponses(kind)
    ? response as Responses<unknown>
    : [await (response as Promise<unknown>)];
  for await (const message of responses) {
    trace.response(++count);
    await print(line, schema, responseCodec as JsonCodec, message);
    await terminal.out.drained(line.signal);
    if (line.signal.aborted) break; // of what has come already nothing more is printed
  }
  return count;
}

async function print(line: Line, schema: Schema, codec: JsonCodec, message: unknown): Promise<void> {
  const { flags, terminal: { out } } = line;
  const pretty = flags.pretty || (out.isTerminal && !flags.compact);
  const emitDefaults = flags["emit-defaults"];
  let text: string;
  try {
    text = jsonText(codec.toJson(message, { emitDefaults }), out, pretty);
  } catch (error) {
    if (!(error instanceof EncodeError)) throw error;
    try {
      const types = await typesOfAnys(schema, codec.typeName, message);
      const json = codec.toJson(message, { emitDefaults, registry: withOpaqueAnys(types) });
      text = jsonText(json, out, pretty);
    } catch (cause) {
      throw new CommandError(`Cannot print a response: ${(cause as Error).message}`, undefined, { cause });
    }
  }
  out.write(`${text}\n`);
}

function tracedOptions({ flags, signal }: Line, trace: CallTrace) {
  const options = callOptions(flags, signal, { flag: "-rpc-header", lines: flags["rpc-header"] });
  return {
    ...options,
    onHeaders: (metadata: Metadata) => trace.received("", metadata),
    onTrailers: (metadata: Metadata) => trace.received("trailer ", metadata),
  };
}

/** What -v and -vv say on stderr. */
class CallTrace {
  private readonly isWanted: boolean;
  private readonly begin: number;

  constructor(private readonly line: Line) {
    this.isWanted = line.flags.verbose || line.flags.vv;
    this.begin = line.terminal.now();
  }

  began({ method: { path, kind } }: FoundMethod, origin: string, sent: Metadata): void {
    this.say("*", `${path.slice(1)} (${WORDS[kind]}), described by ${origin}`);
    for (const [name, value] of sent) this.say(">", `${name}: ${text(value)}`);
  }

  received(what: string, metadata: Metadata): void {
    for (const [name, value] of metadata) this.say("<", `${what}${name}: ${text(value)}`);
  }

  /** Response `number` has come. */
  response(number: number): void {
    if (this.line.flags.vv) this.say("<", `response ${number}`);
  }

  ended(status: string, responses: number): void {
    this.say("*", `${status}, ${responses} ${responses === 1 ? "response" : "responses"}`);
  }

  failed({ code }: RpcError): void {
    this.say("*", statusName(code));
  }

  private say(mark: string, what: string): void {
    if (!this.isWanted) return;
    const { terminal, flags } = this.line;
    const time = flags.vv ? `${(terminal.now() - this.begin).toFixed(1).padStart(8)} ms  ` : "";
    terminal.err.write(`${styleOf(terminal.err).dim(`${time}${mark} ${printable(what)}`)}\n`);
  }
}

const WORDS = {
  unary: "unary",
  serverStreaming: "a stream of responses",
  clientStreaming: "a stream of requests",
  bidiStreaming: "streams both ways",
};

function text(value: string | Uint8Array): string {
  return typeof value === "string" ? value : btoa(String.fromCharCode(...value));
}
