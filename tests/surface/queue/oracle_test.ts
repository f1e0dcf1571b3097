// The same operations on gRPC's C core and on this library, where Debian's libgrpc-dev is installed: the same events.
import { assertEquals } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { test } from "../../harness.ts";
import { recordProcess } from "../../process_record.ts";
import { rawServer } from "../raw_server.ts";
import { serving } from "../serving.ts";
import { obey, runHere, SCRIPTS } from "./scripts.ts";

const source = fileURLToPath(new URL("./core_client.c", import.meta.url));

/** Output of a program that ends soon; undefined where it cannot be run or fails. */
function outputOf(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

const flags = outputOf("pkg-config", "--cflags", "--libs", "grpc")?.trim().split(/\s+/);
const skip = flags === undefined ? "no C core of gRPC (Debian: gcc pkg-config libgrpc-dev)" : undefined;

/** Runs `lines` on the C core; gives what it prints, in groups a line. */
function runCore(program: string, port: number, lines: string): Promise<string[][]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [`127.0.0.1:${port}`], { stdio: ["pipe", "pipe", "inherit"] });
    recordProcess("core_client", child);
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`The core's client ended with ${code} after ${output}`));
      resolve(output.split(".\n").slice(0, -1).map((group) => group.split("\n").slice(0, -1)));
    });
    child.stdin.end(`${lines}\n`);
  });
}

/** The order of the events of one line is not promised. */
const sorted = (groups: string[][]): string[][] => groups.map((group) => group.sort());

test("oracle: the C core's client does what this library's does, event by event", async () => {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  const mute = await rawServer(() => {});
  try {
    const program = `${folder}/core_client`;
    if (outputOf("gcc", "-o", program, source, ...flags!) === undefined) throw new Error("gcc failed");
    await serving({ both: obey }, async ({ port: obeying }) => {
      for (const { title, lines, silent } of SCRIPTS) {
        const port = silent ? mute.port : obeying;
        const [here, core] = await Promise.all([
          runHere(`127.0.0.1:${port}`, lines),
          runCore(program, port, lines),
        ]);
        assertEquals(sorted(here), sorted(core), title);
      }
    });
  } finally {
    mute.close();
    rmSync(folder, { recursive: true });
  }
}, { timeoutMs: 60_000, skip });
