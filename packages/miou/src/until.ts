import { DONE, Op, slot, WAIT } from "./op.ts";
import { cell, type TaskCell, THROW } from "./task.ts";
import { emit, tracing } from "./trace.ts";
import type { Effect, Operation, Task } from "./types.ts";

const PENDING = 0;
const FULFILLED = 1;
const REJECTED = 2;

class UntilOp<T> extends Op<T> {
  readonly label = "until";
  private readonly promise: PromiseLike<T>;
  private state = PENDING;
  private value: unknown = undefined;
  private task: TaskCell | undefined = undefined;
  private detached = false;

  constructor(promise: PromiseLike<T>) {
    super();
    this.promise = promise;
    // Attached now rather than when the wait begins: the host must not call a rejection unhandled meanwhile.
    promise.then(
      (value) => this.settle(FULFILLED, value),
      (error) => this.settle(REJECTED, error),
    );
  }

  override [Symbol.iterator](): Iterator<Effect, T, unknown> {
    return this.task === undefined ? this : new UntilOp(this.promise);
  }

  override begin(task: TaskCell): number {
    task.wait = this;
    if (this.state === PENDING) {
      this.task = task;
      task.scheduler.externals++;
      return WAIT;
    }
    task.value = this.value;
    if (this.state === REJECTED) task.flags |= THROW;
    return DONE;
  }

  override stop(task: TaskCell): void {
    this.task = undefined;
    this.detached = true;
    task.scheduler.externals--;
  }

  private settle(state: number, value: unknown): void {
    this.state = state;
    this.value = value;
    const { task } = this;
    this.task = undefined;
    if (task !== undefined) {
      task.scheduler.externals--;
      task.scheduler.wake(task, value, state === REJECTED);
    } else if (this.detached && state === REJECTED && tracing.on) {
      emit({ type: "suppressed", task: undefined, error: value });
    }
  }
}

/**
 * Waits for a native promise.
 *
 * Given a promise, it waits without owning it: a cancellation detaches at once, and a late rejection is only traced.
 * Given a function, it owns what the function starts: a cancellation aborts the signal and then waits for the promise
 * to settle, so that what it used is free again. Handlers are attached at once: no unhandled rejection.
 *
 * @throws what the promise was rejected with, the same object
 * @throws {TypeError} the argument is neither; or a function was given and the host has no `AbortController`
 * @throws {CancelledError} the task was cancelled while it waited
 */
export function until<T>(source: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>)): Operation<T> {
  if (typeof source === "function" && !("then" in source)) return own(source);
  if (typeof (source as PromiseLike<T> | undefined)?.then !== "function") {
    throw new TypeError("until: neither a promise nor a function that returns one");
  }
  return new UntilOp(source as PromiseLike<T>);
}

function* own<T>(start: (signal: AbortSignal) => PromiseLike<T>): Operation<T> {
  const host = globalThis as { AbortController?: typeof AbortController };
  if (host.AbortController === undefined)
    throw new TypeError("until: this host has no AbortController: pass a promise");
  const controller = new host.AbortController();
  const promise = start(controller.signal);
  let over = false;
  try {
    const value = yield* until(promise);
    over = true;
    return value;
  } catch (error) {
    over = error !== slot.task?.cancelled;
    throw error;
  } finally {
    if (!over) {
      controller.abort(slot.task?.cancelled);
      const ignore = (): undefined => undefined;
      yield* until(promise.then(ignore, ignore));
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
