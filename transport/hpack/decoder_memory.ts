// What a decoder remembers of values: a server's does, for requests bring credentials and paths again and again, and a
// client's where it is given this.

import type { DecoderMemory } from "./decoder.ts";
import { RecentValues } from "./recent_values.ts";
import { ValueMemory } from "./value_memory.ts";

/** Makes the memories of one decoder, each when the first value comes that is for it. */
export const decoderMemory: DecoderMemory = {
  values: () => new ValueMemory(),
  recent: () => new RecentValues(),
};
