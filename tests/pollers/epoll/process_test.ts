import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { readdirSync, readFileSync } from "node:fs";
import { Channel, createClient } from "pollwire";
import { test } from "../../harness.ts";
import { Trial } from "../../surface/serving.ts";
import { sleep } from "../promised.ts";
import { noEpoll, startProgram } from "./setup.ts";

const skip = noEpoll;

/** Nanoseconds of processor time that all threads of `pid` have had. */
function processorNs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const times = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8"));
  return times.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0);
}

/** Of a core that an idle process may use; the reactor shape wakes again and again. */
const IDLE_SHARES = { thread: 0.005, own: 0.02 };

for (const shape of ["thread", "own"] as const) {
  test(`an idle process costs nothing, or next to it (${shape})`, async () => {
    const program = startProgram("idle.ts", [shape]);
    await program.printed("idle");
    // The runtime itself is busy for a while after its start; the calmest of several spans counts.
    let least = 1;
    for (let span = 0; span < 8 && least > IDLE_SHARES[shape]; span++) {
      await sleep(500);
      const [at, before] = [performance.now(), processorNs(program.pid)];
      await sleep(1000);
      least = Math.min(least, (processorNs(program.pid) - before) / 1e6 / (performance.now() - at));
    }
    program.kill("SIGKILL");
    await program.ended;
    assertLess(least, IDLE_SHARES[shape]);
  }, { skip });

  test(`SIGTERM: calls in flight finish, and the process ends by itself (${shape})`, async () => {
    const program = startProgram("serve.ts", [shape]);
    await program.printed(".");
    const port = /port (\d+)/.exec(program.output)![1];
    const channel = new Channel(`127.0.0.1:${port}`);
    const client = createClient(Trial, channel);
    const calls = [500, 700, 900].map((number) => client.one({ number }));
    await program.printed("began 3.");
    program.kill("SIGTERM");
    const answers = await Promise.all(calls);
    assertEquals(answers.map(({ text }) => text), ["after 500 ms", "after 700 ms", "after 900 ms"]);
    const { code, signal, output } = await program.ended;
    assertEquals([code, signal], [0, null], output);
    assertMatch(output, /stopping\nstopped\n$/);
    channel.close();
  }, { skip });

  for (
    const state of [
      "closed while the thread starts",
      "closed while the thread waits",
      "shut down while the thread starts",
      "shut down amid traffic",
      "process.exit while the thread waits",
    ]
  ) {
    test(`a process ends by itself: ${state} (${shape})`, async () => {
      assertEquals(await startProgram("leave.ts", [shape, state]).ended, {
        code: 0,
        signal: null,
        output: "left\n",
      });
    }, { skip });
  }

  test(`no SIGPIPE ends a process that listened for it and listens no more (${shape})`, async () => {
    const { code, signal, output } = await startProgram("pipe_signal.ts", [shape]).ended;
    assertEquals([output, code, signal], ["reset EPIPE\nreset EPIPE\n", 0, null]);
  }, { skip });
}

test("threads that are terminated use nothing that others have by then", async () => {
  const { code, output } = await startProgram("terminate.ts", ["40"]).ended;
  assertEquals([output, code], ["all ended\n", 0]);
}, { skip });
