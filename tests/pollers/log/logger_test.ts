// The default logger, and what the environment says of it.
import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { severityOf, StderrLogger } from "../../../pollers/log/logger.ts";
import { parseTraces } from "../../../pollers/log/trace.ts";
import { runtime, test } from "../../harness.ts";
import { logged } from "../../logged.ts";

const program = fileURLToPath(new URL("./programs/levels.ts", import.meta.url));

/** What the program writes, with these variables. */
function levels(variables: Record<string, string>): { lines: string[]; stderr: string; on: string[] } {
  const words = runtime === "deno" ? ["run", "-A", "--no-check", "--quiet", program] : ["run", program];
  const { POLLWIRE_VERBOSITY: _v, POLLWIRE_TRACE: _t, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    env: { ...env, ...variables },
    encoding: "utf8",
  });
  const traces = JSON.parse(stdout) as Record<string, boolean>;
  return {
    stderr,
    lines: [...stderr.matchAll(/line of (\w+)/g)].map((match) => match[1]!),
    on: Object.keys(traces).filter((name) => traces[name]),
  };
}

test("by default warnings and errors are on stderr, with time and stack, and nothing on stdout", () => {
  const { stderr, lines, on } = levels({});
  assertEquals([lines, on], [["warn", "error"], []]);
  assertMatch(
    stderr,
    /^\d{4}-\d\d-\d\dT[\d:.]+Z pollwire warn: line of warn\nError: with a stack\n\s+at .*levels\.ts/,
  );
});

test("POLLWIRE_VERBOSITY says what is written, in gRPC's words and any case", () => {
  const all = ["debug", "info", "warn", "error"];
  const cases = {
    debug: all,
    INFO: all.slice(1),
    Warning: all.slice(2),
    warn: all.slice(2),
    ERROR: ["error"],
  };
  for (
    const [word, wanted] of Object.entries({ ...cases, none: [] as string[], nonsense: ["warn", "error"] })
  ) {
    assertEquals([word, levels({ POLLWIRE_VERBOSITY: word }).lines], [word, wanted]);
  }
  assertMatch(
    levels({ POLLWIRE_VERBOSITY: "nonsense" }).stderr,
    /pollwire warn: Cannot log by "nonsense" \(POLLWIRE_VERBOSITY\): there are debug, info, warning, error and none/,
  );
  assertEquals(levels({ POLLWIRE_VERBOSITY: "" }).stderr.includes("Cannot log"), false);
  assertEquals([severityOf(" Error "), severityOf("toString"), severityOf("")], [3, undefined, undefined]);
});

test("POLLWIRE_TRACE turns traces on, and has them seen unless the verbosity says otherwise", () => {
  assertEquals(levels({ POLLWIRE_TRACE: "http2,call" }).on, ["http2", "call"]);
  assertEquals(levels({ POLLWIRE_TRACE: "http2" }).lines, ["debug", "info", "warn", "error"]);
  assertEquals(levels({ POLLWIRE_TRACE: "http2", POLLWIRE_VERBOSITY: "error" }).lines, ["error"]);
  assertMatch(
    levels({ POLLWIRE_TRACE: "htp2" }).stderr,
    /pollwire warn: Cannot trace "htp2" \(POLLWIRE_TRACE\): there are http2, channel, poller, call and all/,
  );
});

test("a list of traces: all, all but one, the last word counts", () => {
  const on = (list: string) => {
    const { traces, unknown } = parseTraces(list);
    return [Object.entries(traces).filter(([, set]) => set).map(([name]) => name), unknown];
  };
  const all = ["http2", "channel", "poller", "call"];
  assertEquals(on(""), [[], []]);
  assertEquals(on(" channel , poller,"), [["channel", "poller"], []]);
  assertEquals(on("all"), [all, []]);
  assertEquals(on("all,-http2"), [all.slice(1), []]);
  assertEquals(on("-http2,all"), [all, []]);
  assertEquals(on("all,-all,call"), [["call"], []]);
  assertEquals(on("tcp,-x,__proto__,call"), [["call"], ["tcp", "x", "__proto__"]]);
});

test("a logger of a severity writes what is at least as severe", () =>
  logged((lines) => {
    const logger = new StderrLogger(2);
    logger.debug("a");
    logger.info("b");
    logger.warn("c", 1, undefined);
    logger.error("d");
    assertEquals(lines.map((line) => line.replace(/^\S+ /, "")), [
      "pollwire warn: c\n1\nundefined",
      "pollwire error: d",
    ]);
  }));
