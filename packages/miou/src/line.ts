import { Single } from "./op.ts";
import type { TaskCell } from "./task.ts";

/**
 * First-in first-out, linked through the operations that wait in it: O(1) to join, to serve and to leave.
 */
export class Line<W extends Waiting<unknown>> {
  length = 0;
  private first: W | undefined = undefined;
  private last: W | undefined = undefined;

  join(waiter: W): void {
    waiter.ahead = this.last;
    if (this.last === undefined) this.first = waiter;
    else this.last.behind = waiter;
    this.last = waiter;
    this.length++;
  }

  /** Takes out the first. */
  serve(): W | undefined {
    const waiter = this.first;
    if (waiter !== undefined) this.leave(waiter);
    return waiter;
  }

  /** Takes `waiter` out; it must be in this line. */
  leave(waiter: W): void {
    const ahead = waiter.ahead as W | undefined;
    const behind = waiter.behind as W | undefined;
    if (ahead === undefined) this.first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.last = ahead;
    else behind.ahead = ahead;
    waiter.ahead = undefined;
    waiter.behind = undefined;
    this.length--;
  }
}

/** An operation that may have to wait in a line. */
export abstract class Waiting<T> extends Single<T> {
  task: TaskCell | undefined = undefined;
  ahead: Waiting<unknown> | undefined = undefined;
  behind: Waiting<unknown> | undefined = undefined;

  /** Ends the wait; the operation has left its line. */
  complete(value: unknown, failed = false): void {
    const { task } = this;
    task?.scheduler.wake(task, value, failed);
  }
}
