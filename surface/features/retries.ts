// Retries and hedging as a feature of channels.

import { RETRIES } from "../client/attempts/attempts.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "retries", retries: RETRIES };

/** A channel makes calls again, and beside each other, as the retry and hedging policies of a service config say. */
export const retries: Feature = FEATURE;
