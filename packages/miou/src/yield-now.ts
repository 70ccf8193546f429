import { note } from "./note.ts";
import { answer, Op, offer, PASS, RESUME, slot, taken } from "./op.ts";
import type { Effect, Operation } from "./types.ts";

class YieldOp extends Op<void> {
  readonly label = "yieldNow";

  override next(resumed?: unknown): IteratorResult<Effect, void> {
    if (resumed === undefined) return offer(this);
    return resumed === RESUME ? answer(undefined) : taken(this);
  }

  override begin(): number {
    return PASS;
  }
}

const op: Operation<void> = new YieldOp();

/**
 * Goes to the back of the queue: every other ready task gets a slice first. Nothing pre-empts a task, so a long
 * computation must call it now and then.
 *
 * @throws {CancelledError} the task was cancelled meanwhile
 */
export function yieldNow(): Operation<void> {
  return note?.(new YieldOp(), yieldNow, slot.task) ?? op;
}
