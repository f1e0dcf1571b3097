import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { program } from "../../../.ci/runtimes.mjs";
import { openLibrary } from "../../../pollers/ffi/library.ts";
import { Thread } from "../../../pollers/native/thread.ts";
import { runtime, test } from "../../harness.ts";
import { until } from "../promised.ts";
import { noLibc } from "./setup.ts";

const skip = noLibc;
const CHOOSE = fileURLToPath(new URL("./choose.ts", import.meta.url));

test("a library that is not there is refused, with every name that was tried", () => {
  const opened = openLibrary(["libno-such-thing.so.7", "libnor-this.so"], {
    getpid: { parameters: [], result: "i32" },
  });
  assert(!opened.ok);
  assertStringIncludes(opened.because, "no library of libno-such-thing.so.7, libnor-this.so can be opened: ");
  for (const name of ["libno-such-thing.so.7", "libnor-this.so"]) {
    assert(opened.because.split(name).length >= 3, opened.because); // in the list, and with a reason of its own
  }
  assert(!opened.because.includes("\n"));
}, { skip });

test("the first library that is there is taken", () => {
  const opened = openLibrary(["libno-such-thing.so.7", "libc.so.6", "libc.musl-x86_64.so.1"], {
    if_nametoindex: { parameters: ["buffer"], result: "u32" },
  });
  assert(opened.ok, opened.ok ? "" : opened.because);
  assertEquals(opened.functions.if_nametoindex(new TextEncoder().encode("lo\0")), 1);
  opened.close();
}, { skip });

test("a library without a function that is asked for is refused, and the function named", () => {
  const opened = openLibrary(["libc.so.6"], { no_such_function: { parameters: [], result: "i32" } });
  assert(!opened.ok);
  assertStringIncludes(opened.because, "no_such_function");
}, { skip });

/** Runs choose.ts; one permission at least, for Deno gives a child process without any of them all. */
function choose(list: string, permissions: string[]): { status: number | null; output: string } {
  const args = ["run", "--no-check", "--no-prompt", ...permissions, CHOOSE, list];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, output: stdout + stderr };
}

/** Of a runtime's loops, one of each thread at least. */
function loops(): number {
  const kindOf = (name: string): string => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch { // that by which the folder was read
      return "";
    }
  };
  return readdirSync("/proc/self/fd").filter((name) => kindOf(name) === "anon_inode:[eventpoll]").length;
}

test("of a thread with a function for native code nothing is left when it has ended", async () => {
  const module = new URL("./called_thread.ts", import.meta.url);
  await new Thread(module, true).ended; // what the first one opens may stay
  const before = loops();
  for (let i = 0; i < 3; i++) await new Thread(module, true).ended;
  await until(() => loops() <= before, "the end of what the threads had");
}, { skip });

const denoOnly = skip ?? (runtime === "deno" ? undefined : "only Deno has permissions");

test("Deno without --allow-ffi: epoll is refused and says what to do, a list goes on with its next", () => {
  const { status, output } = choose("epoll", ["--allow-read"]);
  assertMatch(output, /^PollerError: Cannot select a poller from "epoll": epoll: .*--allow-ffi\n$/);
  assertEquals(status, 0);
  assertEquals(choose("epoll,native", ["--allow-env"]), { status: 0, output: "native\n" });
}, { skip: denoOnly });

test("Deno without --allow-read: epoll is refused, for its thread could not start", () => {
  const { output } = choose("epoll", ["--allow-ffi"]);
  assertMatch(
    output,
    /^PollerError: Cannot select a poller from "epoll": epoll: .*poller_worker.*--allow-read\n$/,
  );
  assertEquals(choose("epoll,native", ["--allow-ffi"]), { status: 0, output: "native\n" });
}, { skip: denoOnly });

test("Deno with both permissions and no other chooses epoll", () => {
  assertEquals(choose("epoll", ["--allow-ffi", "--allow-read"]), { status: 0, output: "epoll\n" });
}, { skip: denoOnly });

test("Node refuses, for it has no FFI", () => {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    const bundle = `${folder}/choose.mjs`;
    const built = spawnSync(program("esbuild"), [
      CHOOSE,
      "--bundle",
      "--format=esm",
      "--platform=node",
      `--outfile=${bundle}`,
    ], { encoding: "utf8" });
    assertEquals(built.status, 0, built.stderr);
    const { stdout } = spawnSync("node", [bundle, "epoll"], { encoding: "utf8" });
    const because = "epoll: Node has no FFI; run on Deno or Bun";
    assertEquals(stdout, `PollerError: Cannot select a poller from "epoll": ${because}\n`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}, { skip: skip ?? (nodeRuns() ? undefined : "there is no Node on PATH") });

/** Without Node, `bun run` puts itself on PATH under Node's name. */
function nodeRuns(): boolean {
  return spawnSync("node", ["-e", "process.exit('Bun' in globalThis ? 9 : 0)"]).status === 0;
}
