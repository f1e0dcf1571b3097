// A connect that takes long: it is taken back and begun again while nobody holds the process, and left alone else.
import { assertEquals } from "@std/assert";
import type { Endpoint, IoResult } from "../../../pollers/contract/engine.ts";
import type { ConnectAttempt, Loop } from "../../../pollers/core/base_engine.ts";
import { ProcessHold } from "../../../pollers/core/process_hold.ts";
import { IoError } from "../../../pollers/mod.ts";
import { PatientConnect } from "../../../pollers/native/patient_connect.ts";
import { test } from "../../harness.ts";

/** A connect in time that the test moves; the runtime's part does nothing by itself. */
class Bench {
  readonly log: string[] = [];
  readonly hold = new ProcessHold(() => ({ ref() {}, unref() {}, remove() {} }));
  /** Reports each try. */
  readonly done: Array<(result: IoResult<Endpoint>) => void> = [];
  readonly attempt = {
    abort: undefined as (() => void) | undefined,
    succeed: () => void this.note("succeeded"),
    fail: () => void this.note("failed"),
  };
  private time = 0;
  private timer: { at: number; fire: () => void } | undefined = undefined;

  constructor(canTakeBack = true) {
    const loop = {
      arm: (delayMs: number, fire: () => void) => this.timer = { at: this.time + delayMs, fire },
      disarm: (armed: unknown) => {
        if (armed === this.timer) this.timer = undefined;
      },
    } as unknown as Loop;
    new PatientConnect(loop, this.hold, this.attempt as unknown as ConnectAttempt, (done) => {
      this.note(`try ${this.done.push(done)}`);
      return canTakeBack ? () => this.note("taken back") : undefined;
    });
  }

  /** Lets time pass until `at`. */
  until(at: number): void {
    while (this.timer !== undefined && this.timer.at <= at) {
      const { fire } = this.timer;
      this.time = this.timer.at;
      this.timer = undefined;
      fire();
    }
    this.time = at;
  }

  get waits(): boolean {
    return this.timer !== undefined;
  }

  private note(what: string): void {
    this.log.push(`${this.time} ${what}`);
  }
}

const refused: IoResult<Endpoint> = {
  ok: false,
  error: new IoError("refused", "connect", { family: "ipv4", host: "127.0.0.1", port: 1 }),
};

test("patient connect: unheld it is begun again, and each try has twice as long", () => {
  const bench = new Bench();
  bench.until(3_600);
  assertEquals(bench.log, [
    "0 try 1",
    "500 taken back",
    "550 try 2",
    "1550 taken back",
    "1600 try 3",
    "3600 taken back",
  ]);
});

test("patient connect: held it is left alone, and looked at again", () => {
  const bench = new Bench();
  bench.hold.hold();
  bench.until(10_000);
  assertEquals(bench.log, ["0 try 1"]);
  bench.hold.release();
  bench.until(10_500);
  assertEquals(bench.log, ["0 try 1", "10500 taken back"]);
});

test("patient connect: what ends the present try ends the attempt, and no timer is left", () => {
  for (
    const [result, end] of [[refused, "failed"], [{ ok: true, value: {} as Endpoint }, "succeeded"]] as const
  ) {
    const bench = new Bench();
    bench.until(600);
    bench.done[1]!(result);
    assertEquals(bench.log.slice(2), ["550 try 2", `600 ${end}`]);
    assertEquals(bench.waits, false);
  }
});

test("patient connect: what a try that was taken back still reports counts for nothing", () => {
  const bench = new Bench();
  bench.until(510);
  let closed = 0;
  bench.done[0]!(refused);
  bench.done[0]!({ ok: true, value: { close: () => closed++ } as unknown as Endpoint });
  assertEquals([bench.log.length, closed], [2, 1]);
});

test("patient connect: abort takes back, during a try and between two", () => {
  const during = new Bench();
  during.attempt.abort!();
  const between = new Bench();
  between.until(520);
  between.attempt.abort!();
  for (const bench of [during, between]) {
    assertEquals(bench.waits, false);
    bench.until(10_000);
    assertEquals(bench.log.length, 2);
  }
});

test("patient connect: where the runtime takes nothing back it is let be", () => {
  const bench = new Bench(false);
  assertEquals(bench.waits, false);
  bench.done[0]!(refused);
  assertEquals(bench.log, ["0 try 1", "0 failed"]);
});
