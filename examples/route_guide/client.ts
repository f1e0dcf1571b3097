// The RouteGuide client: one call of each kind, timed; with --unary-ms=N also unary calls a second.
import { Channel, type Client, createClient, loadProto } from "pollwire";
import { features } from "./feature_database.ts";
import { COMMON, readFlags } from "./flags.ts";
import type { RouteGuideProto, RouteNote } from "./types.ts";

const flags = readFlags("The RouteGuide client: one call of each kind.", {
  ...COMMON,
  "unary-ms": ["0", "milliseconds of unary calls afterwards, to count them"],
});
const { RouteGuide } = await loadProto<RouteGuideProto>(new URL("./route_guide.proto", import.meta.url));
const channel = new Channel(`${flags.host}:${flags.port}`, { poller: flags.poller });
const client = createClient(RouteGuide, channel);

await timed("GetFeature    unary", async () => {
  const { location } = features[42]!;
  const feature = await client.getFeature(location, { deadlineMs: 5000 });
  return `${feature.name} at ${location.latitude / 1e7}, ${location.longitude / 1e7}`;
});

await timed("ListFeatures  server streaming", async () => {
  const lo = { latitude: 545_000_000, longitude: 90_000_000 };
  const hi = { latitude: 550_000_000, longitude: 100_000_000 };
  const names: string[] = [];
  for await (const feature of client.listFeatures({ lo, hi })) names.push(feature.name);
  return `${names.length} features: ${names.slice(0, 3).join(", ")}, ...`;
});

await timed("RecordRoute   client streaming", async () => {
  const route = features.filter((_, i) => i % 10 === 0).map((feature) => feature.location);
  const summary = await client.recordRoute(route);
  return `${summary.pointCount} points, ${summary.featureCount} features, ${
    Math.round(summary.distance / 1000)
  } km`;
});

await timed("RouteChat     bidirectional", async () => {
  const [here, there] = [features[1]!.location, features[2]!.location];
  const notes: RouteNote[] = [
    { location: here, message: "windy" },
    { location: there, message: "calm" },
    { location: here, message: "windier still" },
  ];
  const answers: string[] = [];
  for await (const note of client.routeChat(notes)) answers.push(note.message);
  return `${notes.length} notes sent, ${answers.length} received: ${answers.join(", ")}`;
});

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

async function timed(what: string, run: () => Promise<string>): Promise<void> {
  const startedAt = performance.now();
  const result = await run();
  const ms = (performance.now() - startedAt).toFixed(1);
  console.log(`  ${what.padEnd(32)} ${ms.padStart(6)} ms  ${result}`);
}

/** Unary calls a second with `inFlight` at a time, after a warm-up of half the time. */
async function unaryRate(
  client: Client<typeof RouteGuide>,
  inFlight: number,
  forMs: number,
): Promise<number> {
  const { location } = features[42]!;
  let calls = 0;
  const loop = async (until: number) => {
    while (performance.now() < until) {
      await client.getFeature(location);
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
