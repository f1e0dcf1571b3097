// Compressed messages as a feature of channels and servers.

import { DEFLATE, GZIP } from "../../pollers/native/zlib.ts";
import { compressedStreams } from "../../transport/mod.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "compression", encodings: [DEFLATE, GZIP], compressedStreams };

/** A channel or server takes messages that are compressed as gzip or deflate, and may send such. */
export const compression: Feature = FEATURE;
