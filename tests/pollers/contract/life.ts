// Rule 9: what keeps a process alive, what lets it go, and what shutdown says of what was left open.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { spawn } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { extensionKey, IoError, selectPoller, SliceBuffer } from "../../../pollers/mod.ts";
import { runtime } from "../../harness.ts";
import type { Suite } from "../contract.ts";
import { PlainServer } from "../plain_peer.ts";
import { Acceptor, connect, LOOPBACK, sleep, until, withEngine } from "../promised.ts";

const CHILD = fileURLToPath(new URL("./life_child.ts", import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs one scenario of life_child.ts; "killed" when it was still there after `limitMs`. */
function runChild(
  { poller, options }: Suite["made"],
  scenario: string,
  limitMs: number,
): Promise<Ended | "killed"> {
  const args = [
    ...(runtime === "deno" ? ["run", "-A"] : []),
    CHILD,
    poller,
    scenario,
    JSON.stringify(options),
  ];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
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
      resolve(killed ? "killed" : { code, output: output.trim().replaceAll(/\s+/g, " ") });
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

  rule("an extension that the engine does not have is undefined", () =>
    withEngine(factory, (engine) => {
      assertEquals(engine.extension(extensionKey<never>("no such power")), undefined);
    }));

  const skip = isSelectable(made.poller)
    ? undefined
    : "the engine cannot be chosen by name in a child process";
  const limits = { timeoutMs: 30_000, skip };
  for (const scenario of ["after shutdown", "after everything is closed", "after a task is cancelled"]) {
    rule(`9 the process exits by itself ${scenario}`, async () => {
      assertEquals(await runChild(made, scenario, 5000), { code: 0, output: "ready" });
    }, limits);
  }
  rule("9 the process waits for a task", async () => {
    const ended = await runChild(made, "task", 10_000);
    assertEquals(ended, { code: 0, output: "ready ran" });
  }, limits);
  for (const scenario of ["listener", "pending read"]) {
    rule(`9 a ${scenario} keeps the process alive`, async () => {
      assertEquals(await runChild(made, scenario, 400), "killed");
    }, limits);
  }
}
