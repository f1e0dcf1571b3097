// Reads what the test runners leave behind: JUnit files, and the sums they print last.

/**
 * What a runner did, from its JUnit report and from what it printed. Neither says everything: a module that does
 * not load is missing from the report, and a test may print something that looks like sums.
 *
 * @returns {{passed: number, failed: number, skipped: number}} at least one of them is not zero, where anything ran
 */
export function readReport(runtime, junit, output) {
  const cases = [...junit.matchAll(/<testcase\b[^>]*?(?:\/>|>([\s\S]*?)<\/testcase>)/g)].map(([, body]) =>
    body ?? ""
  );
  const bad = cases.filter((body) => /<(failure|error)\b/.test(body)).length;
  const skipped = cases.filter((body) => /<skipped\b/.test(body)).length;
  const printed = runtime === "deno" ? failuresDenoPrinted(output) : failuresBunPrinted(output, bad);
  return { passed: cases.length - bad - skipped, failed: Math.max(bad, printed), skipped };
}

function failuresDenoPrinted(output) {
  const sums = [...output.matchAll(/^(?:ok|FAILED) \| \d+ passed[^|\n]* \| (\d+) failed/gm)].at(-1);
  return Number(sums?.[1] ?? 0);
}

function failuresBunPrinted(output, bad) {
  const last = output.slice(output.lastIndexOf("\n\n"));
  const number = (word) => Number(new RegExp(`^ *(\\d+) ${word}`, "m").exec(last)?.[1] ?? 0);
  return Math.max(number("fail"), bad + number("errors?"));
}

/** The files among `files` of which no test was run. */
export function filesWithoutTests(runtime, junit, output, files) {
  const pattern = runtime === "deno"
    ? /^running [1-9]\d* tests? from (?:\.\/)?(.+)$/gm
    : /<testsuite [^>]*?\bfile="(?:\.\/)?([^"]+)"/g;
  const seen = new Set([...(runtime === "deno" ? output : junit).matchAll(pattern)].map(([, file]) => file));
  return files.filter((file) => !seen.has(file));
}

/** What the harness printed of tests it left out: title and reason. */
export function skipLines(output) {
  return [...output.matchAll(/^SKIP (.*)$/gm)].map(([, title]) => title);
}

/** The sums of Node's test runner (TAP); undefined where it gave none. */
export function readTap(output) {
  const number = (word) => {
    const match = [...output.matchAll(new RegExp(`^# ${word} (\\d+)$`, "gm"))].at(-1);
    return match && Number(match[1]);
  };
  const [passed, failed, cancelled, skipped] = ["pass", "fail", "cancelled", "skipped"].map(number);
  if (passed === undefined || failed === undefined) return undefined;
  return { passed, failed: failed + (cancelled ?? 0), skipped: skipped ?? 0 };
}

/** Names and messages of the tests that a JUnit report says failed. */
export function failedTests(junit) {
  const failed = [];
  for (
    const [, name, body] of junit.matchAll(/<testcase name="([^"]*)"[^>]*?(?<!\/)>([\s\S]*?)<\/testcase>/g)
  ) {
    const [, message] = /<(?:failure|error)\b[^>]*?message="([^"]*)"/.exec(body) ?? [];
    if (message !== undefined) failed.push(`${unescapeXml(name)}: ${unescapeXml(message).split("\n")[0]}`);
    else if (/<(failure|error)\b/.test(body)) failed.push(unescapeXml(name));
  }
  return failed;
}

const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescapeXml(text) {
  return text.replaceAll(
    /&(?:#(\d+)|#x([0-9a-fA-F]+)|(lt|gt|quot|apos|amp));/g,
    (_, decimal, hex, name) => name ? ENTITIES[name] : String.fromCodePoint(decimal ?? parseInt(hex, 16)),
  );
}
