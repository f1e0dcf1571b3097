// What commands have of the world: where they print, what they read, the clock. Tests give them one of their own.

/** One of the program's two outputs. */
export interface Output {
  /** Whether a person reads it: a terminal, not a file or a pipe. */
  readonly isTerminal: boolean;
  /** Whether what was printed can be drawn over: a terminal that is not a dumb one, such as the shell of Emacs. */
  readonly movesCursor: boolean;
  /** Whether colours are wanted: a terminal, and no NO_COLOR. */
  readonly colours: boolean;
  /** Width in characters; 80 where there is none. */
  readonly columns: number;
  /** Height in lines; 24 where there is none. */
  readonly rows: number;
  /** Writes `data` behind what was written before. */
  write(data: string | Uint8Array): void;
  /** Resolves once what was written is with the system or can no longer be, or `signal` is aborted. */
  drained(signal?: AbortSignal): Promise<void>;
}

/** Where a program runs. */
export interface Terminal {
  readonly out: Output;
  readonly err: Output;
  /** Whether a person types what is read. */
  readonly inputIsTerminal: boolean;
  /** The runtime and its version: "Deno 2.9.6". */
  readonly runtime: string;
  /** What is typed or piped in, to its end; to be read once. Throws an Error, or its reading does, where it cannot be read. */
  input(): AsyncIterable<Uint8Array>;
  /** All of a file; rejects with an Error that names it, whose `code` is the system's ("ENOENT"). */
  readFile(path: string): Promise<Uint8Array>;
  /** The environment variable `name`; undefined where it is not set or empty. */
  variable(name: string): string | undefined;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** The time of day. */
  date(): Date;
  /** Milliseconds of CPU that this process has used. */
  cpuMs(): number;
  /**
   * Calls `listener` on Ctrl-C and where somebody asks the program to end (SIGTERM), with the exit code that says which. Returns
   * a function that takes it back.
   */
  onInterrupt(listener: (exitCode: number) => void): () => void;
  /** Calls `listener` once whoever reads `out` has closed it; with an error where it is a file that takes no more. */
  onOutputClosed(listener: (error?: Error) => void): void;
}
