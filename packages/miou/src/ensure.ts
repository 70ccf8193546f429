import { running } from "./op.ts";
import { FAILED, type TaskCell } from "./task.ts";
import { emit, tracing } from "./trace.ts";
import type { Effect, Operation } from "./types.ts";

type Cleanup = () => void | Operation<void>;

/** The cleanup of one task, run by the scheduler as the last part of its body. */
class Ensures {
  readonly list: Cleanup[] = [];
  private readonly task: TaskCell;

  constructor(task: TaskCell) {
    this.task = task;
  }

  *run(): Generator<Effect, void, unknown> {
    try {
      for (let cleanup = this.list.pop(); cleanup !== undefined; cleanup = this.list.pop()) {
        try {
          const operation = cleanup();
          if (operation !== undefined) yield* operation;
        } catch (error) {
          this.failed(error);
        }
      }
    } finally {
      // A forced cancellation has closed one of them: the others still begin.
      if (this.list.length > 0) yield* this.run();
    }
  }

  /** An error of cleanup ends a task that has returned; it never hides an error. */
  private failed(error: unknown): void {
    const { task } = this;
    if ((task.flags & FAILED) === 0) {
      task.flags |= FAILED;
      task.more().outcome = error;
      return;
    }
    task.suppress(error);
    if (tracing.on) emit({ type: "suppressed", task, error });
  }
}

/**
 * Registers cleanup on the running task, to run when its body has ended, however it ends: last in, first out, after the
 * children of a failed or cancelled task have settled. It may wait; a cancellation does not interrupt it.
 *
 * @throws {OutsideTaskError} there is no running task
 */
export function ensure(fn: Cleanup): void {
  const task = running("ensure");
  const extra = task.more();
  extra.ensures ??= new Ensures(task);
  (extra.ensures as Ensures).list.push(fn);
}
