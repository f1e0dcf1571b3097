// Fuzzes one target, or all, for a time; a failure is printed and kept in tests/regressions/fuzz/.
import { mkdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { toHex } from "../vectors.ts";
import { fuzz, TARGETS } from "./registry.ts";

const options: Record<string, string> = {
  name: "all",
  seconds: "10",
  seed: String(Date.now() % 1_000_000_007),
};
for (const argument of process.argv.slice(2)) {
  const match = /^--(name|seconds|seed)=(.+)$/.exec(argument);
  if (match === null) {
    fail(`Cannot read argument ${JSON.stringify(argument)}; there are --name= --seconds= --seed= --runtime=`);
  }
  options[match![1]!] = match![2]!;
}
const { name, seconds, seed } = options;
const targets = TARGETS.filter((target) => name === "all" || target.name === name);
if (targets.length === 0) {
  fail(`No target is called ${name}; there are ${TARGETS.map((target) => target.name).join(" ")}`);
}
let failures = 0;
for (const target of targets) {
  const begin = performance.now();
  const end = begin + Number(seconds) * 1_000;
  const { inputs, failure } = fuzz(
    target,
    Number(seed),
    (count) => count % 64 !== 0 || performance.now() < end,
  );
  const took = (performance.now() - begin) / 1_000;
  console.log(
    `${target.name}: seed ${seed}, ${inputs} inputs in ${took.toFixed(0)} s${failure ? ", FAILED" : ""}`,
  );
  if (failure === undefined) continue;
  failures++;
  const hex = toHex(failure.input);
  console.log(`${hex}\n${failure.error instanceof Error ? failure.error.stack : failure.error}`);
  const folder = new URL("../regressions/fuzz/", import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL(`${target.name}-${seed}-${inputs}.hex`, folder), hex);
}
process.exit(failures > 0 ? 1 : 0);

function fail(message: string): void {
  console.error(message);
  process.exit(2);
}
