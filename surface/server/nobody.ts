// The sink of calls that were answered before they began.

import type { ServerStreamSink } from "../../transport/mod.ts";

/** Does nothing with what comes. */
export const NOBODY: ServerStreamSink = {
  onMessage() {},
  onHalfClose() {},
  onWritable() {},
  onSent() {},
  onClosed() {},
};
