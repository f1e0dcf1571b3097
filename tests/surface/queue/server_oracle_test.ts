// The same operations on a server of gRPC's C core and on this library's, where Debian's libgrpc-dev is installed.
import { assertEquals } from "@std/assert";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import "../../shared_engines.ts";
import { test } from "../../harness.ts";
import { recordProcess } from "../../process_record.ts";
import { ScriptClient, type ScriptedServer, SERVER_SCRIPTS, ServerHere } from "./server_scripts.ts";

const source = fileURLToPath(new URL("./core_server.c", import.meta.url));

/** Output of a program that ends soon; undefined where it cannot be run or fails. */
function outputOf(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

const flags = outputOf("pkg-config", "--cflags", "--libs", "grpc")?.trim().split(/\s+/);
const skip = flags === undefined ? "no C core of gRPC (Debian: gcc pkg-config libgrpc-dev)" : undefined;

/** The core's server, in a process of its own. */
class CoreServer implements ScriptedServer {
  port = 0;
  private output = "";
  private onOutput: () => void = () => {};
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly over: Promise<number | null>;

  constructor(program: string) {
    this.child = spawn(program, [], { stdio: ["pipe", "pipe", "pipe"] });
    recordProcess("core_server", this.child);
    this.over = new Promise((resolve) => this.child.on("close", resolve));
    this.child.stdout.on("data", (chunk) => {
      this.output += chunk;
      this.onOutput();
    });
  }

  async start(): Promise<this> {
    this.port = Number(await this.upTo("\n"));
    return this;
  }

  async run(line: string): Promise<string[]> {
    this.child.stdin.write(`${line}\n`);
    return (await this.upTo(".\n")).split("\n").slice(0, -1);
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    assertEquals(await this.over, 0);
  }

  private async upTo(end: string): Promise<string> {
    while (!this.output.includes(end)) await new Promise<void>((resolve) => this.onOutput = resolve);
    const at = this.output.indexOf(end);
    const text = this.output.slice(0, at);
    this.output = this.output.slice(at + end.length);
    return text;
  }
}

/** What comes of `lines`, a group a line; the order of the events of one line is not promised. */
async function play(server: ScriptedServer, lines: readonly string[]): Promise<string[]> {
  const client = new ScriptClient(server.port);
  const groups: string[] = [];
  for (const line of lines) {
    const said = line.startsWith("client") ? await client.run(line) : await server.run(line);
    groups.push(`${line}: ${said.sort().join(", ")}`);
  }
  await client.close();
  return groups;
}

test("oracle: the C core's server does what this library's does, event by event", async () => {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    const program = `${folder}/core_server`;
    if (outputOf("gcc", "-o", program, source, ...flags!) === undefined) throw new Error("gcc failed");
    for (const { title, lines } of SERVER_SCRIPTS) {
      const [here, core] = await Promise.all([new ServerHere().start(), new CoreServer(program).start()]);
      const [ours, theirs] = await Promise.all([play(here, lines), play(core, lines)]);
      await Promise.all([here.close(), core.close()]);
      assertEquals(ours, theirs, title);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}, { timeoutMs: 60_000, skip });
