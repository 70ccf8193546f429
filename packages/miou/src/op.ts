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

/**
 * Passed to the first `next` of a generator, which ignores it; one that was begun before hands it to the operation that
 * it waits in, which thus learns that a second task was given the same generator.
 */
export const START: unique symbol = Symbol("start");

/** The state of the realm. */
export const slot: {
  /** The task that runs. */
  task: TaskCell | undefined;
  /** A scheduler runs. */
  busy: boolean;
  /** Thrown to find out whether the operation can be reached: see `TaskCell.contest`. */
  contest: Contest | undefined;
} = { task: undefined, busy: false, contest: undefined };

/** What a task has thrown through the operation in which another one waits. */
export interface Contest {
  readonly op: Op<unknown>;
  readonly error: unknown;
  /** Frames below the one that performs `op`: see `sub`. */
  readonly depth: number;
}

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

/** What `next` of `op` does when it is given `START`: the generator that waits in it stays where it is. */
export function taken<T>(op: Op<T>): IteratorResult<Effect, T> {
  return offer(new TakenOp(op.label)) as IteratorResult<Effect, T>;
}

const ONE_EACH = "a generator, or an iterator, is for one task: make one for each";

/** Throws if a task waits in `op`: what iterates over it is given to two tasks. */
export function refuseSecond(op: Op<unknown>): void {
  const { performer } = op;
  if (performer === undefined) return;
  const error = new TypeError(`${op.label}: ${performer} already waits in this operation: ${ONE_EACH}`);
  performer.contest(op, error);
  throw error;
}

/** What `throw` of `op` does when it may not be on behalf of the task that waits in it. */
function throwThrough<T>(op: Op<T>, error: unknown): IteratorResult<Effect, T> {
  if (slot.contest?.op === op && slot.contest.error === error) {
    slot.contest = undefined;
    return op.next(RESUME);
  }
  const { performer } = op;
  if (performer !== slot.task) performer?.contest(op, error);
  throw error;
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

  /** Who waits in it, where it serves one task at a time. */
  get performer(): TaskCell | undefined {
    return undefined;
  }

  /** How many frames of its performer are below the one that performs it. */
  get depth(): number {
    return this.performer?.extra?.frames?.length ?? 0;
  }

  next(resumed?: unknown): IteratorResult<Effect, T> {
    if (resumed === undefined) return offer(this);
    return resumed === RESUME ? answer((slot.task as TaskCell).value) : taken(this);
  }

  throw(error: unknown): IteratorResult<Effect, T> {
    if (slot.contest !== undefined) return throwThrough(this, error);
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

/**
 * An operation that holds the state of one wait. Whoever is to wait in it sets `task`, and its `wait`, in `begin`; `yield*`
 * of the same object by a second task meanwhile performs {@link again}.
 */
export abstract class Single<T> extends Op<T> {
  /** Who waits in it, or was the last to. Each class has the field: one of this class would cost as much as it does. */
  abstract task: TaskCell | undefined;

  /** Another operation like this one; only what a program may perform twice at the same time needs it. */
  protected again(): Iterator<Effect, T, unknown> {
    return this;
  }

  override get performer(): TaskCell | undefined {
    return this.task?.wait === this ? this.task : undefined;
  }

  override [Symbol.iterator](): Iterator<Effect, T, unknown> {
    return this.task === undefined || this.performer === undefined ? this : this.again();
  }

  override next(resumed?: unknown): IteratorResult<Effect, T> {
    if (resumed === undefined) {
      if (this.task !== undefined) refuseSecond(this);
      return offer(this);
    }
    return resumed === RESUME ? answer((slot.task as TaskCell).value) : taken(this);
  }
}

/** What a task gets whose generator waits already, in another task, which is left alone. */
class TakenOp extends Op<never> {
  readonly label: string;

  constructor(label: string) {
    super();
    this.label = label;
  }

  override begin(task: TaskCell): number {
    const error = new TypeError(`${this.label}: another task already waits in this generator: ${ONE_EACH}`);
    task.body = failing(error);
    return CALL;
  }
}

function* failing(error: Error): Generator<never, never, unknown> {
  throw error;
}
