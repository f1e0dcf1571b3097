// Clients without options: what they are given in their place, such as interceptors, would do nothing.

import { describe } from "../options.ts";

/** Throws TypeError where `options` are given to `maker`, which takes none. */
export function refuseOptions(maker: string, options: unknown): void {
  if (options === undefined) return;
  throw new TypeError(
    `Cannot make a client: ${maker} takes no options; found ${
      describe(options)
    }. Interceptors run around the calls of ` +
      "createClient and genericClient; observers of the channel see those of every style",
  );
}
