import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Channel, loadProto, Server, type ServiceDescriptor } from "../../../mod.ts";
import { Histogram } from "../../../surface/cli/bench/histogram.ts";
import { Load } from "../../../surface/cli/bench/load.ts";
import { bar, duration, resultJson, resultLines } from "../../../surface/cli/bench/report.ts";
import { test } from "../../harness.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";
import { SHOP_PROTO, withShop } from "./shop.ts";

const AT = "inprocess:cli-bench";
const bench = (method: string, ...rest: string[]): string[] => [
  "bench",
  AT,
  `shop.v1.Cart/${method}`,
  "--proto",
  SHOP_PROTO,
  ...rest,
];

test("percentiles of a histogram are within 1.6% of the latencies that were recorded", () => {
  const histogram = new Histogram();
  const all: number[] = [];
  for (let i = 1; i <= 5_000; i++) {
    const ms = 1.002 ** i / 100; // 10 us to 218 s
    all.push(ms);
    histogram.record(ms);
  }
  for (const share of [0.001, 0.01, 0.5, 0.9, 0.99, 0.999, 1]) {
    const exact = all[Math.ceil(share * all.length) - 1]!;
    const found = histogram.percentile(share);
    assert(Math.abs(found - exact) <= exact * 0.016 + 0.001, `${share}: ${found} for ${exact}`);
  }
  assertEquals([histogram.count, histogram.min, histogram.max], [5_000, all[0], all.at(-1)]);
  const rows = histogram.rows(12, 0.99);
  assertEquals(rows.length, 13);
  assertEquals(rows.reduce((sum, { count }) => sum + count, 0), 5_000);
  assert(Math.abs(rows.at(-1)!.count - 50) <= 10, `${rows.at(-1)!.count} of 50`);
  assertEquals(new Histogram().rows(12, 0.99), []);
  assertEquals([new Histogram().percentile(0.5), new Histogram().mean], [0, 0]);
});

test("equal latencies are one bar, and very long ones are counted", () => {
  const histogram = new Histogram();
  for (let i = 0; i < 10; i++) histogram.record(5);
  assertEquals(histogram.rows(3, 0.99).reduce((sum, { count }) => sum + count, 0), 10);
  assertEquals(histogram.percentile(0.5), 5);
  histogram.record(1e9);
  assertEquals(histogram.max, 1e9);
});

test("calls at a rate wait with one listener of a signal, for Node warns of more than ten", () =>
  withShop(async () => {
    const { addEventListener, removeEventListener } = AbortSignal.prototype;
    const listeners = new Map<AbortSignal, number>();
    let most = 0;
    const count = (signal: AbortSignal, by: number): void => {
      listeners.set(signal, (listeners.get(signal) ?? 0) + by);
      most = Math.max(most, listeners.get(signal)!);
    };
    AbortSignal.prototype.addEventListener = function (this: AbortSignal, ...args: [string, EventListener]) {
      count(this, 1);
      addEventListener.apply(this, args);
    };
    AbortSignal.prototype.removeEventListener = function (
      this: AbortSignal,
      ...args: [string, EventListener]
    ) {
      count(this, -1);
      removeEventListener.apply(this, args);
    };
    try {
      const { code } = await pollwire(bench("Get", "-n", "40", "--rps", "400", "-c", "32"));
      assertEquals(code, 0);
    } finally {
      Object.assign(AbortSignal.prototype, { addEventListener, removeEventListener });
    }
    assert(most <= 10, `${most} listeners`);
  }, AT));

test("bars are drawn by eighths, and durations have three digits", () => {
  assertEquals([bar(0, 4), bar(0.001, 4), bar(0.5, 4), bar(0.625, 1), bar(1, 4)], [
    "",
    "▏",
    "██",
    "▋",
    "████",
  ]);
  assertEquals([0.0123, 1.234, 12.34, 123.4, 1234].map(duration), [
    "0.012 ms",
    "1.23 ms",
    "12.3 ms",
    "123 ms",
    "1.23 s",
  ]);
});

