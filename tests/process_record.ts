// What a process that a test started has done so far, for the failure of that test.
import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { attach, type Outsider } from "./harness.ts";

/** Of a process that prints more, the last so many characters are kept. */
const MOST_CHARACTERS = 8_000;

/** Clock ticks of Linux in /proc/PID/stat, a second. */
const TICKS = 100;

/** Has the running test say in its failure what `child`, which runs `command`, has done, and kill it at its end. */
export function recordProcess(command: string, child: ChildProcess): void {
  attach(new ProcessRecord(command, child));
}

/** A process that is described by what it printed, when, and what became of it. */
class ProcessRecord implements Outsider {
  private readonly startedAt = performance.now();
  private printed = "";
  private exit: string | undefined = undefined;
  private outputEnd = "its output has not ended";

  /** Records from the start; `command` names the process. */
  constructor(private readonly command: string, private readonly child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (text) => this.add(String(text)));
    child.on("error", (error) => this.add(`could not be run: ${error.message}\n`));
    child.on("exit", (code, signal) => this.exit = `ended with ${code ?? signal} at ${this.now()} s`);
    child.on("close", () => this.outputEnd = `its output ended at ${this.now()} s`);
  }

  /** The command, the state, and the output with a time at each piece. */
  describe(): string {
    const { command, child: { pid }, exit, outputEnd, printed } = this;
    const state = exit === undefined
      ? `running for ${this.now()} s, ${stateOf(pid)}`
      : `${exit}, ${outputEnd}`;
    return `Process ${pid}, ${command}: ${state}; it printed ${printed === "" ? "nothing" : printed}`;
  }

  /** Kills a process that is still there. */
  end(): void {
    if (this.exit === undefined) this.child.kill("SIGKILL");
  }

  private add(text: string): void {
    this.printed += `\n  at ${this.now()} s: ${text.trimEnd().replaceAll("\n", "\n    ")}`;
    if (this.printed.length > MOST_CHARACTERS) {
      this.printed = `\n  ...${this.printed.slice(-MOST_CHARACTERS)}`;
    }
  }

  private now(): string {
    return ((performance.now() - this.startedAt) / 1000).toFixed(2);
  }
}

/** What the system says of a process. */
function stateOf(pid: number | undefined): string {
  if (process.platform !== "linux") return "state unknown";
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
    const cpu = (Number(fields[11]) + Number(fields[12])) / TICKS;
    return `state ${fields[0]}, ${fields[17]} threads, ${cpu} s of CPU`;
  } catch {
    return "gone, though nothing has said so";
  }
}
