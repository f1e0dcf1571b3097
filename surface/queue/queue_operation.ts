// What a queue owes an event: a batch, an alarm, a watch, a request.

/** It is pending on one queue at a time, which owns its two links: start them as undefined. */
export interface QueueOperation<Tag = unknown> {
  /** Comes back with the event. */
  readonly tag: Tag;
  /** The one that began after it. */
  nextOperation: QueueOperation<Tag> | undefined;
  /** The one that began before it, itself where it is the first; undefined: it is not pending. */
  previousOperation: QueueOperation<Tag> | undefined;
  /** What it is begun for, after "Cannot": "set an alarm". */
  readonly purpose: string;
  /** "alarm": what it is, and of which call, channel or server. */
  describe(): string;
}
