import { TimeoutError } from "./errors.ts";
import { Single, WAIT } from "./op.ts";
import { spawn } from "./spawn.ts";
import { cell, FAILED, type TaskCell } from "./task.ts";
import type { Timer } from "./timers.ts";
import type { Operation } from "./types.ts";

/** Waits for a child, and cancels it at the deadline. */
class TimeoutOp extends Single<void> implements Timer {
  deadline = 0;
  order = 0;
  index = -1;
  expired = false;
  private readonly child: TaskCell;
  private readonly ms: number;

  constructor(child: TaskCell, ms: number) {
    super();
    this.child = child;
    this.ms = ms;
  }

  get label(): string {
    return `timeout ${this.ms} ms`;
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    const { scheduler } = task;
    if (this.ms !== Number.POSITIVE_INFINITY) {
      this.deadline = scheduler.now() + this.ms;
      scheduler.timers.add(this);
    }
    return WAIT;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if (child !== this.child) return;
    this.stop(task);
    child.consume();
    task.scheduler.wake(task, undefined, false);
  }

  override stop(task: TaskCell): void {
    task.scheduler.timers.remove(this);
  }

  fire(): void {
    this.expired = true;
    this.child.scheduler.cancelChild(this.child, new TimeoutError(this.ms), false);
  }
}

/**
 * Runs `fn` as a child task, cancelled after `ms`.
 *
 * @param ms - milliseconds, `>= 0`; `Infinity` means no limit
 * @throws {TimeoutError} the time is over; the cleanup of `fn` has run
 * @throws what `fn` throws before that
 * @throws {RangeError} `ms` is negative or NaN
 */
export function timeout<T>(ms: number, fn: () => Operation<T>): Operation<T> {
  if (!(ms >= 0)) throw new RangeError(`timeout: ${ms} is not a duration in milliseconds (>= 0)`);
  return limited(ms, fn);
}

function* limited<T>(ms: number, fn: () => Operation<T>): Operation<T> {
  const child = cell("timeout", spawn(fn, { name: "timeout" }));
  const wait = new TimeoutOp(child, ms);
  yield* wait;
  if (wait.expired) throw new TimeoutError(ms);
  if ((child.flags & FAILED) !== 0) throw child.value;
  return child.value as T;
}
