import { assertEquals, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { COMMANDS } from "../../../surface/cli/commands.ts";
import type { FlagTable } from "../../../surface/cli/flags.ts";
import { test } from "../../harness.ts";
import { pollwire } from "./fake_terminal.ts";

const NO_BASH = {
  skip: spawnSync("bash", ["--version"]).status === 0 ? undefined : "there is no bash on PATH",
};
const NO_FISH = {
  skip: spawnSync("fish", ["--version"]).status === 0 ? undefined : "there is no fish on PATH",
};

/**
 * What the script has bash offer for each line, where the last word is what has been typed of it. Without words bash offers
 * files itself, or what "compopt" says.
 */
function complete(script: string, lines: readonly (readonly string[])[]): string[][] {
  const program = `${script}
compopt() { COMPREPLY=("compopt" "$@"); }
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
  const lines = [
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
    ["gen", ""],
    ["gen", "--che"],
  ];
  const [all, ca, help, flags, choice, equals, file, directory, single, any, shell, paths, ofGen] = complete(
    out,
    lines,
  );
  assertEquals(all, [...names, "--help", "--version"].sort());
  assertEquals(ca, ["call"]);
  assertEquals(help, [...names].sort());
  assertEquals(flags, ["--emit-defaults"]);
  assertEquals([choice, equals], [["json"], ["json"]]);
  // Words of the script would be cut at the spaces of files' names, and would not be quoted.
  assertEquals([file, single, any, paths], [[], [], [], []]);
  assertEquals(directory, ["+o", "-o", "compopt", "default", "dirnames"]);
  assertEquals(shell, ["bash"]);
  assertEquals(ofGen, ["--check"]);
}, NO_BASH);

test("zsh completes the files that gen takes, and values behind an equals sign", async () => {
  const { out } = await pollwire(["completions", "zsh"]);
  const [, gen] = /^ {4}gen\)$(.*?)^ {6};;$/ms.exec(out)!;
  assertStringIncludes(gen!, "'*:PATH:_files'");
  assertStringIncludes(gen!, "'*-I+[");
  assertStringIncludes(gen!, "'--int64=[");
  assertStringIncludes(gen!, "'--check[");
});

test("fish completes files for gen, and flags of the command that comes first", async () => {
  const { out } = await pollwire(["completions", "fish"]);
  const offers = (line: string): string[] => {
    const { stdout, status } = spawnSync("fish", ["-c", `${out}\ncomplete -C '${line}'`], {
      encoding: "utf8",
      cwd: new URL(".", import.meta.url),
    });
    assertEquals(status, 0);
    return stdout.split("\n").map((one) => one.split("\t")[0]!).filter((one) => one !== "");
  };
  assertEquals(offers("pollwire gen shop.p"), ["shop.proto"]);
  assertEquals(offers("pollwire call --proto shop.p"), ["shop.proto"]);
  assertEquals(offers("pollwire call shop.p"), []);
  assertEquals(offers("pollwire call x --emit"), ["--emit-defaults"]);
  assertEquals(offers("pollwire help call --emit"), []);
  assertEquals(offers("pollwire describe list --lon"), []);
}, NO_FISH);

test("the scripts of zsh and fish have every command and flag, quoted", async () => {
  for (const shell of ["zsh", "fish"]) {
    const { code, out } = await pollwire(["completions", shell]);
    assertEquals(code, 0);
    for (const { name, load } of COMMANDS) {
      assertStringIncludes(out, name);
      for (const [flag, { kind }] of Object.entries((await load()).flags as FlagTable)) {
        const inZsh = kind === "switch" ? `--${flag}[` : `--${flag}=[`;
        assertStringIncludes(out, shell === "zsh" ? inZsh : ` -l ${flag}`.replace(/ -l (\w)$/, " -s $1"));
      }
    }
    // Quotes are balanced: bash, which quotes alike, reads each word to its end.
    const { status } = spawnSync("bash", ["-n"], {
      input: out.replace(/^#[^\n]*|^function .*?^end$/gms, "").replace(/\(\(.*\)\)/g, "true"),
    });
    if (NO_BASH.skip === undefined && shell === "fish") assertEquals(status, 0);
  }
});

test("completions of another shell are refused", async () => {
  const { code, err } = await pollwire(["completions", "tcsh"]);
  assertEquals(code, 2);
  assertStringIncludes(err, 'There are no completions for "tcsh"; there are bash, zsh, fish');
});
