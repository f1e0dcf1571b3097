// The service of route_guide.proto, loaded once, for servers and clients.
import { loadProto } from "pollwire";
import type { RouteGuideProto } from "./types.ts";

/** Its methods, typed. */
export const { RouteGuide } = await loadProto<RouteGuideProto>(
  new URL("./route_guide.proto", import.meta.url),
);
