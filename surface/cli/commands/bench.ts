// `pollwire bench`: load on a method, and how long its calls take.

import type { Channel } from "../../channel/channel.ts";
import type { CallOptions } from "../../client/call_options.ts";
import { createClient } from "../../promise/client.ts";
import type { JsonCodec } from "../../proto/json/json_codec.ts";
import { streamsRequests, streamsResponses } from "../../proto/service.ts";
import { Load } from "../bench/load.ts";
import { type BenchResult, duration, resultJson, resultLines } from "../bench/report.ts";
import { grouped } from "../channelz/tables.ts";
import { type CommandLine, defineCommand } from "../command.ts";
import { callFlags, connectFlags, sourceFlags } from "../common_flags.ts";
import { callOptions, openChannel } from "../connect.ts";
import { ExitCode, UsageError } from "../exit_codes.ts";
import { dataOf, readMessages } from "../messages.ts";
import { pause } from "../pause.ts";
import { fileSchema, hasFiles, reflectedSchema } from "../schema/open_schema.ts";
import { findMethod, type FoundMethod, type Schema } from "../schema/schema.ts";
import { cut } from "../text.ts";

const group = "Load";
const FLAGS = {
  data: {
    kind: "text",
    value: "JSON",
    help:
      "requests: calls take them in turn, and a stream of requests has them all; @ reads stdin, @FILE a file; default: an empty message",
    aliases: ["d"],
    group,
  },
  concurrency: { kind: "number", value: "N", help: "calls at once; default: 16", aliases: ["c"], group },
  connections: { kind: "number", value: "N", help: "that they are spread over; default: 1", group },
  seconds: {
    kind: "number",
    value: "N",
    help: "how long; default: 10, unless --requests",
    aliases: ["z"],
    group,
  },
  requests: {
    kind: "number",
    value: "N",
    help: "how many calls, in place of --seconds",
    aliases: ["n"],
    group,
  },
  rps: {
    kind: "number",
    value: "N",
    help: "calls a second; latency counts from when a call was due. Default: as many as are answered",
    aliases: ["r"],
    group,
  },
  warmup: {
    kind: "number",
    value: "SECONDS",
    help: "of load before it is measured; default: 1, or 0 with --requests",
    group,
  },
  json: { kind: "switch", help: "prints the result as one object of JSON" },
  ...callFlags,
  ...sourceFlags,
  ...connectFlags,
} as const;

type Line = CommandLine<typeof FLAGS>;

const [CONCURRENCY, CONNECTIONS, SECONDS, WARMUP_S] = [16, 1, 10, 1];
const PROGRESS_MS = 100;

/** More calls at once take all memory before the first of them is made, and a host has no more ports than connections. */
const MOST = { concurrency: 100_000, connections: 50_000, requests: Number.MAX_SAFE_INTEGER } as const;

/** The command. */
export const bench = defineCommand({
  usage: "TARGET METHOD",
  about: [
    "Makes calls of one method, of any kind, and measures them. A call counts once it has ended, with all messages of its streams. CPU is that of this process: near one core, the client is the limit, and not the server. The exit code is 1 where calls failed. Ctrl-C ends the load early and prints what was measured, which in the warm-up is nothing.",
  ],
  flags: FLAGS,
  examples: [
    {
      says: "as many calls as are answered, 16 at once, for 10 seconds",
      line: "bench localhost:50051 shop.v1.Cart/Get",
    },
    {
      says: "100 calls at once over 10 connections",
      line: `bench localhost:50051 shop.v1.Cart/Get -c 100 --connections 10 -d '{"id": "7"}'`,
    },
    {
      says: "2,000 calls a second for a minute",
      line: "bench localhost:50051 shop.v1.Cart/Get -r 2000 -z 60",
    },
    {
      says: "10,000 calls, for a script",
      line: "bench localhost:50051 shop.v1.Cart/Get -n 10000 --json | jq .latencyMs.p99",
    },
  ],
  async run(line) {
    const { flags, args: [target = "", name = ""], terminal } = line;
    checkNotZero("rps", flags.rps);
    checkNotZero("seconds", flags.seconds);
    for (const flag of ["concurrency", "connections", "requests"] as const) checkWhole(flag, flags[flag]);
    const { concurrency = CONCURRENCY, connections = CONNECTIONS } = flags;
    if (connections > concurrency) {
      throw new UsageError(
        `Cannot use --connections ${connections} with --concurrency ${concurrency}: some would have no calls`,
      );
    }
    if (flags.seconds !== undefined && flags.requests !== undefined) {
      throw new UsageError("Cannot use --seconds and --requests together: give one of them");
    }
    const channels = await Promise.all(
      Array.from(
        { length: connections },
        () => openChannel(target, flags, terminal, { shareConnections: false }),
      ),
    );
    try {
      const schema = hasFiles(flags)
        ? await fileSchema(flags, terminal)
        : reflectedSchema(channels[0]!, line);
      const found = await findMethod(schema, name);
      return await measure(line, channels, found, await messagesOf(line, schema, found));
    } finally {
      for (const channel of channels) channel.close();
    }
  },
});

function checkNotZero(name: string, value: number | undefined): void {
  if (value === 0) throw new UsageError(`Cannot read --${name} 0: expected a number above 0`);
}

