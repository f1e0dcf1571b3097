// What the clients of all examples ask, and how they print the answers: in every style the output is the same.
import process from "node:process";
import { features } from "./feature_database.ts";
import type { Feature, Point, Rectangle, RouteNote, RouteSummary } from "./types.ts";

/** Of getFeature. */
export const POINT: Point = features[42]!.location;

/** Of listFeatures. */
export const RECTANGLE: Rectangle = {
  lo: { latitude: 545_000_000, longitude: 90_000_000 },
  hi: { latitude: 550_000_000, longitude: 100_000_000 },
};

/** Of recordRoute. */
export const ROUTE: readonly Point[] = features.filter((_, i) => i % 10 === 0).map(({ location }) =>
  location
);

/** Of routeChat: three notes at two places where no other client leaves any. */
export function makeNotes(): RouteNote[] {
  const here = { latitude: process.pid, longitude: Date.now() % 1_000_000_000 };
  const there = { ...here, longitude: -here.longitude };
  return [
    { location: here, message: "windy" },
    { location: there, message: "calm" },
    { location: here, message: "windier still" },
  ];
}

/** The answers to one run of a client. */
export const show = {
  getFeature({ name, location: { latitude, longitude } = POINT }: Feature): void {
    print("GetFeature", "unary", `${name} at ${latitude / 1e7}, ${longitude / 1e7}`);
  },
  listFeatures(found: readonly Feature[]): void {
    const names = found.slice(0, 3).map(({ name }) => name).join(", ");
    print("ListFeatures", "server streaming", `${found.length} features: ${names}, ...`);
  },
  recordRoute({ pointCount, featureCount, distance }: RouteSummary): void {
    const km = Math.round(distance / 1_000);
    print("RecordRoute", "client streaming", `${pointCount} points, ${featureCount} features, ${km} km`);
  },
  routeChat(answers: readonly RouteNote[]): void {
    const messages = answers.map(({ message }) => message).join(", ");
    print("RouteChat", "bidirectional", `3 notes sent, ${answers.length} received: ${messages}`);
  },
};

function print(method: string, kind: string, answer: string): void {
  console.log(`  ${method.padEnd(13)} ${kind.padEnd(17)} ${answer}`);
}
