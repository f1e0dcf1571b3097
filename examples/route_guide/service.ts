// The RouteGuide service as a module: a server adds it, and reactor workers load it in every thread.
import type { ServiceSetup } from "pollwire";
import { featureAt, featuresIn, leaveNote, Route } from "./guide.ts";
import { RouteGuide } from "./route_guide.ts";

/** Adds the service to `server`. */
const setUp: ServiceSetup = (server) => {
  server.addService(RouteGuide, {
    getFeature: (point) => featureAt(point),

    listFeatures: (rectangle) => featuresIn(rectangle),

    async recordRoute(points) {
      const route = new Route();
      for await (const point of points) route.add(point);
      return route.summary;
    },

    async *routeChat(notes) {
      for await (const note of notes) yield* leaveNote(note);
    },
  });
};

export default setUp;
