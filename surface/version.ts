// What this library calls itself on the wire.

import { runtime } from "../pollers/mod.ts";

/** The version of the package. */
export const VERSION = "0.1.0";

/** The user-agent of our clients (PROTOCOL-HTTP2.md, "User Agents"): language, variant, version and platform. */
export const USER_AGENT: string = `grpc-typescript-pollwire/${VERSION} (${runtime})`;
