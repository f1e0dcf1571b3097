// Connections that channels share as a feature of theirs.

import { shareConnections } from "../channel/shared_connections.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "sharedConnections", shareConnections };

/** Channels with equal settings, all of which have it, use the same connections; see `shareConnections` of a channel's options. */
export const sharedConnections: Feature = FEATURE;
