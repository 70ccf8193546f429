import { note } from "./note.ts";
import { DONE, Single, slot, WAIT } from "./op.ts";
import { type TaskCell, THROW } from "./task.ts";
import { report } from "./trace.ts";
import type { Effect, Operation, Result } from "./types.ts";

/**
 * Ends one suspension, from anywhere, once: later calls do nothing. The task does not run inside the call, it is put
 * in the queue. Both functions may be passed around on their own.
 */
export interface Resume<T> {
  readonly ok: (value: T) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * What `suspend` is given. It may return a function, called once if the wait is given up: at once when the task is
 * cancelled while it waits, with `undelivered` when the wait had ended but the task was cancelled before it ran again.
 */
export type Arm<T> = (resume: Resume<T>) => void | ((undelivered?: Result<T>) => void);

const IDLE = 0;
const WAITING = 1;
const OVER = 2;

class SuspendOp<T> extends Single<T> implements Resume<T> {
  task: TaskCell | undefined = undefined;
  readonly label: string;
  private readonly start: Arm<T>;
  private giveUp: undefined | ((undelivered?: Result<T>) => void) = undefined;
  private state = IDLE;
  private used = false;

  constructor(start: Arm<T>, label: string) {
    super();
    this.start = start;
    this.label = label;
  }

  override [Symbol.iterator](): Iterator<Effect, T, unknown> {
    if (this.used) return new SuspendOp(this.start, this.label)[Symbol.iterator]();
    this.used = true;
    return this;
  }

  override begin(task: TaskCell): number {
    this.task = task;
    this.state = WAITING;
    task.wait = this;
    task.scheduler.externals++;
    const { start } = this;
    try {
      this.giveUp = start(this) ?? undefined;
    } catch (error) {
      if (this.state === WAITING) {
        this.over(task);
        task.value = error;
        task.flags |= THROW;
        return DONE;
      }
      report(task, error);
    }
    // When `start` has resumed at once, the task is in the queue already.
    return WAIT;
  }

  override stop(task: TaskCell): void {
    this.over(task);
    this.callGiveUp(task, undefined);
  }

  override abandon(task: TaskCell, failed: boolean): void {
    this.callGiveUp(task, failed ? { ok: false, error: task.value } : { ok: true, value: task.value as T });
  }

  get ok(): (value: T) => void {
    return (value) => this.complete(value, false);
  }

  get fail(): (error: unknown) => void {
    return (error) => this.complete(error, true);
  }

  private complete(value: unknown, failed: boolean): void {
    const { task } = this;
    if (this.state !== WAITING || task === undefined) return;
    this.over(task);
    task.scheduler.wake(task, value, failed);
  }

  private over(task: TaskCell): void {
    this.state = OVER;
    task.scheduler.externals--;
  }

  private callGiveUp(task: TaskCell, undelivered: Result<T> | undefined): void {
    const { giveUp } = this;
    this.giveUp = undefined;
    if (giveUp === undefined) return;
    try {
      giveUp(undelivered);
    } catch (error) {
      report(task, error);
    }
  }
}

/**
 * Waits for a callback: the everyday way to make an operation out of something foreign.
 *
 * `arm` is called when the suspension is certain, in the task; it starts the work and keeps `resume`. What it throws
 * reaches the caller, who then does not wait.
 *
 * @param label - what the task is said to wait for, in reports of a deadlock
 * @throws {CancelledError} the task was cancelled while it waited; the function returned by `arm` has been called
 */
export function suspend<T>(arm: Arm<T>, label = "suspend"): Operation<T> {
  const op = new SuspendOp(arm, label);
  return note?.(op, suspend, slot.task) ?? op;
}
