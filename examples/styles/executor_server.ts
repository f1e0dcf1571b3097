// RouteGuide with one method on an executor: getFeature runs on threads of its own, the others on the server's.
import { onExecutor, type ServiceSetup } from "pollwire";
import { featuresIn, leaveNote, Route } from "../route_guide/guide.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { serve } from "../route_guide/serve.ts";

/** Adds the service to `server`. */
const setUp: ServiceSetup = (server) => {
  server.addService(RouteGuide, {
    getFeature: onExecutor(new URL("./executor_job.ts", import.meta.url)),
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
if (import.meta.main) await serve("RouteGuide with getFeature on an executor.", setUp, import.meta.url);
