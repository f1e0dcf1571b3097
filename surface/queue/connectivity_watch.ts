// Watches of a channel's connectivity: an event as soon as its state is another one.

import type { Instant, TaskHandle } from "../../pollers/mod.ts";
import { formatDestination } from "../channel/destination.ts";
import { callContext, type Channel, onNextState } from "../channel/channel.ts";
import { checkState, type ConnectivityState } from "../channel/connectivity.ts";
import { type CompletionQueue, queueCoreOf } from "./completion_queue.ts";
import { checkDeadline } from "./deadline.ts";
import type { QueueCore } from "./queue_core.ts";
import type { QueueOperation } from "./queue_operation.ts";

const PURPOSE = "watch the connectivity state";

/** One watch, until its event. */
class Watch<Tag> implements QueueOperation<Tag> {
  /** Owned by the queue. */
  nextOperation: QueueOperation<Tag> | undefined = undefined;
  /** Owned by the queue. */
  previousOperation: QueueOperation<Tag> | undefined = undefined;
  readonly purpose = PURPOSE;
  private task: TaskHandle | undefined = undefined;
  private takeBack: (() => void) | undefined = undefined;

  constructor(
    private readonly core: QueueCore<Tag>,
    private readonly channel: Channel,
    private readonly last: ConnectivityState,
    private readonly deadline: Instant,
    readonly tag: Tag,
  ) {}

  /** The end of the wait is certain where there is a deadline: so it holds the process then. */
  begin(): void {
    const { core, channel, deadline } = this;
    const { engine } = core;
    core.begin(this);
    if (channel.state !== this.last) return void core.end(this, true);
    if (deadline <= engine.now()) return void core.end(this, false);
    this.takeBack = onNextState(PURPOSE, channel, () => {
      this.takeBack = undefined;
      this.end(true);
    });
    if (deadline === Infinity) return;
    engine.hold();
    this.task = engine.runAt(deadline, () => {
      this.task = undefined;
      this.end(false);
    });
  }

  describe(): string {
    const { target } = callContext(PURPOSE, this.channel);
    return `watch of the channel to ${formatDestination(target)} for another state than ${this.last}`;
  }

  private end(changed: boolean): void {
    const { engine } = this.core;
    if (this.task !== undefined) engine.cancel(this.task);
    this.takeBack?.();
    if (this.deadline !== Infinity) engine.release();
    this.core.end(this, changed);
  }
}

/**
 * Gives `tag` to `queue`, once: with true as soon as the state of `channel` is not `last` any more, at once where it is
 * another one already; with false at `deadline`, an instant (see `deadlineIn`). It says that the state has changed, not to
 * what: a state that came and went is not seen. It does not connect: `channel.connect()` does. A channel that is closed has
 * changed to SHUTDOWN.
 *
 * @throws {TypeError} for what is no channel, state, queue or deadline
 * @throws {CallError} COMPLETION_QUEUE_SHUTDOWN
 */
export function watchConnectivityState<Tag>(
  channel: Channel,
  last: ConnectivityState,
  deadline: Instant,
  queue: CompletionQueue<Tag>,
  tag: Tag,
): void {
  callContext(PURPOSE, channel);
  checkState(last);
  checkDeadline(PURPOSE, deadline);
  new Watch(queueCoreOf(queue), channel, last, deadline, tag).begin();
}
