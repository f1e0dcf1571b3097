// What RouteGuide answers, whatever the style of API that asks: the services of all examples are made of it.
import { contains, distance, featureAt, features, key } from "./feature_database.ts";
import type { Feature, Point, Rectangle, RouteNote, RouteSummary } from "./types.ts";

export { featureAt };

/** Of this thread: reactor workers share nothing but the port. */
const notesAt = new Map<string, RouteNote[]>();

/** Every feature in `rectangle`. */
export function featuresIn(rectangle: Rectangle): Feature[] {
  return features.filter(({ location }) => contains(rectangle, location));
}

/** A route that is being walked. */
export class Route {
  private readonly startedAt = performance.now();
  private previous: Point | undefined = undefined;
  private points = 0;
  private features = 0;
  private metres = 0;

  /** The next point of it. */
  add(point: Point): void {
    this.points++;
    if (featureAt(point).name !== "") this.features++;
    if (this.previous !== undefined) this.metres += distance(this.previous, point);
    this.previous = point;
  }

  /** What it has come to. */
  get summary(): RouteSummary {
    return {
      pointCount: this.points,
      featureCount: this.features,
      distance: Math.round(this.metres),
      elapsedTime: Math.round((performance.now() - this.startedAt) / 1_000),
    };
  }
}

/** Leaves `note` at its point; gives those that were left there before. */
export function leaveNote(note: RouteNote): readonly RouteNote[] {
  const place = key(note.location);
  const before = notesAt.get(place) ?? [];
  notesAt.set(place, [...before, note]);
  return before;
}
