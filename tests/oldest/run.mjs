// `npm run test:oldest`: the packed package on the oldest runtimes that it runs on (`pollers/native/oldest_runtimes.ts`),
// which are installed from npm into a temporary folder.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { readArguments } from "../../.ci/arguments.mjs";
import { build } from "../../.ci/build.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { root } from "../../.ci/runtimes.mjs";

const USAGE =
  `npm run test:oldest: runs the tests of the packed package on the oldest Deno, Bun and Node it is for.

  npm run test:oldest
  npm run test:oldest -- --deno=2.8.3 --bun=1.3.14`;

const versions = readArguments(USAGE, {
  deno: ["2.7.1", "version of Deno, of those that npm has"],
  bun: ["1.3.0", "version of Bun"],
  node: ["20.16.0", "version of Node"],
});
delete versions.help;

ensureInstalled();
await build();
const folder = mkdtempSync(`${os.tmpdir()}/pollwire-oldest-`);
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
const packages = Object.entries(versions).map(([name, version]) => `${name}@${version}`);
must("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--no-save", ...packages]);

const modules = `${folder}/node_modules`;
console.log(`On ${packages.join(", ")}:`);
const tests = readdirSync(`${root}tests/dist`).filter((name) => name.endsWith("_test.mjs"));
process.exitCode = spawnSync(
  `${modules}/.bin/node`,
  ["--test", "--test-reporter=spec", ...tests.map((name) => `tests/dist/${name}`)],
  { cwd: root, stdio: "inherit", env: { ...process.env, POLLWIRE_TEST_RUNTIMES: modules } },
).status ?? 1;

function must(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  console.error(`Cannot run ${command} ${args.join(" ")}: ${error?.message ?? `exit ${status}`}`);
  process.exit(1);
}
