// What runs on the executor's threads: module and export are named by executor_server.ts.
import { type ExecutorCall, RpcError } from "pollwire";
import { featureAt } from "../route_guide/guide.ts";
import type { Feature, Point } from "../route_guide/types.ts";

/** The feature at `point`; imagine that it takes 50 ms to find. */
export default function getFeature(point: Point, call: ExecutorCall): Feature {
  if (Math.abs(point.latitude) > 900_000_000) {
    throw new RpcError("INVALID_ARGUMENT", `${call.path} takes latitudes of 90 degrees at most`);
  }
  return featureAt(point);
}
