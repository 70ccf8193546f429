declare const effect: unique symbol;

/**
 * What an operation hands to the scheduler. Opaque: programs never see one, they write `yield* operation`.
 * Its only use outside is to make `yield something` a type error where `yield* something` was meant.
 */
export interface Effect {
  readonly [effect]: never;
}

/** Something that may suspend the running task: `const value = yield* operation`. */
export interface Operation<T> {
  [Symbol.iterator](): Iterator<Effect, T, unknown>;
}

/** The outcome of a task or of a computation, as a value. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

/** Whatever can be waited for in two ways: `yield* it` throws its error, `yield* it.result()` returns it. */
export interface Awaitable<T> extends Operation<T> {
  /** Waits like `yield* this`, and answers the outcome as a value. Throws only when it is misused. */
  result(): Operation<Result<T>>;
}

/** How {@link Task.cancel} should proceed. */
export interface CancelOptions {
  /** Kept in `CancelledError.reason`; the first request's reason stands. */
  readonly reason?: unknown;
  /** Cuts cleanup short where it suspends; `finally` blocks further out still run, synchronously. */
  readonly force?: boolean;
}

/**
 * A handle on a task. It is an operation itself: `yield* task` gives the task's value or throws its error.
 * Only the parent, the task that called `spawn`, may wait for it or cancel it.
 */
export interface Task<T> extends Awaitable<T> {
  /** Unique in the realm, in creation order. */
  readonly uid: number;
  /** The name given to `spawn`, or an empty string. */
  readonly name: string;
  /** `"running"` until it settles, then `"finished"` (returned) or `"exited"` (failed, cancelled); a later cancel does not change it. */
  readonly state: "running" | "finished" | "exited";
  /** Errors that could not become the outcome, such as one thrown by a `finally` while the task was being cancelled. */
  readonly suppressed: readonly unknown[];
  /**
   * Stops the task and all its descendants, descendants first, and returns once they have all settled, cleanup
   * included. A settled task keeps its state, but its outcome becomes `CancelledError`. Consumes the task.
   *
   * @throws {NotAChildError} the running task is not the parent
   */
  cancel(options?: CancelOptions): Operation<void>;
}

/** The values of a tuple of tasks. */
export type Values<Ts extends readonly Task<unknown>[]> = {
  -readonly [K in keyof Ts]: Ts[K] extends Task<infer V> ? V : never;
};

/** The outcomes of a tuple of tasks. */
export type Results<Ts extends readonly Task<unknown>[]> = {
  -readonly [K in keyof Ts]: Ts[K] extends Task<infer V> ? Result<V> : never;
};

/** The value of any one task of a list. */
export type ValueOf<Ts extends readonly Task<unknown>[]> = Values<Ts>[number];
