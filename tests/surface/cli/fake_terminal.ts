// A terminal for tests of commands: keeps what is printed, and gives what is typed.
import { COMMANDS } from "../../../surface/cli/commands.ts";
import { run } from "../../../surface/cli/run.ts";
import type { Output, Terminal } from "../../../surface/cli/terminal.ts";
import { readFile } from "node:fs/promises";

class FakeOutput implements Output {
  text = "";
  isTerminal = false;
  isDumb = false;
  colours = false;
  columns = 80;
  rows = 24;

  get movesCursor(): boolean {
    return this.isTerminal && !this.isDumb;
  }

  write(data: string | Uint8Array): void {
    this.text += typeof data === "string" ? data : new TextDecoder().decode(data);
    this.onWrite();
  }

  /** Called after each write. */
  onWrite: () => void = () => {};

  drained(_signal?: AbortSignal): Promise<void> {
    return Promise.resolve();
  }
}

/** A terminal whose outputs are texts. */
export class FakeTerminal implements Terminal {
  readonly out: FakeOutput = new FakeOutput();
  readonly err: FakeOutput = new FakeOutput();
  inputIsTerminal = false;
  readonly runtime = "Test 1.0";
  /** What is typed, piece by piece. */
  typed: AsyncIterable<Uint8Array> | Iterable<Uint8Array | string> = [];
  /** Environment variables. */
  readonly variables: Record<string, string> = {};
  readonly #interrupts = new Set<(exitCode: number) => void>();
  readonly #outputClosed: Array<(error?: Error) => void> = [];

  async *input(): AsyncGenerator<Uint8Array> {
    for await (const piece of this.typed) {
      yield typeof piece === "string" ? new TextEncoder().encode(piece) : piece;
    }
  }

  readFile(path: string): Promise<Uint8Array> {
    return readFile(path);
  }

  variable(name: string): string | undefined {
    return this.variables[name];
  }

  now(): number {
    return performance.now();
  }

  date(): Date {
    return new Date(Date.UTC(2026, 10, 26, 12, 0, 0));
  }

  cpuMs(): number {
    return performance.now() / 2;
  }

  onInterrupt(listener: (exitCode: number) => void): () => void {
    this.#interrupts.add(listener);
    return () => this.#interrupts.delete(listener);
  }

  onOutputClosed(listener: (error?: Error) => void): void {
    this.#outputClosed.push(listener);
  }

  /** Ctrl-C. */
  interrupt(): void {
    for (const listener of [...this.#interrupts]) listener(130);
  }

  /** Whoever read the output has closed it; or it is a file that takes no more because of `error`. */
  closeOutput(error?: Error): void {
    for (const listener of this.#outputClosed.splice(0)) listener(error);
  }
}

/** What a command line came to. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in this process. */
export async function pollwire(given: readonly string[], terminal = new FakeTerminal()): Promise<Ran> {
  const code = await run(given, terminal, COMMANDS);
  return { code, out: terminal.out.text, err: terminal.err.text };
}
