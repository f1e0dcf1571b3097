// The one-line faults that tests must see: `mutations/*.mjs`, a list for each room.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { root } from "../../.ci/runtimes.mjs";

const FOLDER = new URL("./mutations/", import.meta.url);

/**
 * Every mutation: `{ id, file, before, after, test, name, runtime, poller }`. `file` has the text `before` once, which
 * becomes `after`; of the tests in `test`, those whose title contains `name` must fail then, on `runtime` ("deno"
 * where it is not given) and `poller` ("native").
 */
export async function readMutations() {
  const all = [];
  for (const list of readdirSync(FOLDER).filter((name) => name.endsWith(".mjs")).sort()) {
    const { default: mutations } = await import(new URL(list, FOLDER).href);
    for (const [i, mutation] of mutations.entries()) {
      all.push({
        runtime: "deno",
        poller: "native",
        name: "",
        ...mutation,
        id: `${list.replace(".mjs", "")}:${i + 1} ${mutation.file}`,
      });
    }
  }
  return all;
}

/** Why a mutation cannot be applied any more, or undefined: its text has changed, or its test has gone. */
export function staleReason({ file, before, after, test, name }) {
  if (!existsSync(root + file)) return `stale: there is no ${file}`;
  if (!existsSync(root + test)) return `stale: there is no ${test}`;
  const times = readFileSync(root + file, "utf8").split(before).length - 1;
  if (times !== 1) return `stale: ${JSON.stringify(before)} stands ${times} times in ${file}`;
  if (before === after) return "stale: it changes nothing";
  if (typeof name !== "string") return "stale: its name is no text";
  return undefined;
}
