// Why there is no TLS connection, in words, as a feature of channels.

import { refusalOf } from "../../transport/mod.ts";
import type { Feature, MadeFeature } from "./feature.ts";

const FEATURE: MadeFeature = { name: "plainWords", explainRefusal: refusalOf };

/**
 * Says of a server that makes no TLS connection why, by the first that it sends: it speaks HTTP/1, or HTTP/2 without TLS, or an
 * old version, or refuses with an alert. Without it the message is the TLS library's.
 */
export const plainWords: Feature = FEATURE;
