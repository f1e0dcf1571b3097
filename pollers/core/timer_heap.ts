// Many deadlines in order: a binary heap whose tasks know their place, so that cancelling one is as cheap as adding.

import type { Instant } from "../contract/engine.ts";

/** A closure and when it is due. */
export class TimerTask {
  /** Its place in the heap; -1 when it is in none. */
  index: number = -1;

  /** `order` decides between tasks of the same instant. */
  constructor(readonly at: Instant, readonly order: number, readonly closure: () => void) {}
}

/** A heap of {@linkcode TimerTask}s, the earliest on top. */
export class TimerHeap {
  private readonly tasks: TimerTask[] = [];
  private nextOrder = 0;

  /** Tasks waiting. */
  get size(): number {
    return this.tasks.length;
  }

  /** The earliest task, or undefined. */
  get first(): TimerTask | undefined {
    return this.tasks[0];
  }

  /** Adds a task due at `at`. */
  add(at: Instant, closure: () => void): TimerTask {
    const task = new TimerTask(at, this.nextOrder++, closure);
    task.index = this.tasks.length;
    this.tasks.push(task);
    this.up(task);
    return task;
  }

  /** Takes `task` out; false when it is in no heap any more. */
  remove(task: TimerTask): boolean {
    if (task.index < 0) return false;
    const last = this.tasks.pop()!;
    if (last !== task) {
      last.index = task.index;
      this.tasks[last.index] = last;
      this.up(last);
      this.down(last);
    }
    task.index = -1;
    return true;
  }

  /** Takes out and gives the earliest task if it is due at `now`. */
  takeDue(now: Instant): TimerTask | undefined {
    const first = this.tasks[0];
    if (first === undefined || first.at > now) return undefined;
    this.remove(first);
    return first;
  }

  /** Forgets every task. */
  clear(): void {
    for (const task of this.tasks) task.index = -1;
    this.tasks.length = 0;
  }

  private up(task: TimerTask): void {
    while (task.index > 0) {
      const parent = this.tasks[(task.index - 1) >> 1]!;
      if (!isBefore(task, parent)) return;
      this.swap(task, parent);
    }
  }

  private down(task: TimerTask): void {
    for (;;) {
      const left = this.tasks[2 * task.index + 1];
      const right = this.tasks[2 * task.index + 2];
      if (left === undefined) return;
      const child = right !== undefined && isBefore(right, left) ? right : left;
      if (!isBefore(child, task)) return;
      this.swap(child, task);
    }
  }

  private swap(a: TimerTask, b: TimerTask): void {
    const index = a.index;
    a.index = b.index;
    b.index = index;
    this.tasks[a.index] = a;
    this.tasks[b.index] = b;
  }
}

function isBefore(a: TimerTask, b: TimerTask): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
