// Where an application made a call that failed: errors show that, and calls that do not fail pay nothing for it.
//
// On Deno an error gets the frames of the function that awaits it (`call_failure.ts`). JavaScriptCore
// knows the awaiting function for promises of async functions alone, and one a call is 5% of a unary call; V8 in Node 20 does
// not know. There the first calls of a channel, and those that follow one that failed, remember where they were made,
// for 3 us each.

import { runtime } from "../../pollers/native/detect.ts";
import type { Frames } from "../call/rpc_error.ts";

/** Calls that remember where they were made. */
const REMEMBERED_CALLS = 100;

/** Decides for one channel which calls remember. */
export class CallSites {
  private left = runtime === "deno" ? 0 : REMEMBERED_CALLS;

  /** Whether the next call remembers. */
  get wanted(): boolean {
    return this.left > 0;
  }

  /** The frames of the caller of `below`. */
  here(below: (...args: never[]) => unknown): Frames {
    this.left--;
    const frames: Frames = {};
    Error.captureStackTrace(frames, below);
    return frames;
  }

  /** A call has failed. */
  failed(): void {
    if (runtime !== "deno") this.left = REMEMBERED_CALLS;
  }
}
