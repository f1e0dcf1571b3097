// A consumer that blocks its thread: the same loop as that of one that waits for a promise, but it polls itself.

import { type Instant, SYNC_WAIT, whyNoSyncWait } from "../../pollers/mod.ts";
import { NEEDS_LOOP } from "../client/call_context.ts";
import { type CompletionEvent, describeTag, QUEUE_TIMEOUT } from "./event.ts";
import type { QueueCore } from "./queue_core.ts";
import { QueueWorker } from "./queue_poller.ts";

/** One wait. The deadline is the engine's to keep, so that it polls once where that has passed. */
class BlockedConsumer<Tag> extends QueueWorker {
  woken = false;

  constructor(readonly pluck: boolean, readonly tag: Tag | undefined) {
    super(Infinity);
  }

  override wake(): void {
    this.woken = true;
  }
}

/**
 * The first event, or the first of `tag` where it plucks, or why there is none at `deadline`. Throws where this thread
 * cannot poll.
 */
export function blockForEvent<Tag>(
  core: QueueCore<Tag>,
  pluck: boolean,
  tag: Tag | undefined,
  deadline: Instant,
): CompletionEvent<Tag> {
  const { engine, poller, pollset } = core;
  const what = pluck ? `pluck ${describeTag(tag)}` : "wait for the next event";
  const reason = poller.canGetPollset
    ? whyNoSyncWait(engine) ?? (core.needsLoop ? `for a call of it, ${NEEDS_LOOP}` : undefined)
    : "a consumer of a NON_POLLING queue polls nothing, so nothing would happen on this thread";
  if (reason !== undefined) throw new TypeError(`Cannot ${what} and block: ${reason}`);
  const take = (): CompletionEvent<Tag> => pluck ? core.tryPluck(tag as Tag) : core.tryNext();
  for (;;) {
    const event = take();
    if (event !== QUEUE_TIMEOUT) return event;
    if (pluck && core.hasMostPluckers(tag as Tag)) return event;
    const consumer = new BlockedConsumer(pluck, tag);
    poller.work(pollset, consumer);
    try {
      if (!engine.extension(SYNC_WAIT)!.waitSync(() => consumer.woken, deadline, 0, poller.canListen)) {
        return event;
      }
    } catch (error) {
      if (consumer.woken) core.passOn(pluck, tag as Tag); // it does not take what it was woken for
      throw error;
    } finally {
      poller.kick(pollset, consumer); // it leaves the pollset, where it is still in it
    }
  }
}
