import { isCancelled } from "./is-cancelled.ts";
import { Line, Waiting } from "./line.ts";
import { tracked } from "./note.ts";
import { answer, DONE, RESUME, WAIT } from "./op.ts";
import { type TaskCell, THROW } from "./task.ts";
import { Trigger } from "./trigger.ts";
import type { Awaitable, Effect, Operation, Result } from "./types.ts";

/**
 * A value to come, set once, that any number of tasks may wait for, related or not. It may be completed from
 * anywhere: tasks, callbacks, event sources.
 */
export class Computation<T> implements Awaitable<T> {
  private outcome: Result<T> | undefined = undefined;
  private readonly waiters = new Line<ComputationOp>();
  private readonly triggers = new Set<Trigger>();

  /** Completes with `value`; false when it was completed before. */
  tryReturn(value: T): boolean {
    return this.complete({ ok: true, value });
  }

  /** Completes with `error`; false when it was completed before. */
  tryFail(error: unknown): boolean {
    return this.complete({ ok: false, error });
  }

  /**
   * Runs `fn` and completes with its value or its error; false when it was completed meanwhile.
   *
   * @throws {CancelledError} the running task was cancelled; the computation is completed with that error
   */
  tryCapture(fn: () => Operation<T>): Operation<boolean> {
    return tracked(this.capture(fn), this.tryCapture);
  }

  private *capture(fn: () => Operation<T>): Operation<boolean> {
    try {
      return this.tryReturn(yield* fn());
    } catch (error) {
      const won = this.tryFail(error);
      if (isCancelled(error)) throw error;
      return won;
    }
  }

  get isRunning(): boolean {
    return this.outcome === undefined;
  }

  /** The error it was completed with, if it was. */
  get error(): unknown {
    return this.outcome?.ok === false ? this.outcome.error : undefined;
  }

  /** A point at which a long computation may notice that it was failed by somebody else. @throws its error */
  throwIfFailed(): void {
    if (this.outcome?.ok === false) throw this.outcome.error;
  }

  peek(): Result<T> | undefined {
    return this.outcome;
  }

  /** Has `trigger` signaled on completion; false when it is completed, or the trigger signaled, already. */
  tryAttach(trigger: Trigger): boolean {
    if (this.outcome !== undefined || trigger.isSignaled) return false;
    this.triggers.add(trigger);
    return true;
  }

  /** Removes `trigger`, and signals it. */
  detach(trigger: Trigger): void {
    if (this.triggers.delete(trigger)) trigger.signal();
  }

  /** Forgets the attached triggers that were signaled by somebody else. */
  clean(): void {
    for (const trigger of this.triggers) if (trigger.isSignaled) this.triggers.delete(trigger);
  }

  /** How many triggers are attached. */
  get attached(): number {
    return this.triggers.size;
  }

  result(): Operation<Result<T>> {
    const op = new ComputationOp(this as Computation<unknown>, true);
    return tracked(op, this.result) as Waiting<unknown> as Waiting<Result<T>>;
  }

  [Symbol.iterator](): Iterator<Effect, T, unknown> {
    return new ComputationOp(this as Computation<unknown>, false) as Waiting<unknown> as Waiting<T>;
  }

  /** A trigger that copies a failure of `from` into `into` when it is signaled: attach it to `from`. */
  static canceller(from: Computation<unknown>, into: Computation<unknown>): Trigger {
    const trigger = new Trigger();
    trigger.onSignal(() => {
      const outcome = from.peek();
      if (outcome?.ok === false) into.tryFail(outcome.error);
    });
    return trigger;
  }

  /** @internal */
  get line(): Line<ComputationOp> {
    return this.waiters;
  }

  private complete(outcome: Result<T>): boolean {
    if (this.outcome !== undefined) return false;
    this.outcome = outcome;
    for (let op = this.waiters.serve(); op !== undefined; op = this.waiters.serve()) op.deliver(outcome);
    let failure: { readonly error: unknown } | undefined;
    for (const trigger of this.triggers) {
      this.triggers.delete(trigger);
      try {
        trigger.signal();
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
    return true;
  }
}

class ComputationOp extends Waiting<unknown> {
  readonly label = "Computation";
  private readonly computation: Computation<unknown>;
  private readonly asResult: boolean;

  constructor(computation: Computation<unknown>, asResult: boolean) {
    super();
    this.computation = computation;
    this.asResult = asResult;
  }

  protected override again(): ComputationOp {
    return new ComputationOp(this.computation, this.asResult);
  }

  override next(resumed?: unknown): IteratorResult<Effect, unknown> {
    return resumed === RESUME && this.asResult ? answer(this.computation.peek()) : super.next(resumed);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    const outcome = this.computation.peek();
    if (outcome === undefined) {
      this.computation.line.join(this);
      return WAIT;
    }
    if (outcome.ok) task.value = outcome.value;
    else if (!this.asResult) {
      task.value = outcome.error;
      task.flags |= THROW;
    }
    return DONE;
  }

  deliver(outcome: Result<unknown>): void {
    if (outcome.ok) this.complete(outcome.value);
    else this.complete(outcome.error, !this.asResult);
  }

  override stop(): void {
    this.computation.line.leave(this);
  }
}
