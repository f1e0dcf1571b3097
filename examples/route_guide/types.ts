// The messages and methods of route_guide.proto, as TypeScript sees them. A message inside another one may be left out
// by whoever sends it, and is undefined then: the compiler has us think of that.
import type { BidiStreaming, ClientStreaming, ServerStreaming, ServiceOf, Unary } from "pollwire";

/** Degrees times 10^7. */
export interface Point {
  latitude: number;
  longitude: number;
}

/** Two opposite corners. */
export interface Rectangle {
  lo?: Point | undefined;
  hi?: Point | undefined;
}

/** A named place. */
export interface Feature {
  name: string;
  location?: Point | undefined;
}

/** A note left at a point. */
export interface RouteNote {
  location?: Point | undefined;
  message: string;
}

/** What a route came to: metres and seconds. */
export interface RouteSummary {
  pointCount: number;
  featureCount: number;
  distance: number;
  elapsedTime: number;
}

/** What `loadProto` gives for route_guide.proto. */
export interface RouteGuideProto {
  RouteGuide: ServiceOf<{
    getFeature: Unary<Point, Feature>;
    listFeatures: ServerStreaming<Rectangle, Feature>;
    recordRoute: ClientStreaming<Point, RouteSummary>;
    routeChat: BidiStreaming<RouteNote, RouteNote>;
  }>;
}
