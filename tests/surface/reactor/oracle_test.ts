// The same scripts on gRPC's C++ reactors and on these, where Debian's libgrpc++-dev is installed: the same reactions.
import { assertEquals } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import {
  type Channel,
  ClientBidiReactor,
  createReactorClient,
  type DoneStatus,
  type ReactorCallOptions,
  RpcError,
} from "pollwire";
import { test } from "../../harness.ts";
import { recordProcess } from "../../process_record.ts";
import { type Handlers, type Note, serving, syncNumbers, Trial, until } from "../serving.ts";

/** Words as `core_reactor.cc` has them; `ordered`: the order of the reactions is promised too. */
const SCRIPTS: readonly (readonly [title: string, words: string, ordered?: boolean])[] = [
  ["[Q85] what is started before the call", "do=echo readon read write=1 ended start await=done"],
  ["[Q90] the last write has no reaction of its end", "do=echo readon read last=1 start await=done"],
  ["[Q87] an end of writes by itself", "do=echo start ended await=done"],
  ["[Q88] no metadata, a read and a write", "do=refuse read write=1 start await=done"],
  ["[Q91] nothing outstanding", "do=abort start await=done", true],
  ["[Q93] a hold", "do=abort hold start await=metadata mark unhold await=done", true],
  [
    "[Q93] a read under a hold",
    "do=abort hold start await=metadata mark read await=read mark unhold await=done",
    true,
  ],
  ["[Q84] a cancel before the call", "do=echo cancel read start await=done"],
  ["[Q89] a cancel with a read", "do=silent read write=1 start await=write cancel await=done"],
  ["[Q91] a deadline with a read", "do=silent deadline=200 read start await=done"],
  [
    "[Q53] OK waits for its messages",
    "do=three hold start await=metadata mark read await=read-1 read await=read-2 read await=read-3 mark read " +
    "await=read-false unhold await=done",
    true,
  ],
  ["[Q53] without a hold", "do=three readon read start await=done"],
  ["[Q41] a cancel while OK waits", "do=three start await=metadata cancel await=done", true],
  ["[Q91] a deadline while OK waits", "do=three deadline=300 start await=done", true],
];

/** What the server does, by the metadata "do". */
const handlers: Handlers = {
  both: (requests, call) => {
    switch (call.metadata.get("do")) {
      case "abort":
        throw new RpcError("ABORTED", "as asked");
      case "refuse": // after a message has come: whether a write is done beside the status is chance
        return refuseFirst(requests);
      case "three":
        return syncNumbers(3);
      case "silent":
        return new Promise((resolve) => call.signal.addEventListener("abort", () => resolve([])));
    }
    return requests;
  },
};

/** Aborts once a message has come: a status that comes beside a write fails it or not, by chance, in the core. */
async function refuseFirst(requests: AsyncIterable<Note>): Promise<never> {
  await requests[Symbol.asyncIterator]().next();
  throw new RpcError("ABORTED", "as asked");
}

class Scripted extends ClientBidiReactor<Note, Note> {
  readonly lines: string[] = [];
  readOn = false;

  override onReadInitialMetadataDone(ok: boolean): void {
    this.lines.push(`metadata-${ok}`);
  }
  override onReadDone(ok: boolean): void {
    this.lines.push(`read-${ok ? this.message.number : false}`);
    if (ok && this.readOn) this.startRead();
  }
  override onWriteDone(ok: boolean): void {
    this.lines.push(`write-${ok}`);
  }
  override onWritesDoneDone(ok: boolean): void {
    this.lines.push(`ended-${ok}`);
  }
  override onDone(status: DoneStatus): void {
    this.lines.push(`done-${status.code}`);
  }

  obey(name: string, value: string): Promise<void> | void {
    if (name === "hold") this.addHold();
    else if (name === "unhold") this.removeHold();
    else if (name === "start") this.startCall();
    else if (name === "read") this.startRead();
    else if (name === "readon") this.readOn = true;
    else if (name === "write") this.startWrite({ number: Number(value) });
    else if (name === "last") this.startWriteLast({ number: Number(value) });
    else if (name === "ended") this.startWritesDone();
    else if (name === "cancel") this.tryCancel();
    else if (name === "mark") this.lines.push("mark");
    else return until(() => this.lines.some((line) => line.startsWith(value)));
  }
}

async function runHere(channel: Channel, script: string): Promise<string[]> {
  const words = script.split(" ").map((word) => word.split("=") as [string, string]);
  const given = new Map(words);
  const deadline = given.has("deadline") ? { deadlineMs: Number(given.get("deadline")) } : {};
  const options: ReactorCallOptions = { metadata: { do: given.get("do")! }, ...deadline };
  const reactor = createReactorClient(Trial, channel).both(new Scripted(), options);
  for (const [name, value] of words) {
    if (name !== "do" && name !== "deadline") await reactor.obey(name, value);
  }
  return reactor.lines;
}

/** Output of a program that ends soon; undefined where it cannot be run or fails. */
function outputOf(program: string, ...args: string[]): string | undefined {
  const { status, stdout } = spawnSync(program, args, { encoding: "utf8" });
  return status === 0 ? stdout : undefined;
}

const flags = outputOf("pkg-config", "--cflags", "--libs", "grpc++")?.trim().split(/\s+/);
const skip = flags === undefined || outputOf("g++", "--version") === undefined
  ? "no C++ gRPC (Debian: g++ pkg-config libgrpc++-dev)"
  : undefined;

/** Runs all scripts on C++; gives what each prints. */
function runCore(program: string, port: number): Promise<string[][]> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [`127.0.0.1:${port}`], { stdio: ["pipe", "pipe", "inherit"] });
    recordProcess(program, child);
    let output = "";
    child.stdout.on("data", (chunk) => output += chunk);
    child.on("error", reject);
    child.on("close", (code) => {
      if (code !== 0) return reject(new Error(`The core's reactors ended with ${code} after ${output}`));
      resolve(output.split(".\n").slice(0, -1).map((group) => group.split("\n").slice(0, -1)));
    });
    child.stdin.end(SCRIPTS.map(([, words]) => `${words}\n`).join(""));
  });
}

test("oracle: reactors of C++ have the same reactions", async () => {
  const folder = mkdtempSync(`${tmpdir()}/pollwire-`);
  try {
    const program = `${folder}/core_reactor`;
    const source = fileURLToPath(new URL("./core_reactor.cc", import.meta.url));
    if (outputOf("g++", "-std=c++17", "-o", program, source, ...flags!) === undefined) {
      throw new Error("g++ failed");
    }
    await serving(handlers, async ({ channel, port }) => {
      const core = await runCore(program, port);
      for (const [i, [title, words, ordered = false]] of SCRIPTS.entries()) {
        const here = await runHere(channel, words);
        const there = core[i] ?? [];
        assertEquals([title, here.at(-1)], [title, there.at(-1)]);
        assertEquals([title, ...ordered ? here : here.toSorted()], [
          title,
          ...ordered ? there : there.toSorted(),
        ]);
      }
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}, { timeoutMs: 90_000, skip });
