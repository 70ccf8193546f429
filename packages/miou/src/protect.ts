import { isCancelled } from "./is-cancelled.ts";
import { running } from "./op.ts";
import type { Operation } from "./types.ts";

/** What runs when a protected operation ends. */
export interface ProtectHandlers {
  /** Runs in every case, in the task, and may wait. */
  finally?(how: { readonly cancelled: boolean }): void | Operation<void>;
  /** Runs last, when the running task was cancelled. */
  onCancelled?(): void;
}

/**
 * `try/finally` that says whether it ends because the running task was cancelled. The `CancelledError` of a child that
 * `fn` lets escape is a failure like any other.
 *
 * @throws what `fn` throws
 */
export function* protect<T>(fn: () => Operation<T>, handlers: ProtectHandlers): Operation<T> {
  running("protect");
  // A forced cancellation closes the body: then neither a value nor an error is seen here.
  let cancelled = true;
  try {
    const value = yield* fn();
    cancelled = false;
    return value;
  } catch (error) {
    cancelled = isCancelled(error);
    throw error;
  } finally {
    const cleanup = handlers.finally?.({ cancelled });
    if (cleanup !== undefined) yield* cleanup;
    if (cancelled) handlers.onCancelled?.();
  }
}
