// A program that a test runs as a process of its own, on the runtime that runs the test.
import { spawn, spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runtime } from "../harness.ts";
import { recordProcess } from "../process_record.ts";

/** Runs a program with few descriptors. Runtimes raise the soft limit to the hard one: both are lowered. */
export const FEW_DESCRIPTORS: readonly string[] = ["sh", "-c", 'ulimit -n 100 && exec "$0" "$@"'];

/** Why a program cannot be run with few descriptors here; undefined where it can. */
export const noLimit: string | undefined = process.platform === "win32"
  ? "Windows knows no limit of descriptors"
  : spawnSync("sh", ["-c", "ulimit -n 100"]).status === 0
  ? undefined
  : "the shell cannot lower a limit";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** How a program is run. */
export interface ProgramOptions {
  /** A command that runs the rest of its arguments, as "prlimit". */
  readonly through?: readonly string[];
  /** Deno's; Bun knows none. Default: all. */
  readonly permissions?: readonly string[];
  /** On a terminal of its own, where Deno may ask for permissions; see {@linkcode noTerminal}. */
  readonly terminal?: boolean;
}

/** Why no program can be given a terminal here; undefined where one can. */
export const noTerminal: string | undefined =
  spawnSync("script", ["--version"]).stdout?.includes("util-linux")
    ? undefined
    : "util-linux's script, which gives a program a terminal, is not there";

/** A running program. It ends with its test, whose failure says what it had printed. */
export class Program {
  /** Settles once it is over. */
  readonly ended: Promise<Ended>;
  /** What it has printed, errors too. */
  output = "";
  private readonly child;
  private hear: () => void = () => {};

  /** Starts the program at `script`. */
  constructor(script: URL, args: readonly string[], options: ProgramOptions = {}) {
    const { through = [], permissions = ["-A"], terminal = false } = options;
    const prompts = terminal ? [] : ["--no-prompt"];
    const before = runtime === "deno"
      ? ["run", "--no-check", "--quiet", ...prompts, ...permissions]
      : ["run"];
    const words = [...through, process.execPath, ...before, fileURLToPath(script), ...args];
    const quoted = words.map((word) => `'${word}'`).join(" ");
    const [command, ...rest] = terminal ? ["script", "-qec", quoted, "/dev/null"] : words;
    const child = this.child = spawn(command!, rest, { stdio: ["ignore", "pipe", "pipe"] });
    recordProcess([script.pathname.split("/").slice(-2).join("/"), ...args].join(" "), child);
    const hear = (text: unknown) => {
      this.output += String(text);
      this.hear();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        resolve({ code, signal, output: this.output });
        this.hear();
      });
    });
  }

  /** Its process. */
  get pid(): number {
    return this.child.pid!;
  }

  /** Waits until it has printed `text`; rejects where it ends before. */
  async printed(text: string): Promise<void> {
    let over = false;
    void this.ended.then(() => over = true);
    while (!this.output.includes(text)) {
      if (over) throw new Error(`Ended before it printed ${JSON.stringify(text)}: ${this.output}`);
      await Promise.race([this.ended, new Promise<void>((resolve) => this.hear = resolve)]);
    }
  }

  /** Sends a signal. */
  kill(signal: "SIGTERM" | "SIGKILL"): void {
    process.kill(this.pid, signal); // the child's own `kill` on Deno has it end by that signal, whatever it does
  }
}
