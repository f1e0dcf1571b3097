// What keeps a process alive, and what does not: clients that close no channel, and servers, as processes of their own.
import { assert, assertEquals, assertLess } from "@std/assert";
import { Channel, createClient, selectPoller, Server } from "pollwire";
import { formatAddress } from "../../pollers/mod.ts";
import { runtime, test } from "../harness.ts";
import { startDeafServer } from "../pollers/deaf_server.ts";
import { PlainSocket } from "../pollers/plain_peer.ts";
import { Program } from "../pollers/program.ts";
import { gate, numbers, sleep, Trial, until } from "./serving.ts";
import { callsLinux } from "../pollers/powers.ts";

/** Within so much of having nothing to do a process has ended; a runtime takes 10 to 50 ms, a busy machine seconds. */
const AT_ONCE_MS = 10_000;

/** Longer than a process that has nothing to do stays. */
const A_WHILE_MS = 500;

/** Why no reactor workers run here; undefined where they do. */
const noWorkers = callsLinux(selectPoller().name) || runtime === "bun"
  ? undefined
  : "Deno shares ports only with --unstable-net, and this poller hands no descriptors over";

function start(script: string, ...args: string[]): Program {
  return new Program(new URL(`./process/${script}`, import.meta.url), args);
}

/** Waits for `program` to end by itself; it said `lines`, and ended at once after it had said `last`. */
async function endsAtOnce(program: Program, lines: readonly string[], last = lines.at(-1)!): Promise<void> {
  await program.printed(last);
  const from = performance.now();
  const { code, output } = await program.ended;
  assertEquals([code, output.trim().split(/\r?\n/)], [0, lines]);
  assertLess(performance.now() - from, AT_ONCE_MS);
}

/** Whether `program` is still there a while after it stood. */
async function stays(program: Program): Promise<void> {
  await program.printed("ready");
  let over = false;
  void program.ended.then(() => over = true);
  await sleep(A_WHILE_MS);
  assert(!over, `it ended: ${program.output}`);
}

/** A server whose calls wait for a text "wait" until `answer` is called. */
async function waitingServer(): Promise<{ server: Server; port: number; answer(): void; waiting(): number }> {
  const { opened, open } = gate();
  let waiting = 0;
  const wait = async (text: string | undefined): Promise<void> => {
    if (text !== "wait") return;
    waiting++;
    await opened;
  };
  const server = new Server();
  server.addService(Trial, {
    one: async (note) => (await wait(note.text), note),
    async *down(note) {
      await wait(note.text);
      yield* numbers(note.number ?? 0);
    },
  });
  return { server, port: await server.listen("127.0.0.1:0"), answer: open, waiting: () => waiting };
}

const OVER: ReadonlyArray<readonly [scenario: string, lines: readonly string[]]> = [
  ["calls that are over", ["ready"]],
  ["a call that was aborted", ["status 1", "ready"]],
  ["a connection nobody uses", ["ready"]],
  ["a watch", ["ready"]],
  ["connecting", ["ready"]],
  ["a call of a channel that does not hold it", ["ready"]],
];
for (const [scenario, lines] of OVER) {
  test(`a client exits at once with ${scenario}`, async () => {
    const { server, port } = await waitingServer();
    await endsAtOnce(start("client.ts", scenario, `127.0.0.1:${port}`), lines);
    server.close();
    await server.shutdown();
  });
}

for (
  const [scenario, lines] of [
    ["connecting", ["ready"]],
    ["a call past its deadline", ["status 4", "ready"]],
  ] as const
) {
  for (const what of ["connect", "handshake"]) {
    test(`a client exits at once with ${scenario}, though its ${what} gets no answer`, async () => {
      const deaf = await startDeafServer();
      const { address } = deaf;
      const fills = what === "connect" ? deaf.fills : 0;
      const others = await Promise.all(Array.from({ length: fills }, () => PlainSocket.connect(address)));
      await endsAtOnce(start("client.ts", scenario, formatAddress(address)), lines);
      for (const other of others) other.destroy();
      await deaf.kill();
    });
  }
}

for (
  const [scenario, lines] of [
    ["a call that is not answered", ["ready", "answered"]],
    ["a call that nobody waits for", ["ready"]],
    ["a stream that nobody reads", ["ready"]],
  ] as const
) {
  test(`a client stays with ${scenario}, and exits when it ends`, async () => {
    const { server, port, answer, waiting } = await waitingServer();
    const program = start("client.ts", scenario, `127.0.0.1:${port}`);
    await until(() => waiting() === 1);
    await stays(program);
    answer();
    await endsAtOnce(program, lines);
    server.close();
    await server.shutdown();
  });
}

test("a client stays with a call that waits for a connection, and exits when it is answered", async () => {
  const before = new Server();
  const port = await before.listen("127.0.0.1:0");
  await before.shutdown();
  const program = start("client.ts", "a call that waits for a connection", `127.0.0.1:${port}`);
  await stays(program); // through several backoffs
  const server = new Server();
  server.addService(Trial, { one: (note) => note });
  await server.listen(`127.0.0.1:${port}`);
  await endsAtOnce(program, ["ready", "answered"]);
  await server.shutdown();
});

test("a client of grpc-js's API stays until it is connected or its deadline, and exits while it observes", async () => {
  const late = start("grpc_js_client.ts", "127.0.0.1:1", "300");
  await endsAtOnce(late, ["ready", "Failed to connect before the deadline"]);
  const server = new Server();
  const address = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
  await endsAtOnce(start("grpc_js_client.ts", address, "60000"), ["ready", "connected"]);
  server.close();
  await server.shutdown();
});

for (const scenario of ["listens", "serves a connection that it was given"]) {
  test(`a server stays while it ${scenario}`, async () => {
    const program = start("server.ts", scenario);
    await stays(program);
    program.kill("SIGKILL");
    await program.ended;
  });
}

for (const scenario of ["was shut down", "was closed", "was shut down while a client says nothing"]) {
  test(`a server exits at once when it ${scenario}`, async () => {
    await endsAtOnce(start("server.ts", scenario), ["connected", "ready"], "connected");
  });
}

test(
  "a process stays while its only reactor worker is replaced, and exits at once when all are shut down",
  async () => {
    const program = start("workers.ts");
    await program.printed("port");
    await using channel = new Channel(`127.0.0.1:${/port (\d+)\./.exec(program.output)![1]}`);
    for (const deaths of [1, 2]) {
      await createClient(Trial, channel).one({ text: "crash" }, { waitForReady: true }).catch(() => {});
      // The crash is answered; what the dead worker has left is closed later, and a call before that would be lost with it.
      await until(() => program.output.split("died.").length > deaths && channel.state !== "READY");
      await createClient(Trial, channel).one({ text: "who" }, { waitForReady: true, deadlineMs: 15_000 });
    }
    program.kill("SIGTERM");
    const [port, ...then] = ["port", "died.", "died.", "stopped"];
    const { code, output } = await program.ended;
    assertEquals([code, output.trim().split(/\r?\n/).slice(1), output.startsWith(port!)], [0, then, true]);
  },
  { skip: noWorkers },
);

test("a server that is shutting down stays until its last call is finished", async () => {
  const { code, output } = await start("server.ts", "finishes a call").ended;
  const [first, ...then] = output.trim().split(/\r?\n/);
  assertEquals([code, first, then.toSorted()], [0, "ready", ["answered", "shut down"]]);
});
