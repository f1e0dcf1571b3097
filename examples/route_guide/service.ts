// The RouteGuide service as a module: a server adds it, and reactor workers load it in every thread.
import { loadProto, type ServiceSetup } from "pollwire";
import { contains, distance, featureAt, features, key } from "./feature_database.ts";
import type { Point, RouteGuideProto, RouteNote } from "./types.ts";

const { RouteGuide } = await loadProto<RouteGuideProto>(new URL("./route_guide.proto", import.meta.url));
/** Of this thread: workers share nothing but the port. */
const notesAt = new Map<string, RouteNote[]>();

/** Adds the service to `server`. */
const setUp: ServiceSetup = (server) => {
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
};

export default setUp;
