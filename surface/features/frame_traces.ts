// The frames of a channel's connections, as a feature of channels.

import { noteFrames } from "../../transport/mod.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "frameTraces", noteFrames };

/** `POLLWIRE_TRACE=http2` shows the frames of a channel's connections; those of a server are always shown. */
export const frameTraces: Feature = FEATURE;
