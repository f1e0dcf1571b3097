// The RouteGuide client: one call of each kind; with --unary-ms=N also unary calls a second.
import { Channel, type Client, createClient } from "pollwire";
import { clientCredentials } from "../tls/mutual.ts";
import { COMMON, readFlags, TLS } from "./flags.ts";
import { RouteGuide } from "./route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "./tour.ts";
import type { Feature, RouteNote } from "./types.ts";

const flags = readFlags("The RouteGuide client: one call of each kind.", {
  ...COMMON,
  ...TLS,
  "unary-ms": ["0", "milliseconds of unary calls afterwards, to count them"],
});
const channel = new Channel(`${flags.host}:${flags.port}`, {
  poller: flags.poller,
  credentials: clientCredentials(flags.tls),
});
const client = createClient(RouteGuide, channel);

show.getFeature(await client.getFeature(POINT, { deadlineMs: 15_000 }));

const found: Feature[] = [];
for await (const feature of client.listFeatures(RECTANGLE)) found.push(feature);
show.listFeatures(found);

show.recordRoute(await client.recordRoute(ROUTE));

const answers: RouteNote[] = [];
for await (const note of client.routeChat(makeNotes())) answers.push(note);
show.routeChat(answers);

const unaryMs = Number(flags["unary-ms"]);
if (unaryMs > 0) {
  for (const inFlight of [1, 100]) {
    const rate = await unaryRate(client, inFlight, unaryMs);
    console.log(
      `  ${String(inFlight).padStart(3)} in flight ${
        Math.round(rate).toLocaleString("en").padStart(9)
      } calls/s`,
    );
  }
}
channel.close();

/** Unary calls a second with `inFlight` at a time, after a warm-up of half the time. */
async function unaryRate(
  client: Client<typeof RouteGuide>,
  inFlight: number,
  forMs: number,
): Promise<number> {
  let calls = 0;
  const loop = async (until: number) => {
    while (performance.now() < until) {
      await client.getFeature(POINT);
      calls++;
    }
  };
  const runAll = (until: number) => Promise.all(Array.from({ length: inFlight }, () => loop(until)));
  await runAll(performance.now() + forMs / 2);
  calls = 0;
  const startedAt = performance.now();
  await runAll(startedAt + forMs);
  return calls / (performance.now() - startedAt) * 1000;
}
