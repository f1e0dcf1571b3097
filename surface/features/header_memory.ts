// Memory of values in responses, as a feature of channels.

import { headerMemory as PART } from "../../transport/mod.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "headerMemory", headerMemory: PART };

/**
 * Values of responses' metadata that come again and again are known by their octets, which is faster than to decode them.
 * Without it each is decoded; what a server reads, and whole header blocks that come again, are always known.
 */
export const headerMemory: Feature = FEATURE;
