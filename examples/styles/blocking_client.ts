// RouteGuide called by a thread that blocks: responses are what methods return, as in a script.
import { Channel, createSyncClient } from "pollwire";
import { COMMON, readFlags, TLS } from "../route_guide/flags.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "../route_guide/tour.ts";
import { clientCredentials } from "../tls/mutual.ts";

const { host, port, poller, tls } = readFlags("RouteGuide called by a thread that blocks.", {
  ...COMMON,
  ...TLS,
});
using channel = new Channel(`${host}:${port}`, { poller, credentials: clientCredentials(tls) });
const guide = createSyncClient(RouteGuide, channel);

show.getFeature(guide.getFeature(POINT, { deadlineMs: 15_000 }));
show.listFeatures([...guide.listFeatures(RECTANGLE)]);
show.recordRoute(guide.recordRoute(ROUTE));
show.routeChat([...guide.routeChat(makeNotes())]);
