// One `test()` for both runtimes: Deno.test on Deno, bun:test on Bun; with a time limit and reasoned skips.
import process from "node:process";

/** The runtime that runs the tests. */
export const runtime: "deno" | "bun" = "Bun" in globalThis ? "bun" : "deno";

/** How a test deviates from the usual. */
export interface TestOptions {
  /** Milliseconds after which the test fails. Default 60,000: a test that waits for what never comes, on any machine. */
  timeoutMs?: number;
  /** A sentence that says why the test cannot run here; it is printed, and counted as skipped. */
  skip?: string | undefined;
  /** A sentence that says why the test leaves something open; else Deno fails a test that does (Bun cannot see it). */
  leaves?: string;
}

type TestBody = () => void | Promise<void>;

interface DenoTest {
  test(options: {
    name: string;
    ignore: boolean;
    sanitizeOps: boolean;
    sanitizeResources: boolean;
    fn: TestBody;
  }): void;
}

interface BunTest {
  test: ((name: string, body: TestBody, timeoutMs: number) => void) & {
    skip(name: string, body: TestBody): void;
  };
}

const bunTest = runtime === "bun" ? await import("bun:test" as string) as BunTest : undefined;

// What a process opens once and keeps is no test's: the libraries of Windows, at an engine's first use.
if (process.platform === "win32" && runtime === "deno") {
  (await import("../pollers/iocp/mod.ts")).iocpFactory.probe();
}

const afterEach: Array<() => Promise<void>> = [];

/** Has `hook` run after every test of the file. */
export function afterTest(hook: () => Promise<void>): void {
  afterEach.push(hook);
}

/** Something outside this process that the running test uses, as a program. */
export interface Outsider {
  /** What is known of it, for the failure of the test; of several lines. */
  describe(): string;
  /** The test is over, however it ended: nothing of it may be left. */
  end(): void;
}

let outsiders: Outsider[] = [];

/** Has the running test describe `outsider` where it fails, and end it. */
export function attach(outsider: Outsider): void {
  outsiders.push(outsider);
}

/** How tests that a file declares are run once more. */
export interface Variant {
  /** What stands before their titles. */
  readonly title: string;
  /** Runs the body of each. */
  readonly around: (body: TestBody) => Promise<void>;
  /** Those that cannot be run so, by a part of their titles: the reason. */
  readonly except: Readonly<Record<string, string>>;
}

let variant: Variant | undefined;

/** Has the tests that `declare` declares run as those of `of`. */
export async function declareAs(of: Variant, declare: () => Promise<unknown>): Promise<void> {
  variant = of;
  try {
    await declare();
  } finally {
    variant = undefined;
  }
}

/** Declares a test. A body that takes longer than its limit fails with that reason. */
export function test(name: string, body: TestBody, options: TestOptions = {}): void {
  if (variant === undefined) return declare(name, body, options);
  const { title, around, except } = variant;
  const reason = Object.entries(except).find(([part]) => name.includes(part))?.[1];
  declare(
    `${title}: ${name}`,
    () => around(body),
    reason === undefined ? options : { ...options, skip: reason },
  );
}

function declare(name: string, body: TestBody, options: TestOptions): void {
  const { timeoutMs = 60_000, skip, leaves } = options;
  const title = skip === undefined ? name : `${name} (skipped: ${skip})`;
  if (skip !== undefined) console.log(`SKIP ${title}`);
  const limited = async () => {
    await withOutsiders(() => withTimeLimit(body, timeoutMs));
    for (const hook of afterEach) await hook();
  };
  if (bunTest !== undefined) {
    if (skip !== undefined) bunTest.test.skip(title, body);
    else bunTest.test(title, limited, timeoutMs + 1000);
    return;
  }
  const deno = (globalThis as unknown as { Deno: DenoTest }).Deno;
  deno.test({
    name: title,
    ignore: skip !== undefined,
    sanitizeOps: leaves === undefined,
    sanitizeResources: leaves === undefined,
    fn: limited,
  });
}

/** Runs a test's body; what it throws says at its end what was known of outsiders then. */
export async function withOutsiders(body: () => Promise<void>): Promise<void> {
  const outer = outsiders;
  outsiders = [];
  try {
    await body();
  } catch (error) {
    if (error instanceof Error) {
      for (const outsider of outsiders) error.message += `\n\n${outsider.describe()}`;
    }
    throw error;
  } finally {
    for (const outsider of outsiders) outsider.end();
    outsiders = outer;
  }
}

async function withTimeLimit(body: TestBody, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Test still running after ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([body(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
