import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { attach, runtime, test } from "../../harness.ts";
import { withShop } from "./shop.ts";

const MAIN = fileURLToPath(new URL("../../../surface/cli/main.ts", import.meta.url));
const ON_WINDOWS = {
  skip: process.platform === "win32" ? "Windows has neither SIGINT nor SIGPIPE" : undefined,
};

const ON_LINUX = { skip: process.platform === "linux" ? undefined : "there is no /dev/full" };

/** The program, as a process of its own on this runtime. */
class Program {
  readonly child: ChildProcess;
  out = "";
  err = "";
  readonly ended: Promise<number | string | null>;

  constructor(
    args: readonly string[],
    input: "pipe" | "ignore" | number = "ignore",
    [out, err]: readonly ["pipe" | number, "pipe" | number] = ["pipe", "pipe"],
  ) {
    const before = runtime === "deno" ? ["run", "-A", "--quiet", "--no-check", MAIN] : [MAIN];
    this.child = spawn(process.execPath, [...before, ...args], { stdio: [input, out, err] });
    const { child } = this;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.out += text);
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.err += text);
    this.ended = new Promise((resolve) => child.on("close", (code, signal) => resolve(code ?? signal)));
    attach({
      describe: () => `${args.join(" ")}: ${this.out}${this.err}`,
      end: () => void child.kill("SIGKILL"),
    });
  }

  /** Resolves once something is printed. */
  printed(): Promise<unknown> {
    return new Promise((resolve) => this.child.stdout!.once("data", resolve));
  }
}

test("the program prints its version, and what it cannot do, on the streams and with the codes that docs/cli.md has", async () => {
  const version = new Program(["--version"]);
  const wrong = new Program(["lst", "localhost:1"]);
  assertEquals(await version.ended, 0);
  assertStringIncludes(version.out, runtime === "deno" ? "(Deno " : "(Bun ");
  assertEquals(version.err, "");
  assertEquals([await wrong.ended, wrong.out], [2, ""]);
  assertStringIncludes(wrong.err, "did you mean list?");
});

test(
  "a long stream ends quietly with 141 once its reader is gone, and is whole where it is not",
  async () => {
    await withShop(async ({ target }) => {
      const call = ["call", target, "shop.v1.Cart/List", "-d"];
      const cut = new Program([...call, '{"count": 2000000}']);
      await cut.printed();
      cut.child.stdout!.destroy();
      const whole = new Program([...call, '{"id": "x", "count": 5000}']);
      assertEquals([await cut.ended, cut.err], [141, ""]);
      assertEquals([await whole.ended, whole.err], [0, ""]);
      assert(whole.out.endsWith('{"id":"x4999","price":"4999"}\n'), whole.out.slice(-100));
      assertEquals(whole.out.split("\n").length, 5_001);
    });
  },
  ON_WINDOWS,
);

test(
  "a watch of which nothing new is printed ends quietly with 141 once its reader is gone",
  async () => {
    await withShop(async ({ target, health }) => {
      health.set("shop.v1.Cart", "SERVING");
      for (
        const given of [
          ["health", target, "shop.v1.Cart", "--watch"],
          ["call", target, "grpc.health.v1.Health/Watch"],
        ]
      ) {
        const watch = new Program(given);
        await watch.printed();
        watch.child.stdout!.destroy();
        assertEquals([await watch.ended, watch.err], [141, ""]);
      }
    });
  },
  ON_WINDOWS,
);

test("a full disk is an error with 1, and keeps no program from its end", async () => {
  const full = openSync("/dev/full", "w");
  try {
    const help = new Program(["help"], "ignore", [full, "pipe"]);
    const wrong = new Program(["lst"], "ignore", ["pipe", full]);
    assertEquals([await help.ended, await wrong.ended, wrong.out], [1, 2, ""]);
    assertStringIncludes(help.err, "error: Cannot write the output: ");
  } finally {
    closeSync(full);
  }
}, ON_LINUX);

test("a directory as stdin is an error with 1, and no empty input", async () => {
  const directory = openSync(".", "r");
  try {
    await withShop(async ({ target }) => {
      for (const method of ["Get", "Add"]) {
        const call = new Program(["call", target, `shop.v1.Cart/${method}`, "-d", "@"], directory);
        assertEquals([await call.ended, call.out], [1, ""]);
        assertEquals(call.err, "error: Cannot read stdin: it is a directory\n");
      }
    });
  } finally {
    closeSync(directory);
  }
}, { skip: process.platform === "win32" ? "Windows opens no directory as a file" : undefined });

test(
  "Ctrl-C and SIGTERM end a conversation whose input stays open, with 130 and 143 and nothing on stderr",
  async () => {
    await withShop(async ({ target }) => {
      for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
        const chat = new Program(["call", target, "shop.v1.Cart/Chat", "-d", "@"], "pipe");
        chat.child.stdin!.write('{"id": "a"}\n');
        await chat.printed();
        assertEquals(chat.out, '{"id":"a"}\n');
        process.kill(chat.child.pid!, signal); // Deno's `child.kill` ends the child without its signal handlers
        assertEquals([await chat.ended, chat.err], [code, ""]);
      }
    });
  },
  ON_WINDOWS,
);
