// Rule 9: what keeps a process alive, what lets it go, and what shutdown says of what was left open.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { extensionKey, IoError, selectPoller, SliceBuffer } from "../../../pollers/mod.ts";
import { runtime } from "../../harness.ts";
import { recordProcess } from "../../process_record.ts";
import { staysAtExit } from "../../windows/wine.ts";
import { startDeafServer } from "../deaf_server.ts";
import { PlainServer } from "../plain_peer.ts";
import { Acceptor, connect, LOOPBACK, sleep, tryConnect, until, withEngine } from "../promised.ts";
import type { Suite } from "./suite.ts";

/** Within so much of letting go a process has ended; a runtime takes 10 to 50 ms, a busy machine seconds. */
const AT_ONCE_MS = 10_000;

const CHILD = fileURLToPath(new URL("./life_child.ts", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs one scenario of life_child.ts; "killed" when it was still there `limitMs` after it stood. */
function runChild(
  { poller, options }: Suite["made"],
  scenario: string,
  limitMs: number,
  deafPort = 0,
): Promise<Ended | "killed"> {
  const args = [
    ...(runtime === "deno" ? ["run", "-A"] : []),
    CHILD,
    poller,
    scenario,
    JSON.stringify(options),
    String(deafPort),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  recordProcess(args.slice(1).join(" "), child);
  let output = "";
  let killed = false;
  child.stdout!.on("data", (text) => {
    output += String(text);
    // The limit counts from when the scenario stands.
    if (output.includes("ready")) limit ??= setTimeout(kill, limitMs);
  });
  let limit: ReturnType<typeof setTimeout> | undefined;
  const kill = () => {
    killed = true;
    child.kill("SIGKILL");
  };
  return new Promise((resolve) => {
    child.on("close", (code) => {
      clearTimeout(limit);
      const said = output.trim().replaceAll(/\s+/g, " ");
      // What holds the process is over once the runtime exits; that it is gone then is the runtime's matter.
      const stuck = killed && staysAtExit && said.endsWith("exits");
      resolve(stuck ? { code: 0, output: said } : killed ? "killed" : { code, output: said });
    });
  });
}

function isSelectable(name: string): boolean {
  try {
    return selectPoller(name).name === name;
  } catch {
    return false;
  }
}

/** Tests of `shutdown` and of the process around an engine. */
export function lifeRules({ factory, made, rule }: Suite): void {
  rule("9 shutdown with nothing open settles", () => withEngine(factory, () => {}));

  rule("9 shutdown closes what is open, and names it", async () => {
    const engine = factory.create({});
    const server = await PlainServer.listen();
    const endpoint = await connect(engine, server.address);
    const plain = await server.accept();
    const [acceptor, port] = await Acceptor.listen(engine, LOOPBACK);
    const heard: string[] = [];
    endpoint.read(
      new SliceBuffer(),
      (error) => heard.push(error instanceof IoError ? error.kind : "no error"),
    );
    engine.runAt(engine.now() + 10, () => heard.push("task"));
    const error = await assertRejects(() => engine.shutdown(), Error);
    for (
      const name of [`127.0.0.1:${port}`, `127.0.0.1:${"port" in server.address && server.address.port}`]
    ) {
      assert(error.message.includes(name), `${name} is not in ${error.message}`);
    }
    assertEquals((await plain.readToEnd()).length, 0);
    await acceptor.ended;
    await until(() => heard.length > 0, "the read's end");
    await sleep(20);
    assertEquals(heard, ["closed"]);
    plain.destroy();
    await server.close();
  });

  rule("9 shutdown cancels a connect that is on its way, and names it", async () => {
    const engine = factory.create({});
    const server = await PlainServer.listen();
    let reports = 0;
    engine.connect(server.address, {}, () => reports++);
    await assertRejects(() => engine.shutdown(), Error, "connect");
    await sleep(30);
    assertEquals(reports, 0);
    await server.closeNowOrAfterEnds();
  });

  rule("3 a connect after shutdown fails, and opens nothing", async () => {
    const engine = factory.create({});
    const server = await PlainServer.listen();
    await engine.shutdown();
    const result = await tryConnect(engine, server.address);
    assert(!result.ok, "it connected");
    assertEquals(result.error.kind, "closed");
    const came = server.accept().then(() => "came");
    assertEquals(await Promise.race([came, sleep(20)]), undefined);
    await server.close();
  });

  rule("3 what listens, and a pair, are refused after shutdown, and open nothing", async () => {
    const engine = factory.create({});
    await engine.shutdown();
    const acceptor = Acceptor.create(engine);
    const bound = await acceptor.bind(LOOPBACK);
    assert(!bound.ok, "it is bound");
    assertEquals(bound.error.kind, "closed");
    acceptor.start();
    assertEquals(await acceptor.shutdown(), undefined);
    await assertRejects(() => engine.pair(), Error, "the engine was shut down");
  });

  rule("9 one release too many is misuse, before and after others", () =>
    withEngine(factory, (engine) => {
      assertThrows(() => engine.release(), RangeError);
      engine.hold();
      engine.release();
      assertThrows(() => engine.release(), RangeError);
    }));

  rule(
    "onceIdle waits until nothing is open, also where something opens meanwhile, and calls once",
    () =>
      withEngine(factory, async (engine) => {
        let calls = 0;
        engine.onceIdle(() => calls++);
        assertEquals(calls, 0);
        await until(() => calls === 1, "the call with nothing open");
        const [one, other] = await engine.pair();
        engine.onceIdle(() => calls++);
        one.close();
        await sleep(20);
        assertEquals(calls, 1);
        other.close();
        const listener = engine.listen({}, () => {}, () => {});
        await sleep(20);
        assertEquals(calls, 1);
        listener.shutdown();
        await until(() => calls === 2, "the call once all is closed");
        for (const end of await engine.pair()) end.close();
        await sleep(20);
        assertEquals(calls, 2);
      }),
  );

  rule("an extension that the engine does not have is undefined", () =>
    withEngine(factory, (engine) => {
      assertEquals(engine.extension(extensionKey<never>("no such power")), undefined);
    }));

  const skip = isSelectable(made.poller)
    ? undefined
    : "the engine cannot be chosen by name in a child process";
  const limits = { skip };
  for (
    const scenario of [
      "after shutdown",
      "after everything is closed",
      "after a task is cancelled",
      "with a task",
      "with reads pending",
      "with reads that began while it was held",
      "with accepted connections",
      "once it is released",
    ]
  ) {
    rule(`9 the process exits by itself ${scenario}`, async () => {
      assertEquals(await runChild(made, scenario, AT_ONCE_MS), { code: 0, output: "ready exits" });
    }, limits);
  }
  rule("9 the process exits by itself with a connect on its way", async () => {
    const deaf = await startDeafServer();
    const { address } = deaf;
    const ended = await runChild(
      made,
      "with a connect on its way",
      AT_ONCE_MS,
      "port" in address ? address.port : 0,
    );
    await deaf.kill();
    assertEquals(ended, { code: 0, output: "ready exits" });
  }, limits);
  for (const [scenario, last] of [["held for a task", "ran"], ["held for a read", "read"]] as const) {
    rule(`9 the process stays while it is ${scenario}, and exits then`, async () => {
      assertEquals(await runChild(made, scenario, AT_ONCE_MS), { code: 0, output: `ready ${last} exits` });
    }, limits);
  }
  for (const scenario of ["held", "listening"]) {
    rule(`9 the process stays while it is ${scenario}`, async () => {
      assertEquals(await runChild(made, scenario, 400), "killed");
    }, limits);
  }
}
