// What is traced of a connection: each state, and why, where something was lost or cannot be had.
import { assertEquals } from "@std/assert";
import { Reporter, trace } from "../../../pollers/mod.ts";
import { test } from "../../harness.ts";
import { Bench } from "./connecting.ts";

test("traces of a connection: the reason is that of its failure, and none of the attempts afterwards", async () => {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const reporter = new Reporter({ logger: { debug: log, info: log, warn: log, error: log } });
  const bench = new Bench({ reporter });
  const traces = trace as { channel: boolean };
  const before = traces.channel;
  traces.channel = true;
  try {
    bench.call(true);
    await bench.pass(500);
    await bench.listen();
    await bench.pass(1_000);
  } finally {
    traces.channel = before;
  }
  const at = `${bench.server.hostAddress}:80`;
  const why = `connect to ${at} failed: connection refused (ECONNREFUSED)`;
  assertEquals(lines.filter((line) => line.includes("connection to")), [
    `channel: connection to ${at}: IDLE to CONNECTING`,
    `channel: connection to ${at}: CONNECTING to TRANSIENT_FAILURE: ${why}`,
    `channel: connection to ${at}: TRANSIENT_FAILURE to IDLE: ${why}`,
    `channel: connection to ${at}: IDLE to CONNECTING`,
    `channel: connection to ${at}: CONNECTING to READY`,
  ]);
});
