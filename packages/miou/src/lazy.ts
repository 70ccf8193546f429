import { LazyCycleError } from "./errors.ts";
import { isCancelled } from "./is-cancelled.ts";
import { Line, Waiting } from "./line.ts";
import { tracked } from "./note.ts";
import { running, WAIT } from "./op.ts";
import type { TaskCell } from "./task.ts";
import type { Awaitable, Effect, Operation, Result } from "./types.ts";

/**
 * A value computed once, by the first task that needs it; the others wait for that one. A failure is remembered too. When
 * the computing task is cancelled, the next one that waits computes it.
 */
export class Lazy<T> implements Awaitable<T> {
  private readonly fn: () => T | Operation<T>;
  private outcome: Result<T> | undefined = undefined;
  private forcing: TaskCell | undefined = undefined;
  private readonly waiters = new Line<ForceOp>();

  /** @param fn - a plain function, or one that returns an operation */
  constructor(fn: () => T | Operation<T>) {
    this.fn = fn;
  }

  /** A value that needs no computation. */
  static of<T>(value: T): Lazy<T> {
    const lazy = new Lazy(() => value);
    lazy.outcome = { ok: true, value };
    return lazy;
  }

  result(): Operation<Result<T>> {
    return tracked(this.outcomes(), this.result);
  }

  private *outcomes(): Operation<Result<T>> {
    const task = running("Lazy");
    for (;;) {
      if (this.outcome !== undefined) return this.outcome;
      if (this.forcing === undefined) return yield* this.force(task);
      if (this.forcing.principal === task.principal) throw new LazyCycleError();
      yield* new ForceOp(this as Lazy<unknown>, this.waiters);
    }
  }

  /**
   * Computes the value, or waits for it.
   *
   * @throws what the computation throws, to everybody
   * @throws {LazyCycleError} the computation needs its own value
   */
  *[Symbol.iterator](): Generator<Effect, T, unknown> {
    const result = yield* this.outcomes();
    if (result.ok) return result.value;
    throw result.error;
  }

  /** @internal Has the next waiter compute the value, if it still has to be. */
  wakeNext(): void {
    if (this.outcome === undefined && this.forcing === undefined) this.waiters.serve()?.complete(undefined);
  }

  private *force(task: TaskCell): Operation<Result<T>> {
    this.forcing = task;
    try {
      const answer = this.fn();
      this.outcome = { ok: true, value: isOperation(answer) ? yield* answer : answer };
    } catch (error) {
      if (isCancelled(error)) throw error;
      this.outcome = { ok: false, error };
    } finally {
      this.forcing = undefined;
      if (this.outcome === undefined) this.wakeNext();
      else
        for (let op = this.waiters.serve(); op !== undefined; op = this.waiters.serve())
          op.complete(undefined);
    }
    return this.outcome;
  }
}

/** Generators and the operations of this package are their own iterators; values such as arrays are not. */
function isOperation<T>(answer: T | Operation<T>): answer is Operation<T> {
  return typeof answer === "object" && answer !== null && Symbol.iterator in answer && "next" in answer;
}

class ForceOp extends Waiting<void> {
  private readonly lazy: Lazy<unknown>;
  private readonly line: Line<ForceOp>;

  constructor(lazy: Lazy<unknown>, line: Line<ForceOp>) {
    super();
    this.lazy = lazy;
    this.line = line;
  }

  get label(): string {
    return "Lazy";
  }

  protected override again(): ForceOp {
    return new ForceOp(this.lazy, this.line);
  }

  override begin(task: TaskCell): number {
    task.wait = this;
    this.task = task;
    this.line.join(this);
    return WAIT;
  }

  override stop(): void {
    this.line.leave(this);
  }

  override abandon(): void {
    this.lazy.wakeNext();
  }
}
