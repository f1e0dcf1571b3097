// The RouteGuide server: `deno run -A server.ts` or `bun server.ts`, with --poller, --host and --port.
import { loadProto, Server } from "pollwire";
import process from "node:process";
import { contains, distance, featureAt, features, key } from "./feature_database.ts";
import { readFlags } from "./flags.ts";
import type { Point, RouteGuideProto, RouteNote } from "./types.ts";

const { poller, host, port } = readFlags({ poller: "native", host: "127.0.0.1", port: "50051" });
const { RouteGuide } = await loadProto<RouteGuideProto>(new URL("./route_guide.proto", import.meta.url));
const notesAt = new Map<string, RouteNote[]>();

const server = new Server({ poller });
server.addService(RouteGuide, {
  getFeature: (point) => featureAt(point),

  *listFeatures(rectangle) {
    for (const feature of features) if (contains(rectangle, feature.location)) yield feature;
  },

  async recordRoute(points) {
    const summary = { pointCount: 0, featureCount: 0, distance: 0, elapsedTime: 0 };
    const startedAt = Date.now();
    let previous: Point | undefined;
    let metres = 0;
    for await (const point of points) {
      summary.pointCount++;
      if (featureAt(point).name !== "") summary.featureCount++;
      if (previous !== undefined) metres += distance(previous, point);
      previous = point;
    }
    summary.distance = Math.round(metres);
    summary.elapsedTime = Math.round((Date.now() - startedAt) / 1000);
    return summary;
  },

  async *routeChat(notes) {
    for await (const note of notes) {
      const place = key(note.location);
      const before = notesAt.get(place) ?? [];
      yield* before;
      notesAt.set(place, [...before, note]);
    }
  },
});

console.log(`listening ${await server.listen(`${host}:${port}`)}`);
process.on("SIGTERM", () => void server.shutdown({ graceMs: 5000 }).then(() => process.exit(0)));
