// RouteGuide served as octets: one method by `raw`, and all that no service has by one handler, which is told the path.
import { raw, RpcError, type ServiceSetup } from "pollwire";
import { featureAt, featuresIn, leaveNote, Route } from "../route_guide/guide.ts";
import { RouteGuide } from "../route_guide/route_guide.ts";
import { serve } from "../route_guide/serve.ts";

const { getFeature, listFeatures, recordRoute, routeChat } = RouteGuide.methods;

/** Adds the service to `server`. */
const setUp: ServiceSetup = (server) => {
  server.addService(RouteGuide, {
    getFeature: raw((octets) => {
      const point = getFeature.requestCodec.decode(octets);
      return getFeature.responseCodec.encode(featureAt(point));
    }),
  });
  server.addGenericService((requests, call) => {
    switch (call.path) {
      case listFeatures.path:
        return list(requests);
      case recordRoute.path:
        return record(requests);
      case routeChat.path:
        return chat(requests);
      default:
        throw new RpcError("UNIMPLEMENTED", `there is no ${call.path}`);
    }
  });
};

async function* list(requests: AsyncIterable<Uint8Array>) {
  for await (const octets of requests) {
    const rectangle = listFeatures.requestCodec.decode(octets);
    for (const feature of featuresIn(rectangle)) yield listFeatures.responseCodec.encode(feature);
  }
}

async function* record(requests: AsyncIterable<Uint8Array>) {
  const route = new Route();
  for await (const octets of requests) route.add(recordRoute.requestCodec.decode(octets));
  yield recordRoute.responseCodec.encode(route.summary);
}

async function* chat(requests: AsyncIterable<Uint8Array>) {
  for await (const octets of requests) {
    for (const note of leaveNote(routeChat.requestCodec.decode(octets))) {
      yield routeChat.responseCodec.encode(note);
    }
  }
}

export default setUp;
if (import.meta.main) await serve("RouteGuide served as octets.", setUp, import.meta.url);
