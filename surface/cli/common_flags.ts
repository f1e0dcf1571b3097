// Flags that several commands have.

import type { TextFlag } from "./flags.ts";

/** Which poller moves the bytes. */
export const pollerFlag: { readonly poller: TextFlag } = {
  poller: {
    kind: "text",
    value: "NAMES",
    help: "pollers to choose from, in order (epoll,native); default: POLLWIRE_POLLER, else native",
  },
};
