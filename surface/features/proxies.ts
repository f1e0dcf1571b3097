// HTTP proxies as a feature of channels.

import { proxyFor } from "../channel/proxy.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "proxies", findProxy: proxyFor };

/** A channel connects through the HTTP proxy of its option `proxy`, or of the environment. */
export const proxies: Feature = FEATURE;
