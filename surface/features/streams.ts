// Methods that stream as a feature of channels, for the clients that `createClient` of "pollwire/lean" makes.

import { STREAMS } from "../promise/streaming_calls.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "streams", streamingCalls: STREAMS };

/** Clients have methods that stream. Those with interceptors have them in any case, and servers too. */
export const streams: Feature = FEATURE;
