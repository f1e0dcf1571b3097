// What completion queues hand out.

import { textOf } from "../../pollers/mod.ts";

/** An operation is over. */
export interface OpComplete<Tag = unknown> {
  /** An operation is over. */
  readonly type: "OP_COMPLETE";
  /** What that means, each operation says. */
  readonly success: boolean;
  /** As it was given when the operation was started: the same value (`===`). */
  readonly tag: Tag;
}

/** The deadline passed before there was an event. */
export interface QueueTimeout {
  /** The deadline passed before there was an event. */
  readonly type: "QUEUE_TIMEOUT";
  /** False. */
  readonly success: false;
  /** None. */
  readonly tag: undefined;
}

/** The queue is shut down, and its last event was taken. */
export interface QueueShutdown {
  /** The queue is shut down, and its last event was taken. */
  readonly type: "QUEUE_SHUTDOWN";
  /** False. */
  readonly success: false;
  /** None. */
  readonly tag: undefined;
}

/** What `next` and `pluck` of a completion queue give. */
export type CompletionEvent<Tag = unknown> = OpComplete<Tag> | QueueTimeout | QueueShutdown;

/** Which of the three an event is. */
export type CompletionEventType = CompletionEvent["type"];

/** There is only one of it. */
export const QUEUE_TIMEOUT: QueueTimeout = Object.freeze({
  type: "QUEUE_TIMEOUT",
  success: false,
  tag: undefined,
});

/** There is only one of it. */
export const QUEUE_SHUTDOWN: QueueShutdown = Object.freeze({
  type: "QUEUE_SHUTDOWN",
  success: false,
  tag: undefined,
});

/** Whether two tags are the same value: `===`, and NaN is itself. */
export function isSameTag(a: unknown, b: unknown): boolean {
  return a === b || (a !== a && b !== b);
}

/** Tags are longer than a line may be. */
const MOST_TAG_TEXT = 60;

/** A tag in a few words. */
export function describeTag(tag: unknown): string {
  if (typeof tag === "string") return JSON.stringify(tag.slice(0, MOST_TAG_TEXT));
  if (typeof tag === "function") return `function ${tag.name || "without a name"}`;
  return textOf(tag).slice(0, MOST_TAG_TEXT);
}

/** Events in the order of their completion. */
export class EventList<Tag> {
  private events: Array<OpComplete<Tag> | undefined> = [];
  /** Where the first event is: those before it were taken. */
  private at = 0;

  /** Events that nobody has taken. */
  get size(): number {
    return this.events.length - this.at;
  }

  /** Adds the last event. */
  push(event: OpComplete<Tag>): void {
    this.events.push(event);
  }

  /** Takes the first event. */
  shift(): OpComplete<Tag> | undefined {
    if (this.at === this.events.length) return undefined;
    const event = this.events[this.at];
    this.events[this.at++] = undefined;
    if (this.at === this.events.length) this.clear();
    else if (this.at === COMPACT_AT) {
      this.events = this.events.slice(this.at);
      this.at = 0;
    }
    return event;
  }

  /** Takes the first event that has `tag`. */
  pluck(tag: Tag): OpComplete<Tag> | undefined {
    for (let i = this.at; i < this.events.length; i++) {
      const event = this.events[i]!;
      if (!isSameTag(event.tag, tag)) continue;
      this.events.splice(i, 1);
      return event;
    }
    return undefined;
  }

  /** Whether `event` is here. */
  has(event: OpComplete<Tag>): boolean {
    return this.events.includes(event, this.at);
  }

  /** All that are here. */
  all(): Array<OpComplete<Tag>> {
    return this.events.slice(this.at) as Array<OpComplete<Tag>>;
  }

  /** Drops everything. */
  clear(): void {
    this.events.length = 0;
    this.at = 0;
  }
}

/** A list that never becomes empty lets go of what was taken after so many events. */
const COMPACT_AT = 1_024;
