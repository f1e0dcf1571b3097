// RouteGuide called by a thread that blocks: responses are what methods return, as in a script.
import { Channel, createSyncClient, insecure } from "pollwire";
import { COMMON, readFlags } from "../route_guide/flags.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "../route_guide/tour.ts";

const { host, port, poller } = readFlags("RouteGuide called by a thread that blocks.", COMMON);
using channel = new Channel(`${host}:${port}`, { poller, credentials: insecure });
const guide = createSyncClient(RouteGuide, channel);

show.getFeature(guide.getFeature(POINT, { deadlineMs: 15_000 }));
show.listFeatures([...guide.listFeatures(RECTANGLE)]);
show.recordRoute(guide.recordRoute(ROUTE));
show.routeChat([...guide.routeChat(makeNotes())]);
