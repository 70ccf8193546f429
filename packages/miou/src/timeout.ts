import { TimeoutError } from "./errors.ts";
import { tracked } from "./note.ts";
import { ScopeOp } from "./scope.ts";
import type { TaskCell } from "./task.ts";
import type { Timer } from "./timers.ts";
import type { Operation } from "./types.ts";

/** A scope that is cancelled at its deadline. */
class TimeoutOp<T> extends ScopeOp<T> implements Timer {
  deadline = 0;
  order = 0;
  index = -1;
  expired = false;
  private readonly ms: number;

  constructor(ms: number, fn: () => Operation<T>) {
    super("timeout", fn, `timeout ${ms} ms`);
    this.ms = ms;
  }

  override begin(task: TaskCell): number {
    const { scheduler } = task;
    if (this.ms !== Number.POSITIVE_INFINITY) {
      this.deadline = scheduler.now() + this.ms;
      scheduler.timers.add(this);
    }
    return super.begin(task);
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
 * Runs `fn`, cancelled after `ms`. It acts for the running task: it may await and cancel that task's children and use
 * what it holds, which outlast the deadline; what `fn` itself has spawned and not awaited, or holds, ends with it when it
 * fails or is late, and is the running task's when it returns.
 *
 * @param ms - milliseconds, `>= 0`; `Infinity` means no limit
 * @throws {TimeoutError} the time is over; the cleanup of `fn` has run
 * @throws what `fn` throws before that
 * @throws {RangeError} `ms` is negative or NaN
 */
export function timeout<T>(ms: number, fn: () => Operation<T>): Operation<T> {
  if (!(ms >= 0)) throw new RangeError(`timeout: ${ms} is not a duration in milliseconds (>= 0)`);
  return tracked(limited(ms, fn), timeout);
}

function* limited<T>(ms: number, fn: () => Operation<T>): Operation<T> {
  const scope = new TimeoutOp(ms, fn);
  yield* scope;
  if (scope.expired) throw new TimeoutError(ms);
  return scope.value();
}
