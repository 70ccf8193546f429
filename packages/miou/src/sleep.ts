import { note } from "./note.ts";
import { PASS, Single, slot, WAIT } from "./op.ts";
import type { TaskCell } from "./task.ts";
import type { Timer } from "./timers.ts";
import type { Operation } from "./types.ts";

class SleepOp extends Single<void> implements Timer {
  task: TaskCell | undefined = undefined;
  readonly ms: number;
  deadline = 0;
  order = 0;
  index = -1;

  constructor(ms: number) {
    super();
    this.ms = ms;
  }

  get label(): string {
    return `sleep ${this.ms} ms`;
  }

  protected override again(): SleepOp {
    return new SleepOp(this.ms);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    if (this.ms === 0) return PASS;
    // An endless sleep has no deadline: nothing but a cancellation ends it.
    if (this.ms !== Number.POSITIVE_INFINITY) {
      this.deadline = task.scheduler.now() + this.ms;
      task.scheduler.timers.add(this);
    }
    return WAIT;
  }

  override stop(task: TaskCell): void {
    task.scheduler.timers.remove(this);
  }

  fire(): void {
    const task = this.task as TaskCell;
    task.scheduler.wakeFirst(task);
  }
}

/**
 * Suspends the running task for at least `ms`; other ready tasks run meanwhile. Sleepers that are due wake in order of
 * deadline, then of creation.
 *
 * @param ms - milliseconds on the run's clock, `>= 0`, fractions allowed; `0` lets every other ready task run
 *   first; `Infinity` sleeps until the task is cancelled
 * @throws {RangeError} `ms` is negative or NaN (thrown before anything is suspended)
 * @throws {CancelledError} the task was cancelled while it slept
 */
export function sleep(ms: number): Operation<void> {
  if (!(ms >= 0)) throw new RangeError(`sleep: ${ms} is not a duration in milliseconds (>= 0)`);
  const op = new SleepOp(ms);
  return note?.(op, sleep, slot.task) ?? op;
}
