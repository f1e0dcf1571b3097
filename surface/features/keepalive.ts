// Keepalive, as a feature of channels.

import { keepalives } from "../../transport/mod.ts";
import { readClientKeepalive } from "../keepalive.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = {
  name: "keepalive",
  keepalive: { read: readClientKeepalive, keepalives },
};

/** For the option `keepalive` of channels: PINGs, by which a connection is known to be dead (gRFC A8). Servers have theirs. */
export const keepalive: Feature = FEATURE;
