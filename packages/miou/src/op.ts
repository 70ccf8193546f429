import { OutsideTaskError } from "./errors.ts";
import type { TaskCell } from "./task.ts";
import type { Effect, Operation } from "./types.ts";

/** What {@link Op.begin} answers. */
export const WAIT = 0; // the task waits
export const DONE = 1; // completed at once; costs one unit of quantum
export const PASS = 2; // completed at once, and the slice ends
export const CALL = 3; // a frame was pushed: go on with it, in the same slice

/** Passed to `next` by the scheduler, so that an operation can tell a resumption from its start. */
export const RESUME: unique symbol = Symbol("resume");

/** The state of the realm: which task runs, and whether a scheduler does. */
export const slot: { task: TaskCell | undefined; busy: boolean } = { task: undefined, busy: false };

/** The running task, for a call that needs one. */
export function running(call: string): TaskCell {
  if (slot.task === undefined) throw new OutsideTaskError(call);
  return slot.task;
}

// Both are read as soon as they are returned, by `yield*` or by the scheduler: one object of each is enough.
/** `value` is the operation that the running task has just offered to the scheduler, which takes it out. */
export const yielded: { done: false; value: unknown } = { done: false, value: undefined };
const returned: { done: true; value: unknown } = { done: true, value: undefined };

// Functions rather than methods of `Op`: a look-up on objects of many classes costs as much as all the rest.

/** Offers `op` to the scheduler, on behalf of the running task. */
export function offer<T>(op: Op<T>): IteratorResult<Effect, T> {
  if (slot.task === undefined) throw new OutsideTaskError(op.label);
  yielded.value = op;
  return yielded as unknown as IteratorResult<Effect, T>;
}

/** Answers `value` to the body. The only cast from what the scheduler stores to what the types promise. */
export function answer<T>(value: unknown): IteratorResult<Effect, T> {
  returned.value = value;
  return returned as IteratorResult<Effect, T>;
}

/**
 * An operation which is its own iterator and its own effect: nothing is allocated to perform it. The scheduler calls
 * `begin` when the task has suspended on it; then either it completes (`Scheduler.wake`), or the wait is given up:
 * `stop` when it was pending, `abandon` when it had completed but its value was not delivered.
 */
export abstract class Op<T> implements Operation<T>, Iterator<Effect, T, unknown> {
  /** What a task that waits on this is said to wait for. */
  abstract readonly label: string;

  [Symbol.iterator](): Iterator<Effect, T, unknown> {
    return this;
  }

  next(resumed?: unknown): IteratorResult<Effect, T> {
    return resumed === undefined ? offer(this) : answer((slot.task as TaskCell).value);
  }

  throw(error: unknown): never {
    throw error;
  }

  return(value: T): IteratorResult<Effect, T> {
    return answer(value);
  }

  /** Starts the operation for `task`, whose body has just suspended on it. Never throws. */
  abstract begin(task: TaskCell): number;

  /** Unlinks the pending operation. O(1). */
  stop(_task: TaskCell): void {}

  /** Disposes of `task.value`, the value or (`failed`) the error that was not delivered. */
  abandon(_task: TaskCell, _failed: boolean): void {}

  /** `child` has settled while `task`, its parent, waits on this. */
  settled(_task: TaskCell, _child: TaskCell): void {}
}
