// How consumers wait in a queue: gRPC core's cq_poller_vtable, one for each polling type.
//
//                      waiting polls sockets   sockets that listen among them
//   DEFAULT_POLLING    yes                     yes
//   NON_LISTENING      yes                     no
//   NON_POLLING        no: for kicks alone     no
//
// A wait ends by a kick, at its deadline, or, where that has passed already, when the engine has polled once. It says
// nothing of events: the worker that wakes looks at the queue again, so a kick too many does no harm. Asynchronous
// waits leave the polling to the engine, which polls whether anybody waits or not; waits that block the thread poll in it
// where the type says so.

import type { EventEngine, Instant, TaskHandle } from "../../pollers/mod.ts";

/** One that waits in a queue. */
export abstract class QueueWorker {
  /** Runs at the deadline. */
  task: TaskHandle | undefined = undefined;
  /** Whether it is in a pollset. */
  waiting = false;

  /** `deadline`: when the wait ends by itself. */
  constructor(readonly deadline: Instant) {}

  /** The wait is over. */
  abstract wake(): void;
}

/** Those who wait in one queue, and what they poll with. */
export interface Pollset {
  /** The engine of the queue. */
  readonly engine: EventEngine;
  /** In the order in which they came. */
  readonly workers: QueueWorker[];
  /** Kicked while nobody waited, and nothing polls: the next wait ends at once. */
  kicked: boolean;
  /** Shut down: nobody waits any more. */
  down: boolean;
  /** Waits that were begun, for tests: gRPC core's num_polls. */
  polls: number;
}

/** What a polling type can do. */
export interface QueuePollerVtable {
  /** Whether those who wait poll sockets. */
  readonly canGetPollset: boolean;
  /** Whether sockets that listen may be among them. */
  readonly canListen: boolean;
  /** A pollset that nobody waits in. */
  init(engine: EventEngine): Pollset;
  /** Ends the wait of `worker`, or of the one that came first. */
  kick(pollset: Pollset, worker?: QueueWorker): void;
  /** Has `worker` wait. What the engine throws comes out of here, and the worker waits no more. */
  work(pollset: Pollset, worker: QueueWorker): void;
  /** Wakes everybody; later waits end at once. */
  shutdown(pollset: Pollset): void;
  /** Gives up what `init` made; only after `shutdown`. */
  destroy(pollset: Pollset): void;
}

function init(engine: EventEngine): Pollset {
  return { engine, workers: [], kicked: false, down: false, polls: 0 };
}

function kick(pollset: Pollset, worker: QueueWorker | undefined = pollset.workers[0]): void {
  if (worker?.waiting) wake(pollset, worker);
}

/** There is no poller that would remember it. */
function kickAndRemember(pollset: Pollset, worker?: QueueWorker): void {
  if (pollset.workers.length === 0) pollset.kicked = true;
  else kick(pollset, worker);
}

function wake(pollset: Pollset, worker: QueueWorker): void {
  leave(pollset, worker);
  worker.wake();
}

/** A worker with a deadline holds the process: it is certain that its wait ends. */
function enter(pollset: Pollset, worker: QueueWorker): void {
  pollset.polls++;
  if (worker.deadline !== Infinity) pollset.engine.hold();
  worker.waiting = true;
  pollset.workers.push(worker);
}

function leave(pollset: Pollset, worker: QueueWorker): void {
  pollset.workers.splice(pollset.workers.indexOf(worker), 1);
  worker.waiting = false;
  const { task } = worker;
  worker.task = undefined;
  if (task !== undefined) pollset.engine.cancel(task);
  if (worker.deadline !== Infinity) pollset.engine.release();
}

function work(pollset: Pollset, worker: QueueWorker): void {
  if (pollset.down) return worker.wake();
  enter(pollset, worker);
  const { deadline } = worker;
  if (deadline === Infinity) return;
  const { engine } = pollset;
  try {
    if (deadline > engine.now()) wakeAtDeadline(pollset, worker);
    else engine.run(() => worker.waiting && wake(pollset, worker));
  } catch (error) {
    if (worker.waiting) leave(pollset, worker);
    throw error;
  }
}

function wakeAtDeadline(pollset: Pollset, worker: QueueWorker): void {
  worker.task = pollset.engine.runAt(worker.deadline, () => {
    worker.task = undefined;
    wake(pollset, worker);
  });
}

function workWithoutPolling(pollset: Pollset, worker: QueueWorker): void {
  if (pollset.kicked || pollset.down || worker.deadline <= pollset.engine.now()) {
    pollset.kicked = false;
    pollset.polls++;
    return worker.wake();
  }
  work(pollset, worker);
}

function shutdown(pollset: Pollset): void {
  pollset.down = true;
  while (pollset.workers.length > 0) wake(pollset, pollset.workers[0]!);
}

function destroy(pollset: Pollset): void {
  if (!pollset.down) throw new TypeError("Cannot destroy the poller of a queue: it is not shut down");
}

const POLLING: QueuePollerVtable = {
  canGetPollset: true,
  canListen: true,
  init,
  kick,
  work,
  shutdown,
  destroy,
};

/** How those who wait take part in polling. */
export type PollingType = "DEFAULT_POLLING" | "NON_LISTENING" | "NON_POLLING";

/** The vtable of each polling type. */
export const QUEUE_POLLERS: Readonly<Record<PollingType, QueuePollerVtable>> = {
  DEFAULT_POLLING: POLLING,
  NON_LISTENING: { ...POLLING, canListen: false },
  NON_POLLING: {
    ...POLLING,
    canGetPollset: false,
    canListen: false,
    kick: kickAndRemember,
    work: workWithoutPolling,
  },
};
