// Figures of runs that were kept: what `bench compare` and `bench tables` read.
import { readFileSync } from "node:fs";

/** The figures in `file`; throws an Error in one sentence where they cannot be read, or are none of a run. */
export function readFigures(file) {
  try {
    const report = JSON.parse(readFileSync(file, "utf8"));
    const wrong = whatIsWrong(report);
    if (wrong === undefined) return report;
    throw new Error(`${wrong}; \`npm run bench\` writes them by --json=FILE`);
  } catch (error) {
    throw new Error(`Cannot read figures from ${file}: ${error.message}`, { cause: error });
  }
}

/** Why `report` is not what a run writes; undefined where it is. */
function whatIsWrong(report) {
  for (const name of ["machine", "command"]) {
    if (typeof report?.[name] !== "object" || report[name] === null) return `it has no "${name}"`;
  }
  if (!Array.isArray(report.results)) return 'it has no "results"';
  const at = report.results.findIndex((result) => !Array.isArray(result?.rounds));
  return at < 0 ? undefined : `its result ${at + 1} has no "rounds"`;
}
