import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { COMMANDS } from "../../../surface/cli/commands.ts";
import { test } from "../../harness.ts";
import { pollwire } from "./fake_terminal.ts";

const NO_BASH = {
  skip: spawnSync("bash", ["--version"]).status === 0 ? undefined : "there is no bash on PATH",
};

/** What bash offers for each line, where the last word is what has been typed of it. */
function complete(script: string, lines: readonly (readonly string[])[]): string[][] {
  const program = `${script}
while IFS= read -r line; do
  IFS='|' read -r -a COMP_WORDS <<< "$line|."
  unset "COMP_WORDS[\${#COMP_WORDS[@]}-1]"
  COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
  COMPREPLY=()
  _pollwire
  echo "\${COMPREPLY[*]}"
done
`;
  const { stdout, stderr, status } = spawnSync("bash", ["--noprofile", "--norc", "-c", program], {
    input: lines.map((words) => `pollwire|${words.join("|")}\n`).join(""),
    encoding: "utf8",
    cwd: new URL(".", import.meta.url),
  });
  assertEquals([status, stderr], [0, ""]);
  return stdout.trimEnd().split("\n").map((line) => line.split(" ").filter((word) => word !== "").sort());
}

test("bash completes commands, flags and their values by the script", async () => {
  const { code, out } = await pollwire(["completions", "bash"]);
  assertEquals(code, 0);
  const names = [...COMMANDS.map(({ name }) => name), "help"];
  const [all, ca, help, flags, choice, equals, file, directory, single, any, shell] = complete(out, [
    [""],
    ["ca"],
    ["help", ""],
    ["call", "localhost:1", "--emit"],
    ["call", "--format", ""],
    ["call", "--format", "=", "js"],
    ["call", "--proto", "shop.p"],
    ["call", "-I", ".."],
    ["call", "-proto", "shop.p"],
    ["call", "-d", ""],
    ["completions", "b"],
  ]);
  assertEquals(all, [...names, "--help", "--version"].sort());
  assertEquals(ca, ["call"]);
  assertEquals(help, [...names].sort());
  assertEquals(flags, ["--emit-defaults"]);
  assertEquals([choice, equals], [["json"], ["json"]]);
  assertEquals([file, single], [["shop.proto"], ["shop.proto"]]);
  assertEquals(directory, [".."]);
  assertEquals(any, []);
  assertEquals(shell, ["bash"]);
}, NO_BASH);

test("the scripts of zsh and fish have every command and flag, quoted", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { code, out } = await pollwire(["completions", shell]);
    assertEquals(code, 0);
    for (const { name, load } of COMMANDS) {
      assertStringIncludes(out, name);
      for (const flag of Object.keys((await load()).flags)) {
        assertStringIncludes(
          out,
          shell === "zsh" ? `--${flag}[` : ` -l ${flag}`.replace(/ -l (\w)$/, " -s $1"),
        );
      }
    }
    // Quotes are balanced: bash, which quotes alike, reads each word to its end.
    const { status } = spawnSync("bash", ["-n"], {
      input: out.replace(/^#.*$/gm, "").replace(/\(\(.*\)\)/g, "true"),
    });
    if (NO_BASH.skip === undefined && shell === "fish") assertEquals(status, 0);
  }
});

test("completions of another shell are refused", async () => {
  const { code, err } = await pollwire(["completions", "tcsh"]);
  assertEquals(code, 2);
  assertStringIncludes(err, 'There are no completions for "tcsh"; there are bash, zsh, fish');
});