test("bench makes so many calls of each kind of method, and prints one object of JSON", async () => {
  await withShop(async () => {
    for (
      const [method, data, responses] of [
        ["Get", '{"id":"a"} {"id":"b"}', undefined],
        ["List", '{"count": 3}', 150],
        ["Add", '{"price":1} {"price":2}', undefined],
        ["Chat", '{"id":"a"} {"id":"b"}', 100],
      ] as const
    ) {
      const { code, out, err } = await pollwire(
        bench(method, "-n", "50", "-c", "4", "--connections", "2", "-d", data, "--json"),
      );
      assertEquals([code, err], [0, ""]);
      const result = JSON.parse(out);
      assertEquals(
        [
          result.method,
          result.calls,
          result.failed,
          result.responses,
          result.connections,
          result.concurrency,
        ],
        [`shop.v1.Cart/${method}`, 50, 0, responses, 2, 4],
      );
      assertEquals(result.statuses, { OK: 50 });
      assert(result.latencyMs.p50 > 0 && result.latencyMs.p50 <= result.latencyMs.max, out);
    }
  }, AT);
});

test("bench prints a summary with percentiles and a histogram, within the width", async () => {
  await withShop(async () => {
    const terminal = new FakeTerminal();
    const { code, out } = await pollwire(bench("Get", "--seconds", "0.05", "--warmup", "0.02"), terminal);
    assertEquals(code, 0);
    assertStringIncludes(out, `shop.v1.Cart/Get at ${AT}, 1 connection, 16 calls at once`);
    for (const word of ["Calls ", "CPU ", "Latency ", "p99.9", "none failed", "█"]) {
      assertStringIncludes(out, word);
    }
    for (const line of out.split("\n")) assert(line.length <= 100, line);
  }, AT);
});

test("on a terminal bench shows how it goes, on stderr, and takes it away", async () => {
  await withShop(async () => {
    const terminal = new FakeTerminal();
    Object.assign(terminal.err, { isTerminal: true, columns: 70 });
    const { err, out } = await pollwire(bench("Get", "-z", "0.15", "--warmup", "0.11"), terminal);
    assertStringIncludes(err, "warms up: ");
    assertStringIncludes(err, " a second  p50 ");
    assert(err.endsWith("\r\x1b[K"), err);
    for (const line of err.split("\r")) assert(line.replace("\x1b[K", "").length < 70, line);
    assert(!out.includes("\r"));
  }, AT);
});

test("so many calls are made behind a warm-up, at a rate too", async () => {
  await withShop(async () => {
    const given = ["-n", "30", "--warmup", "0.1", "-c", "8", "--json"];
    for (const rate of [[], ["-r", "100"], ["-r", "1000"]]) {
      const terminal = new FakeTerminal();
      Object.assign(terminal.err, { isTerminal: true });
      const { out, err } = await pollwire(bench("Get", ...given, ...rate), terminal);
      const { calls, latencyMs } = JSON.parse(out);
      assertEquals(calls, 30);
      assert(latencyMs.max > 0, out);
      assertStringIncludes(err, " of 0.1 s");
    }
    const few = ["-n", "1", "--warmup", "0.1", "-c", "8", "-r", "20", "--json"];
    assertEquals(JSON.parse((await pollwire(bench("Get", ...few))).out).calls, 1); // others wait to be due
  }, AT);
});

test("at a rate no more calls begin than are due", async () => {
  await withShop(async () => {
    const { out } = await pollwire(bench("Get", "-r", "200", "-z", "0.1", "--warmup", "0", "--json"));
    const { calls, rate } = JSON.parse(out);
    assertEquals(rate, 200);
    assert(calls >= 1 && calls <= 25, `${calls} calls`);
  }, AT);
});

test("Ctrl-C ends the load early, and what was measured is printed", async () => {
  await withShop(async () => {
    const terminal = new FakeTerminal();
    setTimeout(() => terminal.interrupt(), 60);
    const { code, out } = await pollwire(bench("Get", "-z", "60", "--warmup", "0", "--json"), terminal);
    assertEquals(code, 130);
    assert(JSON.parse(out).seconds < 30);
  }, AT);
});

