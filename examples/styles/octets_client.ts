// RouteGuide called by paths and octets: the client has no schema. Where the octets come from is not its affair.
import { Channel, genericClient } from "pollwire";
import { COMMON, readFlags, TLS } from "../route_guide/flags.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { makeNotes, POINT, RECTANGLE, ROUTE, show } from "../route_guide/tour.ts";
import { clientCredentials } from "../tls/mutual.ts";

const { host, port, poller, tls } = readFlags("RouteGuide called by paths and octets.", {
  ...COMMON,
  ...TLS,
});
const channel = new Channel(`${host}:${port}`, { poller, credentials: clientCredentials(tls) });
const client = genericClient(channel);
const { getFeature, listFeatures, recordRoute, routeChat } = RouteGuide.methods;

const point = getFeature.requestCodec.encode(POINT);
const feature = await client.unary("/routeguide.RouteGuide/GetFeature", point, { deadlineMs: 15_000 });
show.getFeature(getFeature.responseCodec.decode(feature));

const rectangle = listFeatures.requestCodec.encode(RECTANGLE);
const found: Uint8Array[] = [];
for await (const octets of client.serverStreaming("/routeguide.RouteGuide/ListFeatures", rectangle)) {
  found.push(octets);
}
show.listFeatures(found.map((octets) => listFeatures.responseCodec.decode(octets)));

const route = ROUTE.map((point) => recordRoute.requestCodec.encode(point));
const summary = await client.clientStreaming("/routeguide.RouteGuide/RecordRoute", route);
show.recordRoute(recordRoute.responseCodec.decode(summary));

const notes = makeNotes().map((note) => routeChat.requestCodec.encode(note));
const answers: Uint8Array[] = [];
for await (const octets of client.bidiStreaming("/routeguide.RouteGuide/RouteChat", notes)) {
  answers.push(octets);
}
show.routeChat(answers.map((octets) => routeChat.responseCodec.decode(octets)));
channel.close();
