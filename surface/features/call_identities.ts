// What calls show of themselves as a feature of channels.

import { makePermission } from "../client/call_permission.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "callIdentities", makePermission };

/** Calls of a channel may have call credentials, and an authority of their own. */
export const callIdentities: Feature = FEATURE;
