// Balancing policies that follow calls: from the pick of a connection to the end of the attempt that it was made for.

import type { HeaderList } from "../../transport/mod.ts";
import type { StatusCode } from "../call/status.ts";

/**
 * Follows the attempts of calls on one connection; one object for all of them. Each that starts either ends or leaves,
 * once, before the application has its status. An attempt that is made again starts again, on whichever connection it
 * then takes.
 */
export interface CallTracker {
  /** An attempt takes the connection: it has a stream now, or waits for one. */
  callStarted(): void;
  /** One that had a stream has its status, be it of the server, of a cancellation or of the deadline. */
  callEnded(code: StatusCode, trailers: HeaderList): void;
  /** One that had no stream takes none here: the connection is gone, or the call ended while it waited. */
  callLeft(): void;
}

/** Those of two policies, of which one is the parent of the other. */
export class BothTrackers implements CallTracker {
  constructor(private readonly first: CallTracker, private readonly second: CallTracker) {}

  callStarted(): void {
    this.first.callStarted();
    this.second.callStarted();
  }
  callEnded(code: StatusCode, trailers: HeaderList): void {
    this.first.callEnded(code, trailers);
    this.second.callEnded(code, trailers);
  }
  callLeft(): void {
    this.first.callLeft();
    this.second.callLeft();
  }
}
