// What POLLWIRE_TRACE shows of a program, and that it costs nothing to ask for nothing.
import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime, test } from "../harness.ts";

const program = fileURLToPath(new URL("./programs/traced.ts", import.meta.url));

/** What the program says, without times and ports. */
function traced(list: string): string[] {
  const words = runtime === "deno" ? ["run", "-A", "--no-check", "--quiet", program] : ["run", program];
  const { POLLWIRE_VERBOSITY: _verbosity, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, words, {
    env: { ...env, POLLWIRE_TRACE: list, POLLWIRE_POLLER: "native" },
    encoding: "utf8",
  });
  assertEquals(stdout, "");
  return stderr.trimEnd().split("\n").filter((line) => line !== "").map((line) =>
    line.replace(/^\S+ pollwire debug: /, "").replace(/127\.0\.0\.1:\d{2,}/g, "ADDRESS")
      .replace(/deadline \d+ ms$/, "deadline MS")
  );
}

test("traces: none without being asked for", () => assertEquals(traced(""), []));

test("traces: call shows the beginning and end of calls on both sides", () => {
  assertEquals(traced("call"), [
    "call: client /trial.Trial/One at ADDRESS begins, deadline MS",
    "call: server /trial.Trial/One for ADDRESS begins, deadline MS",
    "call: server /trial.Trial/One for ADDRESS ends with NOT_FOUND: no such thing",
    "call: client /trial.Trial/One at ADDRESS ends with NOT_FOUND: no such thing",
    "call: client /trial.Trial/One at ADDRESS begins",
    "call: server /trial.Trial/One for ADDRESS begins",
    "call: server /trial.Trial/One for ADDRESS ends with OK",
    "call: client /trial.Trial/One at ADDRESS ends with OK",
    "call: client /trial.Trial/One at 127.0.0.1:1 begins",
    "call: client /trial.Trial/One at 127.0.0.1:1 ends with UNAVAILABLE: connect to 127.0.0.1:1 failed: connection refused (ECONNREFUSED)",
  ]);
});

test("traces: channel shows states with their reasons, those of its connections too, and addresses", () => {
  assertEquals(traced("channel"), [
    "channel: ADDRESS: IDLE to CONNECTING",
    "channel: ADDRESS: resolved: ADDRESS",
    "channel: connection to ADDRESS: IDLE to CONNECTING",
    "channel: connection to ADDRESS: CONNECTING to READY",
    "channel: ADDRESS: CONNECTING to READY",
    "channel: ADDRESS: READY to SHUTDOWN",
    "channel: connection to ADDRESS: READY to SHUTDOWN",
    "channel: 127.0.0.1:1: IDLE to CONNECTING",
    "channel: 127.0.0.1:1: resolved: 127.0.0.1:1",
    "channel: connection to 127.0.0.1:1: IDLE to CONNECTING",
    "channel: connection to 127.0.0.1:1: CONNECTING to TRANSIENT_FAILURE: connect to 127.0.0.1:1 failed: connection refused (ECONNREFUSED)",
    "channel: 127.0.0.1:1: CONNECTING to TRANSIENT_FAILURE: connect to 127.0.0.1:1 failed: connection refused (ECONNREFUSED)",
    "channel: 127.0.0.1:1: TRANSIENT_FAILURE to SHUTDOWN",
    "channel: connection to 127.0.0.1:1: TRANSIENT_FAILURE to SHUTDOWN: connect to 127.0.0.1:1 failed: connection refused (ECONNREFUSED)",
  ]);
});

test("traces: poller shows the choice, listeners, accepts and connects", () => {
  assertEquals(
    new Set(traced("poller")),
    new Set([
      'poller: chose native of "native"',
      "poller: native: listens on ADDRESS",
      "poller: native: connect to ADDRESS",
      "poller: native: accepted ADDRESS on ADDRESS",
      "poller: native: connect to ADDRESS succeeded from ADDRESS",
      "poller: native: listener on ADDRESS ends",
      "poller: native: connect to 127.0.0.1:1",
      "poller: native: connect to 127.0.0.1:1 failed: connection refused (ECONNREFUSED)",
    ]),
  );
});

test("traces: http2 shows every frame at both ends, and the connection's end", () => {
  const lines = traced("all,-call,-channel,-poller");
  for (const line of lines) {
    assertMatch(
      line,
      /^http2: (?:client|server) ADDRESS - ADDRESS: (?:sent|received|closed|connection closed)/,
    );
  }
  for (const role of ["client", "server"]) {
    const of = (way: string) =>
      lines.filter((line) => line.startsWith(`http2: ${role} `)).flatMap((line) => {
        const frame = new RegExp(`: ${way} (?:SETTINGS, ACK|[A-Z_]+ \\d+|[A-Z_]+)`).exec(line)?.[0];
        return frame === undefined || /WINDOW_UPDATE|PING|GOAWAY/.test(frame)
          ? []
          : [frame.slice(2 + way.length + 1)];
      });
    const asks = ["SETTINGS", "SETTINGS, ACK", "HEADERS 1", "DATA 1", "HEADERS 3", "DATA 3"];
    const answers = ["SETTINGS", "SETTINGS, ACK", "HEADERS 1", "HEADERS 3", "DATA 3", "HEADERS 3"];
    assertEquals(of("sent"), role === "client" ? asks : answers);
    assertEquals(of("received"), role === "client" ? answers : asks);
    assertEquals(lines.filter((line) => line === `http2: ${role} ADDRESS - ADDRESS: closed`).length, 1);
  }
  assertEquals(lines.some((line) => line.includes('GOAWAY, last stream 0, NO_ERROR, "channel closed')), true);
});
