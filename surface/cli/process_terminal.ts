// The terminal of this process. No other file of the command line names the runtime.

import { fstatSync, type Stats, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { clearInterval, setInterval } from "node:timers";
import { endWatch } from "../../pollers/ffi/closed_end.ts";
import { environmentVariable } from "../../pollers/native/env.ts";
import { ExitCode } from "./exit_codes.ts";
import type { Output, Terminal } from "./terminal.ts";

const STDIN = 0;
const DEFAULT_COLUMNS = 80;
const DEFAULT_ROWS = 24;
/** Between two looks at whether somebody reads the output. */
const LOOK_MS = 500;
/** What was written when the program was asked to end is waited for no longer: a pager may never read on. */
const LAST_WRITES_MS = 500;

/** Called once when nothing more can be written: the reader is gone, or a file takes no more because of `error`. */
type OnClosed = (error?: Error) => void;

/** One of this process's outputs. What is written after its reader is gone is dropped. */
class ProcessOutput implements Output {
  private pending = 0;
  private waiting: Array<() => void> = [];
  private closed = false;
  private readonly isFile: boolean;

  constructor(
    private readonly stream: NodeJS.WriteStream & { readonly fd: number },
    private readonly onClosed: OnClosed,
  ) {
    this.isFile = !this.isTerminal && isFile(stream.fd);
    stream.on("error", () => this.close());
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  get movesCursor(): boolean {
    return this.isTerminal && environmentVariable("TERM") !== "dumb";
  }

  get colours(): boolean {
    return this.movesCursor && environmentVariable("NO_COLOR") === undefined;
  }

  get columns(): number {
    return this.stream.columns || DEFAULT_COLUMNS;
  }

  get rows(): number {
    return this.stream.rows || DEFAULT_ROWS;
  }

  /** Looks from time to time whether somebody reads it, where that can be asked: else only the next write would say. */
  watchReader(): void {
    if (this.isFile || this.isTerminal) return;
    let readerIsGone: (() => boolean) | undefined;
    const timer = setInterval(() => {
      readerIsGone ??= endWatch(this.stream.fd); // not before: most commands have ended by now
      if (readerIsGone?.() === false) return;
      clearInterval(timer);
      if (readerIsGone !== undefined) this.close();
    }, LOOK_MS).unref();
  }

  write(data: string | Uint8Array): void {
    if (this.closed || data.length === 0) return;
    if (this.isFile) return this.writeToFile(data);
    this.pending++;
    this.stream.write(data, () => {
      if (--this.pending === 0) this.wake();
    });
  }

  /** At once: of a full disk Deno's stream tells nobody, and those of Bun and Node only once the program has ended. */
  private writeToFile(data: string | Uint8Array): void {
    let rest = typeof data === "string" ? new TextEncoder().encode(data) : data;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.stream.fd, rest));
    } catch (error) {
      this.close(error as Error);
    }
  }

  private close(error?: Error): void {
    if (this.closed) return;
    this.closed = true;
    this.wake();
    this.onClosed(error);
  }

  drained(signal?: AbortSignal): Promise<void> {
    if (this.pending === 0 || this.closed || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        signal?.removeEventListener("abort", end);
        resolve();
      };
      signal?.addEventListener("abort", end);
      this.waiting.push(end);
    });
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

/** Whether `descriptor` is a file, or a device such as /dev/null: neither a pipe nor a socket. */
function isFile(descriptor: number): boolean {
  const kind = kindOf(descriptor);
  return kind !== undefined && (kind.isFile() || kind.isCharacterDevice() || kind.isBlockDevice());
}

/** What `descriptor` is; undefined where it was closed before the program began. */
function kindOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

/** The terminal, pipes and files that this process was started with. */
export class ProcessTerminal implements Terminal {
  readonly out: ProcessOutput;
  readonly err: Output;
  private readonly outputClosed: OnClosed[] = [];

  /** Made once a process: it listens to the process's outputs. */
  constructor() {
    this.out = new ProcessOutput(process.stdout, (error) => {
      for (const listener of this.outputClosed.splice(0)) listener(error);
    });
    this.err = new ProcessOutput(process.stderr, () => {});
  }

  get inputIsTerminal(): boolean {
    return process.stdin.isTTY === true;
  }

  get runtime(): string {
    const { deno, bun, node } = process.versions as Record<string, string | undefined>;
    if (deno !== undefined) return `Deno ${deno}`;
    return bun !== undefined ? `Bun ${bun}` : `Node ${node}`;
  }

  input(): AsyncIterable<Uint8Array> {
    // To Deno and Node a directory is empty input; Bun fails at the stream.
    if (kindOf(STDIN)?.isDirectory() === true) throw new Error("it is a directory");
    return process.stdin as AsyncIterable<Uint8Array>;
  }

  async readFile(path: string): Promise<Uint8Array> {
    try {
      return await readFile(path);
    } catch (cause) {
      const { message, code } = cause as Error & { code?: string };
      throw Object.assign(new Error(`Cannot read ${path}: ${message}`, { cause }), { code });
    }
  }

  variable(name: string): string | undefined {
    return environmentVariable(name);
  }

  now(): number {
    return performance.now();
  }

  date(): Date {
    return new Date();
  }

  cpuMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }

  onInterrupt(listener: (exitCode: number) => void): () => void {
    const interrupted = () => listener(ExitCode.INTERRUPTED);
    const terminated = () => listener(ExitCode.TERMINATED);
    process.on("SIGINT", interrupted).on("SIGTERM", terminated);
    return () => void process.off("SIGINT", interrupted).off("SIGTERM", terminated);
  }

  onOutputClosed(listener: OnClosed): void {
    if (this.outputClosed.push(listener) === 1) this.out.watchReader();
  }

  /** What was typed after the program's name. */
  get given(): readonly string[] {
    return process.argv.slice(2);
  }

  /** Calls `listener` with whatever is thrown where nobody can catch it. */
  onUncaught(listener: (error: unknown) => void): void {
    process.on("uncaughtException", listener);
    process.on("unhandledRejection", listener);
  }

  /** Ends the process once its output is written; one that was asked to end soon also where whoever reads it has stalled. */
  async end(code: number): Promise<never> {
    const isAsked = code === ExitCode.INTERRUPTED || code === ExitCode.TERMINATED;
    const late = isAsked ? AbortSignal.timeout(LAST_WRITES_MS) : undefined;
    await Promise.all([this.out.drained(late), this.err.drained(late)]);
    process.exit(code);
  }

  /** Ends the process at once: a second Ctrl-C. */
  endNow(exitCode: number): never {
    process.exit(exitCode);
  }
}
