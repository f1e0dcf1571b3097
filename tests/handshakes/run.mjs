// `npm run handshakes`: TLS handshakes, half of them given up somewhere, and whether the server's memory stands still.
import process from "node:process";
import { listOf, POLLERS, readArguments, RUNTIMES, WHOLE } from "../../.ci/arguments.mjs";
import { ensureInstalled } from "../../.ci/install.mjs";
import { Progress } from "../progress.mjs";
import { handshakes, MOST_DESCRIPTORS, seeded, startServer } from "./handshakes.mjs";

const USAGE =
  `npm run handshakes: TLS handshakes against a server of ours, every second one cut off somewhere on its way, and what
the server's process has in memory after each fifth of them, its garbage collected. It holds where the last three fifths
add at most 8 KiB a handshake, and no descriptor is left open.

--server=bare and --server=bare-duplex are servers by node:tls without a line of ours, over the runtime's sockets and over a
stream: what they keep is the runtime's.

  npm run handshakes -- --runtime=deno --provider=node --server=pollwire,bare-duplex`;

const options = readArguments(USAGE, {
  count: [10_000, "how many; there is nothing to see in fewer than 100", { least: 100 }],
  runtime: ["deno,bun", "runtimes of the server", RUNTIMES],
  provider: ["openssl,node", "what makes its cryptography", listOf(["openssl", "node"])],
  server: ["pollwire", "whose server", listOf(["pollwire", "bare", "bare-duplex"])],
  poller: ["native", "pollers of the server", POLLERS],
  seed: [1, "of the places at which they are cut off", WHOLE],
});

/** What the last three fifths may add for each handshake, in bytes: a session that is not released is 35 KiB. */
const MOST_EACH = 8 * 1_024;

/** Deno's node:tls keeps memory of handshakes without us as well (docs/tls.md), so there may be more of it. */
const MOST_EACH_OF_DENO = 40 * 1_024;

const STEPS = 5;
const step = Math.floor(options.count / STEPS);
ensureInstalled();

const rows = [];
for (const runtime of options.runtime.split(",")) {
  for (const kind of options.server.split(",")) {
    const providers = kind === "pollwire" ? options.provider : "node";
    for (const provider of providers.split(",")) {
      for (const poller of kind === "pollwire" ? options.poller.split(",") : ["native"]) {
        rows.push({ runtime, kind, provider, poller });
      }
    }
  }
}
const heads = ["before", ...Array.from({ length: STEPS }, (_, i) => (i + 1) * step)];
console.log("MB".padEnd(34) + heads.map((head) => String(head).padStart(8)).join(""));
const progress = new Progress("handshakes", rows.length * step * STEPS);
const fallen = [];
for (const row of rows) await measure(row);
for (const line of fallen) console.log(line);
console.log(`\n${rows.length - fallen.length} held, ${fallen.length} fell`);
process.exit(fallen.length === 0 ? 0 : 1);

async function measure(row) {
  const title = [row.runtime, row.kind, row.kind === "pollwire" ? `${row.provider} ${row.poller}` : ""].join(
    " ",
  );
  const random = seeded(options.seed);
  const server = await startServer(row);
  const found = [];
  try {
    await handshakes(server.port, 100, random); // what the first ones load stays
    found.push(await server.resources());
    for (let i = 0; i < STEPS; i++) {
      await handshakes(server.port, step, random, () => progress.advance(title));
      found.push(await server.resources());
    }
  } finally {
    await server.stop();
  }
  progress.clear();
  console.log(title.padEnd(34) + found.map(({ rss }) => (rss / 1e6).toFixed(0).padStart(8)).join(""));
  const why = whyFell(row, found);
  if (why !== undefined) fallen.push(`fell: ${title}: ${why}`);
}

function whyFell({ runtime, provider }, found) {
  const [first, , second] = found;
  const last = found[STEPS];
  const most = runtime === "deno" && provider === "node" ? MOST_EACH_OF_DENO : MOST_EACH;
  const each = (last.rss - second.rss) / (3 * step);
  if (each > most) return `${(each / 1_024).toFixed(1)} KiB are left of each handshake`;
  if (last.descriptors <= first.descriptors + MOST_DESCRIPTORS) return undefined;
  return `${last.descriptors} descriptors are open at the end, ${first.descriptors} were at first`;
}
