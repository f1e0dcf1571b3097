// Policies of applications that follow the calls for which they pick.

import { callApplication } from "../../../pollers/mod.ts";
import type { HeaderList } from "../../../transport/mod.ts";
import { Metadata } from "../../call/metadata.ts";
import type { StatusCode } from "../../call/status.ts";
import type { CallTracker } from "../call_tracker.ts";
import { isPicked, type PickResult as InnerResult, tracked } from "../picker.ts";
import { Subchannel } from "../subchannel.ts";
import type { PickResult } from "./extension.ts";

/**
 * Follows the attempts of calls. Each that starts ends or leaves, once, before the application has its status. What it
 * throws is reported, and the call goes on.
 */
export interface CallFollower {
  /** An attempt takes the connection: it has a stream now, or waits for one. */
  callStarted?(): void;
  /** One that had a stream has its status, be it of the server, of a cancellation or of the deadline. */
  callEnded?(code: StatusCode, trailers: Metadata): void;
  /** One that had no stream takes none here: the connection is gone, or the call ended while it waited. */
  callLeft?(): void;
}

/** An application's follower, as calls know it: they go on whatever it throws, and others that follow them are told. */
class Follower implements CallTracker {
  constructor(private readonly follower: CallFollower, private readonly subchannel: Subchannel) {}

  callStarted(): void {
    this.tell(() => this.follower.callStarted?.());
  }
  callEnded(code: StatusCode, trailers: HeaderList): void {
    this.tell(() => this.follower.callEnded?.(code, Metadata.fromHeaders(trailers)));
  }
  callLeft(): void {
    this.tell(() => this.follower.callLeft?.());
  }

  private tell(how: () => void): void {
    callApplication(how, (error) => this.subchannel.report(error, "balancing"));
  }
}

/**
 * What a picker gives in place of `result`, which a child's picker gave, for `follower` to follow the call. What takes no
 * connection stays as it is. A child with one connection gives the same each time, so this too can be made once.
 */
export function followPick(result: PickResult, follower: CallFollower): PickResult {
  const picked = result as InnerResult;
  if (!isPicked(picked)) return result;
  const subchannel = picked instanceof Subchannel ? picked : picked.subchannel;
  return tracked(picked, new Follower(follower, subchannel));
}
