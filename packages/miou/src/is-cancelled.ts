import { slot } from "./op.ts";
import { CANCELLED } from "./task.ts";

/**
 * Whether `error` is the running task's own cancellation. False for the `CancelledError` of a child, which is an
 * ordinary failure to its parent. Call it in a `catch` around operations, and rethrow when it is true.
 */
export function isCancelled(error: unknown): boolean {
  const { task } = slot;
  return task !== undefined && (task.flags & CANCELLED) !== 0 && error === task.cancelled;
}