test("Ctrl-C in the warm-up ends bench without a result: nothing was measured", async () => {
  await withShop(async () => {
    for (const json of [[], ["--json"]]) {
      const terminal = new FakeTerminal();
      terminal.err.isTerminal = true; // so that it says when it warms up
      terminal.err.onWrite = () => {
        if (terminal.err.text.includes("warms up")) terminal.interrupt();
      };
      const { code, out } = await pollwire(bench("Get", "-z", "60", "--warmup", "60", ...json), terminal);
      assertEquals([code, out], [130, ""]);
    }
  }, AT);
});

test("a method that fails at once is an error; statuses of calls that failed are counted", async () => {
  await withShop(async () => {
    const failed = await pollwire(bench("Get", "-d", '{"id":"none"}', "-n", "5"));
    assertEquals([failed.code, failed.out], [69, ""]);
    const some = await pollwire(bench("Get", "-d", '{"id":"a"} {"id":"none"}', "-n", "10", "--json"));
    assertEquals(some.code, 1);
    const { statuses, failed: count } = JSON.parse(some.out);
    assertEquals([statuses, count], [{ OK: 5, NOT_FOUND: 5 }, 5]);
  }, AT);
});

for (
  const [why, options, isServed] of [
    ["the server is gone", {}, false],
    ["their requests are too large to be sent", { maxSendMessageBytes: 1 }, true],
  ] as const
) {
  test(`timers and sockets have their turn while calls fail at once because ${why}`, async () => {
    const server = new Server();
    const channel = new Channel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`, options);
    if (!isServed) await server.shutdown();
    const { Cart: service } = await loadProto(SHOP_PROTO) as Record<string, ServiceDescriptor>;
    let looks = 0;
    const load: Load = new Load({
      ...{ service: service!, method: service!.methods["get"]!, channels: [channel], concurrency: 4 },
      ...{ messages: [{ id: "larger" }], options: undefined, rate: undefined },
      now: () => {
        if (++looks === 200_000) load.end(); // or the test would never end
        return performance.now();
      },
    });
    load.measure();
    const timer = setInterval(() => {
      if (load.failed > 0) load.end();
    }, 10);
    await load.run();
    clearInterval(timer);
    channel.close();
    if (isServed) await server.shutdown();
    assert(load.failed > 0 && looks < 200_000, `${load.failed} failed, ${looks} looks at the clock`);
  });
}

test("numbers that are no counts are refused", async () => {
  for (
    const flags of [["-c", "0"], ["-n", "1.5"], ["--connections", "0"], ["-r", "0"], ["-z", "0"], [
      "-c",
      "1000000",
    ], ["-z", "1", "-n", "1"]]
  ) {
    assertEquals((await pollwire(bench("Get", ...flags))).code, 2, flags.join(" "));
  }
});

test("more connections than calls at once are refused: those without calls would count as measured", async () => {
  const { code, err } = await pollwire(bench("Get", "--connections", "20"));
  assertEquals(code, 2);
  assertStringIncludes(err, "Cannot use --connections 20 with --concurrency 16: some would have no calls");
});

test("failures are named in the summary", () => {
  const latencies = new Histogram();
  latencies.record(1);
  const result = {
    ...{
      method: "a.S/M",
      target: "x",
      connections: 1,
      concurrency: 2,
      rate: 100,
      seconds: 2,
      calls: 4,
      failed: 1,
    },
    ...{ responses: 7, statuses: new Map([["OK", 3], ["UNAVAILABLE", 1]]), latencies, cpuMs: 1 },
  };
  const text = resultLines(result, new FakeTerminal().out).join("\n");
  assertStringIncludes(text, "4 in 2.0 s, 2 a second, 1 failed");
  assertStringIncludes(text, "UNAVAILABLE 1");
  assertStringIncludes(text, "Responses 7, 4 a second");
  assertStringIncludes(text, "CPU       250.0 us a call");
  assertEquals(resultJson(result)["cpu"], { usPerCall: 250, cores: 0.001 });
});
