import { isCancelled } from "./is-cancelled.ts";
import { tracked } from "./note.ts";
import { running } from "./op.ts";
import { shield } from "./shield.ts";
import { CANCELLED } from "./task.ts";
import type { Operation } from "./types.ts";

/** What runs when a protected operation ends. */
export interface ProtectHandlers {
  /** Runs in every case, in the task, and may wait; a cancellation that comes meanwhile waits for its end. */
  finally?(how: { readonly cancelled: boolean }): void | Operation<void>;
  /** Runs last, when the running task was cancelled, be it while `finally` ran. */
  onCancelled?(): void;
}

/**
 * `try/finally` that says whether it ends because the running task was cancelled. The `CancelledError` of a child that
 * `fn` lets escape is a failure like any other.
 *
 * @throws what `fn` throws
 */
export function protect<T>(fn: () => Operation<T>, handlers: ProtectHandlers): Operation<T> {
  return tracked(protecting(fn, handlers), protect);
}

function* protecting<T>(fn: () => Operation<T>, handlers: ProtectHandlers): Operation<T> {
  const task = running("protect");
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
    const before = task.flags & CANCELLED;
    try {
      const cleanup = handlers.finally?.({ cancelled });
      if (cleanup !== undefined) yield* shield(() => cleanup);
    } finally {
      if (cancelled || (task.flags & CANCELLED) !== before) handlers.onCancelled?.();
    }
  }
}
