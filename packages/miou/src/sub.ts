import { tracked } from "./note.ts";
import { CALL, RESUME, Single, slot } from "./op.ts";
import { iterate, setBody } from "./scheduler.ts";
import { FRESH, type TaskCell, THROW } from "./task.ts";
import type { Effect, Operation } from "./types.ts";

class SubOp<T> extends Single<T> {
  task: TaskCell | undefined = undefined;
  readonly label = "sub";
  private readonly operation: Operation<T>;
  private below = 0;

  constructor(operation: Operation<T>) {
    super();
    this.operation = operation;
  }

  protected override again(): SubOp<T> {
    return new SubOp(this.operation);
  }

  /** Its task waits in what the frame performs, and in this until the frame has ended. */
  override get performer(): TaskCell | undefined {
    return this.task;
  }

  override get depth(): number {
    return this.below;
  }

  override next(resumed?: unknown): IteratorResult<Effect, T> {
    if (resumed === RESUME) this.task = undefined;
    return super.next(resumed);
  }

  override throw(error: unknown): IteratorResult<Effect, T> {
    if (this.task === slot.task) this.task = undefined;
    return super.throw(error);
  }

  override return(value: T): IteratorResult<Effect, T> {
    this.task = undefined;
    return super.return(value);
  }

  override begin(task: TaskCell): number {
    this.task = task;
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
    this.below = extra.frames.length;
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
  return tracked(new SubOp(operation), sub);
}
