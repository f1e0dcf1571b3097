import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { RpcError } from "../../../mod.ts";
import { type CommandEntry, defineCommand } from "../../../surface/cli/command.ts";
import { COMMANDS } from "../../../surface/cli/commands.ts";
import { CommandError } from "../../../surface/cli/exit_codes.ts";
import { run } from "../../../surface/cli/run.ts";
import { widthOf } from "../../../surface/cli/text.ts";
import { VERSION } from "../../../surface/version.ts";
import { test } from "../../harness.ts";
import { FakeTerminal, pollwire } from "./fake_terminal.ts";

// deno-lint-ignore no-control-regex
const SGR = /\x1b\[[0-9;]*m/g;

test("without a command the program says what there is, on stderr, and ends with 2", async () => {
  const { code, out, err } = await pollwire([]);
  assertEquals([code, out], [2, ""]);
  for (const { name } of COMMANDS) assertStringIncludes(err, `  ${name}`);
});

test("--version says version and runtime; --help is no error", async () => {
  assertEquals(await pollwire(["--version"]), { code: 0, out: `pollwire ${VERSION} (Test 1.0)\n`, err: "" });
  assertEquals((await pollwire(["--help"])).code, 0);
});

test("every command has help with examples, by help NAME and by --help, within the width", async () => {
  for (const { name } of COMMANDS) {
    const terminal = new FakeTerminal();
    terminal.out.columns = 60;
    const { code, out } = await pollwire(["help", name], terminal);
    assertEquals(code, 0);
    assertStringIncludes(out, `Usage: pollwire ${name}`);
    assertStringIncludes(out, `Examples:\n`);
    const prose = out.slice(0, out.indexOf("Examples:")).split("\n");
    for (const line of prose) assert(line.length <= 60, `${name}: ${line}`);
    const again = new FakeTerminal();
    again.out.columns = 60;
    assertEquals((await pollwire([name, "--help"], again)).out, out);
  }
});

test("help of the program lists every command within the width, with colours too", async () => {
  for (const colours of [false, true]) {
    const terminal = new FakeTerminal();
    terminal.out.columns = 50;
    terminal.out.colours = colours;
    const { code, out } = await pollwire(["help"], terminal);
    assertEquals(code, 0);
    for (const { name } of COMMANDS) assertStringIncludes(out, name);
    const lines = out.slice(0, out.indexOf("pollwire list")).split("\n");
    for (const line of lines) assert(widthOf(line) <= 50, line);
    const shown = lines.map((line) => line.replace(SGR, ""));
    assert(shown.includes("  list         lists the services of a server, or"), out);
  }
});

test("help takes one command, and itself for help of the program", async () => {
  const { out } = await pollwire(["help"]);
  for (const given of [["help", "help"], ["help", "--help"], ["help", "-h"]]) {
    assertEquals(await pollwire(given), { code: 0, out, err: "" });
  }
  assertEquals(await pollwire(["help", "--help", "list"]), await pollwire(["help", "list"]));
  const { code, err } = await pollwire(["help", "list", "nope"]);
  assertEquals([code, err], [
    2,
    'error: Cannot run help: "nope" is one argument too many\nTry: pollwire help\n',
  ]);
});

test("an unknown command is refused with the nearest, and grpcurl's order with ours", async () => {
  const wrong = await pollwire(["polers"]);
  assertEquals([wrong.code, wrong.out], [2, ""]);
  assertStringIncludes(
    wrong.err,
    `There is no command "polers"; did you mean pollers?\nTry: pollwire help\n`,
  );
  assertStringIncludes((await pollwire(["hlep"])).err, "did you mean help?");
  const { err } = await pollwire(["-plaintext", "localhost:1", "pollers"]);
  assertStringIncludes(err, "the command comes first: pollwire pollers -plaintext localhost:1");
});

test("arguments are counted by the command's usage", async () => {
  const { code, err } = await pollwire(["pollers", "x"]);
  assertEquals(code, 2);
  assertStringIncludes(err, `Cannot run pollers: "x" is one argument too many`);
  assertStringIncludes(err, "Try: pollwire help pollers");
});

/** A list of one command, which does what `body` does. */
function only(body: (signal: AbortSignal) => Promise<number>): CommandEntry[] {
  const command = defineCommand({
    usage: "",
    about: [],
    flags: {},
    examples: [],
    run: ({ signal }) => body(signal),
  });
  return [{ name: "x", summary: "", load: () => Promise.resolve(command) }];
}

test("what a command throws is a line on stderr and an exit code: never a stack", async () => {
  const cases: [unknown, number, string][] = [
    [new CommandError("Cannot do it"), 1, "error: Cannot do it\n"],
    [new CommandError("Cannot do it", 7), 7, "error: Cannot do it\n"],
    [new RpcError("NOT_FOUND", "no such place"), 69, "error: NOT_FOUND: no such place\n"],
    [new TypeError("a fault"), 1, "error: a fault\n"],
    ["a text", 1, "error: a text\n"],
  ];
  for (const [thrown, code, printed] of cases) {
    const terminal = new FakeTerminal();
    assertEquals(await run(["x"], terminal, only(() => Promise.reject(thrown))), code);
    assertEquals(terminal.err.text, printed);
  }
});

test("Ctrl-C aborts the command's signal and ends with 130; an output that is closed, quietly with 141", async () => {
  for (const [code, cause] of [[130, "interrupt"], [141, "closeOutput"]] as const) {
    const terminal = new FakeTerminal();
    const running = run(
      ["x"],
      terminal,
      only((signal) =>
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cancelled"))))
      ),
    );
    await Promise.resolve();
    terminal[cause]();
    assertEquals(await running, code);
    assertEquals(terminal.err.text, "");
  }
});

test("what an output cannot take is an error, also of a command that had ended well", async () => {
  for (const end of [() => 0, () => Promise.reject(new Error("cancelled"))]) {
    const terminal = new FakeTerminal();
    const code = await run(
      ["x"],
      terminal,
      only(() => {
        terminal.closeOutput(new Error("no space left"));
        return Promise.resolve(end());
      }),
    );
    assertEquals([code, terminal.err.text], [1, "error: Cannot write the output: no space left\n"]);
  }
});
