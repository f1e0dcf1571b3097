// The server that can do everything.

import type { Feature } from "../features/feature.ts";
import { Server as AnyServer } from "../server/server.ts";
import { EVERYTHING } from "./features.ts";

/** Serves the services that were added on the addresses it listens on. */
export class Server extends AnyServer {
  /** All there are. */
  static override readonly features: readonly Feature[] = EVERYTHING;
}
