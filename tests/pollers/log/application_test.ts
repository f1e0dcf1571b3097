// How the application is called: what it throws goes one way only, and exactly once.
import { assertEquals, assertMatch } from "@std/assert";
import { callApplication, type ErrorContext, type Logger, Reporter } from "../../../pollers/log/mod.ts";
import { test } from "../../harness.ts";
import { logged } from "../../logged.ts";

const boom = new Error("boom");
const throwing = (): never => {
  throw boom;
};
const context: ErrorContext = {
  where: "handler",
  level: "error",
  method: "/t.Echo/Unary",
  peer: "10.0.0.1:5",
};

/** What `call` fails with. */
async function failures(call: () => unknown): Promise<unknown[]> {
  const found: unknown[] = [];
  callApplication(call, (error) => void found.push(error));
  await new Promise((resolve) => setTimeout(resolve, 0));
  return found;
}

test("what a call throws, or what its promise rejects with, is given once", async () => {
  const rejectsTwice = {
    then(_resolve: unknown, reject: (error: unknown) => void) {
      reject(boom);
      reject(new Error("again"));
      throwing();
    },
  };
  const cases: Array<[call: () => unknown, wanted: unknown[]]> = [
    [() => 1, []],
    [() => Promise.resolve(1), []],
    [throwing, [boom]],
    [() => Promise.reject(boom), [boom]],
    [() => Promise.reject(undefined), [undefined]],
    [async () => await Promise.reject(boom), [boom]],
    [() => rejectsTwice, [boom]],
    [() => Object.defineProperty({}, "then", { get: throwing }), [boom]],
    [() => new Proxy({}, { get: throwing }), [boom]],
  ];
  for (const [call, wanted] of cases) assertEquals(await failures(call), wanted);
});

/** A logger that notes what it gets. */
function noting(): { logger: Logger; lines: unknown[][] } {
  const lines: unknown[][] = [];
  const note = (level: string) => (...args: unknown[]) => void lines.push([level, ...args]);
  return {
    lines,
    logger: { error: note("error"), warn: note("warn"), info: note("info"), debug: note("debug") },
  };
}

test("an error reaches onError, and no logger", () => {
  const got: unknown[][] = [];
  const { logger, lines } = noting();
  const reporter = new Reporter({ logger, onError: (...args) => void got.push(args) });
  reporter.report(boom, context);
  assertEquals([got, lines], [[[boom, context]], []]);
});

test("without onError an error reaches the logger, by its level", () => {
  const { logger, lines } = noting();
  const reporter = new Reporter({ logger });
  reporter.report(boom, context);
  reporter.report(boom, { where: "requests", level: "info" });
  reporter.trace("channel", "IDLE to CONNECTING");
  assertEquals(lines, [
    ["error", "handler of /t.Echo/Unary threw (peer 10.0.0.1:5)", boom],
    ["info", "the iterable of requests threw", boom],
    ["debug", "channel: IDLE to CONNECTING"],
  ]);
});

test("what onError throws, or rejects with, is logged beside the error that it was given", async () => {
  for (const onError of [throwing, () => Promise.reject(boom) as never]) {
    const { logger, lines } = noting();
    new Reporter({ logger, onError }).report("first", context);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals(lines.map(([level, message, error]) => [level, message, error]), [
      ["error", "onError threw", boom],
      ["error", "handler of /t.Echo/Unary threw (peer 10.0.0.1:5)", "first"],
    ]);
  }
});

test("what a logger cannot say, the default logger says", () =>
  logged(async (lines) => {
    const broken: unknown[] = [
      { error: throwing },
      { error: () => Promise.reject(boom) },
      {},
      new Proxy({}, { get: throwing }),
    ];
    for (const [i, logger] of broken.entries()) {
      new Reporter({ logger: logger as Logger }).log("error", `message ${i}`, "detail");
      await new Promise((resolve) => setTimeout(resolve, 0));
      const [complaint, message] = lines.slice(-2);
      assertMatch(complaint!, /pollwire error: the logger threw (?:Error: boom|TypeError: )/);
      assertMatch(message!, new RegExp(`pollwire error: message ${i}\\ndetail$`));
      assertEquals(lines.length, 2 * (i + 1));
    }
  }));