function checkWhole(name: keyof typeof MOST, value: number | undefined): void {
  const most = MOST[name];
  if (value === undefined || (Number.isInteger(value) && value >= 1 && value <= most)) return;
  throw new UsageError(`Cannot read --${name} ${value}: expected a whole number from 1 to ${grouped(most)}`);
}

async function messagesOf(
  { flags, terminal, signal }: Line,
  schema: Schema,
  { method }: FoundMethod,
): Promise<unknown[]> {
  const codec = method.requestCodec as JsonCodec;
  const messages = [];
  const data = dataOf(flags.data, terminal, signal);
  for await (const message of readMessages(schema, codec, data, false)) messages.push(message);
  return messages.length > 0 || streamsRequests(method.kind) ? messages : [codec.decode(new Uint8Array(0))];
}

async function measure(
  line: Line,
  channels: readonly Channel[],
  found: FoundMethod,
  messages: readonly unknown[],
): Promise<number> {
  const { flags, args: [target = ""], terminal, signal } = line;
  const { service, method } = found;
  const given = callOptions(flags, signal);
  // A signal would be listened to by every call: here the channels' end ends them.
  const { signal: _, metadata, ...rest } = given;
  const options = flags.header.length + Object.keys(rest).length === 0
    ? undefined
    : { metadata: metadata!, ...rest };
  await tryOut(channels, found, messages, given);
  const load = new Load({
    service,
    method,
    channels,
    concurrency: flags.concurrency ?? CONCURRENCY,
    messages,
    options,
    rate: flags.rps,
    now: () => terminal.now(),
  });
  const warmup = flags.warmup ?? (flags.requests === undefined ? WARMUP_S : 0);
  if (warmup === 0) load.measure(flags.requests);
  const running = load.run();
  signal.addEventListener("abort", () => load.end());
  if (warmup > 0) {
    await follow(line, load, running, warmup, "warms up");
    signal.throwIfAborted(); // nothing was measured, and "0 calls" would be a result
    load.measure(flags.requests);
  }
  const [begin, cpuBegin] = [terminal.now(), terminal.cpuMs()];
  const seconds = flags.requests === undefined ? flags.seconds ?? SECONDS : Infinity;
  await follow(line, load, running, seconds, "");
  const [elapsed, cpuMs] = [(terminal.now() - begin) / 1000, terminal.cpuMs() - cpuBegin];
  const { calls, failed, responses, statuses, latencies } = load;
  const result: BenchResult = {
    method: method.path.slice(1),
    target,
    connections: channels.length,
    concurrency: flags.concurrency ?? CONCURRENCY,
    rate: flags.rps,
    seconds: elapsed,
    calls,
    failed,
    responses: streamsResponses(method.kind) ? responses : undefined,
    statuses: new Map(statuses),
    latencies,
    cpuMs,
  };
  load.end();
  await running;
  const { out } = terminal;
  out.write(`${flags.json ? JSON.stringify(resultJson(result)) : resultLines(result, out).join("\n")}\n`);
  return failed === 0 ? ExitCode.OK : ExitCode.FAILED;
}

/** One call on each connection: what is wrong at all is an error, not a result. */
async function tryOut(
  channels: readonly Channel[],
  { service, method }: FoundMethod,
  messages: readonly unknown[],
  options: CallOptions,
): Promise<void> {
  await Promise.all(channels.map(async (channel) => {
    const invoke = createClient(service, channel)[method.localName] as unknown as (
      request: unknown,
      options: CallOptions,
    ) => Promise<unknown> & AsyncIterable<unknown>;
    const answer = invoke(streamsRequests(method.kind) ? messages : messages[0], options);
    if (!streamsResponses(method.kind)) await answer;
    else for await (const _ of answer);
  }));
}

/** Waits for `seconds`, or until the load is over, and shows on a terminal how it goes. */
async function follow(
  line: Line,
  load: Load,
  running: Promise<void>,
  seconds: number,
  what: string,
): Promise<void> {
  const { terminal: { err }, terminal, flags, signal } = line;
  const begin = terminal.now();
  const over = new AbortController();
  const end = (): void => over.abort();
  signal.addEventListener("abort", end);
  void running.finally(end).catch(() => {});
  let shown = false;
  while (!over.signal.aborted) {
    const passed = (terminal.now() - begin) / 1000;
    if (passed >= seconds) break;
    await pause(
      Math.min(err.movesCursor ? PROGRESS_MS : Infinity, (seconds - passed) * 1000),
      over.signal,
    );
    if (!err.movesCursor || over.signal.aborted) continue;
    const elapsed = (terminal.now() - begin) / 1000;
    const { calls, failed, latencies } = load;
    const of = flags.requests === undefined || what !== ""
      ? `${elapsed.toFixed(1)} of ${seconds} s`
      : `${grouped(calls)} of ${grouped(flags.requests)} calls`;
    const text = what !== ""
      ? `${what}: ${of}`
      : `${of}  ${grouped(Math.round(calls / elapsed))} a second  p50 ${
        duration(latencies.percentile(0.5))
      }  p99 ${duration(latencies.percentile(0.99))}  ${grouped(failed)} failed`;
    err.write(`\r${cut(text, err.columns - 1)}\x1b[K`);
    shown = true;
  }
  if (shown) err.write("\r\x1b[K");
  signal.removeEventListener("abort", end);
}
