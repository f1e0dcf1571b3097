// That channelz shows a channel: a feature of the full entry's channels and of the library's own, for channelz is a part of
// that entry.

import { KNOWN_CHANNELS } from "../channelz/registry.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "knownChannels", knownChannels: KNOWN_CHANNELS };

/** Servers that show the channels of their thread show it too; they count its calls where it has `callObservers`. */
export const knownChannels: Feature = FEATURE;
