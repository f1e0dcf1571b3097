// Says whether the pollers asked for with --poller can be used here; if not, which there are and why.
import { describePollers, PollerError, selectPoller } from "pollwire";
import process from "node:process";
import { COMMON, readFlags } from "./route_guide/flags.ts";

const { poller } = readFlags("Says which pollers can be used here, and why the others cannot.", {
  poller: [COMMON.poller[0], COMMON.poller[1]], // one that cannot be used is told apart below
});
const runtime = "Bun" in globalThis ? "Bun" : "Deno" in globalThis ? "Deno" : "Node";
try {
  selectPoller(poller);
} catch (error) {
  if (!(error instanceof PollerError)) throw error;
  console.log(`${error.message}\nPollers on ${runtime}:`);
  for (const { name, usable, because } of describePollers()) {
    console.log(`  ${name.padEnd(10)} ${usable ? "can run here" : `cannot run here: ${because}`}`);
  }
  process.exit(1);
}
