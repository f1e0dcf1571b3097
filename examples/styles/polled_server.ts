// RouteGuide served as C++'s synchronous server does: handlers run on the pollers of a queue, as many at a time as it has,
// and wait for each message where C++'s block.
import { PolledMethods, type ServiceSetup } from "pollwire";
import { featureAt, featuresIn, leaveNote, Route } from "../route_guide/guide.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { serve } from "../route_guide/serve.ts";

/** Adds the service to `server`. */
const setUp: ServiceSetup = (server) => {
  const polled = new PolledMethods(server, { numQueues: 2, minPollers: 1, maxPollers: 2 });
  server.addService(RouteGuide, {
    getFeature: polled.method((point) => featureAt(point)),

    listFeatures: polled.method(async (rectangle, writer) => {
      for (const feature of featuresIn(rectangle)) {
        if (!await writer.write(feature)) break; // the call is over
      }
    }),

    recordRoute: polled.method(async (reader) => {
      const route = new Route();
      for (let point; (point = await reader.read()) !== undefined;) route.add(point);
      return route.summary;
    }),

    routeChat: polled.method(async (stream) => {
      for (let note; (note = await stream.read()) !== undefined;) {
        for (const answer of leaveNote(note)) await stream.write(answer);
      }
    }),
  });
};

export default setUp;
if (import.meta.main) {
  await serve("RouteGuide served as C++'s synchronous server does.", setUp, import.meta.url);
}
