import type { CancelledError } from "./errors.ts";
import { tracked } from "./note.ts";
import { DONE, Op, running, WAIT } from "./op.ts";
import { CANCEL_PENDING, SHIELDED, type TaskCell } from "./task.ts";
import type { Operation } from "./types.ts";

/** The end of a shield, when a cancellation came meanwhile. */
class DeliverOp extends Op<void> {
  readonly label = "shield";

  override begin(task: TaskCell): number {
    if ((task.flags & CANCEL_PENDING) === 0) return DONE;
    task.flags &= ~CANCEL_PENDING;
    task.scheduler.cancelTree(task, task.cancelled as CancelledError, false);
    return WAIT;
  }
}

const end = new DeliverOp();

/** Enters a masked region; {@link leave} must follow. */
export function enter(call: string): TaskCell {
  const task = running(call);
  task.more().shields++;
  task.flags |= SHIELDED;
  return task;
}

/** Leaves the region; answers whether a cancellation came, to be delivered with `yield* pending`. */
export function leave(task: TaskCell): boolean {
  if (--task.more().shields > 0) return false;
  task.flags &= ~SHIELDED;
  return (task.flags & CANCEL_PENDING) !== 0;
}

export const pending: Operation<void> = end;

/**
 * Runs `fn` with cancellation deferred to its end: neither the running task nor its children see it before. Keep such
 * regions short; only `cancel({ force: true })` and the run's cleanup timeout cut them.
 *
 * @throws what `fn` throws
 * @throws {CancelledError} right after the region, when the task was cancelled inside it
 */
export function shield<T>(fn: () => Operation<T>): Operation<T> {
  return tracked(shielding(fn), shield);
}

function* shielding<T>(fn: () => Operation<T>): Operation<T> {
  const task = enter("shield");
  try {
    return yield* fn();
  } finally {
    if (leave(task)) yield* pending;
  }
}
