// `bench compare before.json after.json`: what changed, and whether it is more than noise.
import { readFigures } from "./figures.mjs";
import { short } from "./groups.mjs";
import { spread } from "../measure/statistics.mjs";

/** Prints the comparison; gives the exit code. */
export function compareFiles(files) {
  if (files.length !== 2) {
    console.error(`Cannot compare ${files.length} files: usage is bench compare before.json after.json`);
    return 2;
  }
  const reports = [];
  for (const file of files) {
    try {
      reports.push(indexed(readFigures(file)));
    } catch (error) {
      console.error(error.message);
      return 2;
    }
  }
  console.log("| what | before | after | after / before | verdict |\n|---|---|---|---|---|");
  for (const [key, after] of reports[1]) {
    const before = reports[0].get(key);
    if (before !== undefined) console.log(line(key, before, after));
  }
  const only = [...reports[0].keys()].filter((key) => !reports[1].has(key)).length;
  if (only > 0) console.log(`\n${only} results of the first file are not in the second`);
  return 0;
}

function indexed(report) {
  return new Map(
    report.results.map((result) => [
      `${result.contender}, ${result.side}: ${result.scenario} by ${result.load}, ${result.unit}`,
      { ...result, values: result.rounds.filter((round) => round !== null).map((round) => round.value) },
    ]),
  );
}

function line(key, before, after) {
  if (before.values.length === 0 || after.values.length === 0) {
    return `| ${key} | ${state(before)} | ${state(after)} | | |`;
  }
  const was = spread(before.values);
  const is = spread(after.values);
  const change = is.median / was.median;
  return `| ${key} | ${range(was)} | ${range(is)} | ${change.toFixed(3)} | ${
    verdict(was, is, after.better)
  } |`;
}

/** Rounds that overlap say nothing; rounds that lie apart do. */
function verdict(was, is, better) {
  if (is.min <= was.max && was.min <= is.max) return "within the noise";
  return (is.median > was.median) === (better === "more") ? "better" : "worse";
}

function range({ median, min, max }) {
  return `${short(median)} (${short(min)} to ${short(max)})`;
}

function state({ values, error }) {
  return values.length === 0 ? `failed: ${error}` : range(spread(values));
}
