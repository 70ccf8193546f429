import { isCancelled } from "./is-cancelled.ts";
import { Line, Waiting } from "./line.ts";
import { note, tracked } from "./note.ts";
import { DONE, slot, WAIT } from "./op.ts";
import { cell, type TaskCell, THROW } from "./task.ts";
import { emit, tracing } from "./trace.ts";
import type { Operation, Task } from "./types.ts";

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

const { then: nativeThen } = Promise.prototype;

/** Of each promise that is pending, what waits for it: its handlers are attached once, and never taken off again. */
const subscriptions = new WeakMap<object, Subscription>();

/** The end of one promise, for any number of waits. */
class Subscription {
  state = PENDING;
  value: unknown = undefined;
  readonly waiters: Line<UntilOp<unknown>> = new Line();
  /** Some wait was given up. */
  left = false;

  constructor(source: object, promise: Promise<unknown>) {
    const settle = (state: number, value: unknown): void => {
      subscriptions.delete(source);
      this.settle(state, value);
    };
    nativeThen.call(
      promise,
      (value) => settle(FULFILLED, value),
      (error) => settle(REJECTED, error),
    );
  }

  private settle(state: number, value: unknown): void {
    this.state = state;
    this.value = value;
    if (this.waiters.length === 0 && this.left && state === REJECTED && tracing.on)
      emit({ type: "suppressed", task: undefined, error: value });
    for (let op = this.waiters.serve(); op !== undefined; op = this.waiters.serve()) {
      (op.task as TaskCell).scheduler.externals--;
      op.complete(value, state === REJECTED);
    }
  }
}

/**
 * Subscribes to `source` now rather than when a wait begins: the host must not call a rejection unhandled meanwhile. A
 * thenable becomes a promise, which settles once whatever the thenable does, as `await` has it.
 */
function subscribe(source: PromiseLike<unknown>): Subscription {
  const known = subscriptions.get(source);
  if (known !== undefined) return known;
  const then: unknown = source?.then;
  if (typeof then !== "function")
    throw new TypeError("until: neither a promise nor a function that returns one");
  const promise =
    then === nativeThen
      ? (source as Promise<unknown>)
      : new Promise((resolve, reject) => then.call(source, resolve, reject));
  const subscription = new Subscription(source, promise);
  subscriptions.set(source, subscription);
  return subscription;
}

class UntilOp<T> extends Waiting<T> {
  readonly label = "until";
  private readonly subscription: Subscription;

  constructor(subscription: Subscription) {
    super();
    this.subscription = subscription;
  }

  protected override again(): UntilOp<T> {
    return new UntilOp(this.subscription);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    const { state, value, waiters } = this.subscription;
    if (state === PENDING) {
      task.scheduler.externals++;
      waiters.join(this);
      return WAIT;
    }
    task.value = value;
    if (state === REJECTED) task.flags |= THROW;
    return DONE;
  }

  override stop(task: TaskCell): void {
    this.subscription.waiters.leave(this);
    this.subscription.left = true;
    task.scheduler.externals--;
  }
}

/**
 * Waits for a promise, or for a thenable as `await` does.
 *
 * Given a promise, it waits without owning it: a cancellation detaches at once, and a late rejection is only traced.
 * Given a function, it owns what the function starts: a cancellation aborts the signal and then waits for the promise
 * to settle, so that what it used is free again. Handlers are attached at once, and once a promise: no unhandled rejection,
 * and nothing grows however often one that lasts is waited for.
 *
 * @throws what the promise was rejected with, the same object
 * @throws {TypeError} the argument is neither; or a function was given and the host has no `AbortController`
 * @throws {CancelledError} the task was cancelled while it waited
 */
export function until<T>(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)): Operation<T> {
  if (typeof source === "function" && !("then" in source)) return tracked(own(source), until);
  const op = new UntilOp<T>(subscribe(source as PromiseLike<T>));
  return note?.(op, until, slot.task) ?? op;
}

function* own<T>(start: (signal: AbortSignal) => PromiseLike<T>): Operation<T> {
  const host = globalThis as { AbortController?: typeof AbortController };
  if (host.AbortController === undefined)
    throw new TypeError("until: this host has no AbortController: pass a promise");
  const controller = new host.AbortController();
  const subscription = subscribe(start(controller.signal));
  let over = false;
  try {
    const value = yield* new UntilOp<T>(subscription);
    over = true;
    return value;
  } catch (error) {
    over = !isCancelled(error);
    throw error;
  } finally {
    if (!over) {
      controller.abort(slot.task?.cancelled);
      try {
        yield* new UntilOp(subscription);
      } catch {
        // How it ends is of no interest any more.
      }
    }
  }
}

/**
 * A native promise for the outcome of a child of the running task. It counts as waiting for it: the child is consumed
 * when it settles, and its parent must not return before.
 *
 * @throws {NotAChildError} the running task is not the parent
 */
export function toPromise<T>(task: Task<T>): Promise<T> {
  const child = cell("toPromise", task);
  child.assertChild("toPromise");
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      const outcome = child.outcome();
      if (outcome.ok) resolve(outcome.value as T);
      else reject(outcome.error);
    };
    if (child.state !== "running") {
      child.consume();
      settle();
    } else {
      child.watch({
        settled: () => {
          child.consume();
          settle();
        },
      });
    }
  });
}
