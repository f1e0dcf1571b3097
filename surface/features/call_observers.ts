// Observers of calls as a feature of channels; every server has them.

import { CallObservers } from "../call/call_observer.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "callObservers", makeObservers: () => new CallObservers() };

/** `observe` of a channel: for tracing and metrics of its calls. */
export const callObservers: Feature = FEATURE;
