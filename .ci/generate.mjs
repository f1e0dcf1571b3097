// `npm run generate`: the library's own generated code, and the examples', made anew of their .proto files.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { readArguments } from "./arguments.mjs";
import { GENERATED } from "./generated.mjs";
import { ensureInstalled } from "./install.mjs";
import { root, runtimeCommand } from "./runtimes.mjs";

const options = readArguments("npm run generate: code of this repository's .proto files, made anew.", {
  check: [false, "says which files differ, and writes none"],
});

ensureInstalled();
const main = fileURLToPath(new URL("../surface/cli/main.ts", import.meta.url));
for (const { folder, flags } of GENERATED) {
  const [command, ...before] = runtimeCommand("deno");
  const args = [
    main,
    "gen",
    folder,
    "-I",
    folder,
    "-o",
    folder,
    ...flags,
    ...options.check ? ["--check"] : [],
  ];
  const { status } = spawnSync(command, [...before, ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
