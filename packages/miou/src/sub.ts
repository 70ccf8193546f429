import { CALL, Op } from "./op.ts";
import { iterate, setBody } from "./scheduler.ts";
import { FRESH, type TaskCell, THROW } from "./task.ts";
import type { Operation } from "./types.ts";

class SubOp<T> extends Op<T> {
  readonly label = "sub";
  private readonly operation: Operation<T>;

  constructor(operation: Operation<T>) {
    super();
    this.operation = operation;
  }

  override begin(task: TaskCell): number {
    const extra = task.more();
    const caller = task.body as Iterator<unknown, unknown, unknown>;
    try {
      setBody(task, iterate("sub", this.operation));
    } catch (error) {
      task.value = error;
      task.flags |= THROW;
      return CALL;
    }
    extra.frames ??= [];
    extra.frames.push(caller);
    task.flags |= FRESH;
    return CALL;
  }
}

/**
 * Runs `operation` on a frame of its own, known to the scheduler. A plain `yield*` costs time at each resumption, and
 * stack, in proportion to its depth; this costs the same at any depth. For recursion, and for layers whose depth is not
 * bounded by a small constant. It is not a scheduling point.
 *
 * @throws what `operation` throws
 */
export function sub<T>(operation: Operation<T>): Operation<T> {
  return new SubOp(operation);
}
