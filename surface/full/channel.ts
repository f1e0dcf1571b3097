// The channel that can do everything.

import { Channel as AnyChannel } from "../channel/channel.ts";
import type { Feature } from "../features/feature.ts";
import { EVERYTHING } from "./features.ts";

/** Calls to the servers of one target. Nothing is connected before the first call. */
export class Channel extends AnyChannel {
  /** All there are. */
  static override readonly features: readonly Feature[] = EVERYTHING;
}
