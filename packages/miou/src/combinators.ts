import { tracked } from "./note.ts";
import { answer, DONE, type Op, offer, RESUME, refuseSecond, Single, slot, taken, WAIT } from "./op.ts";
import { cell, FAILED, GROUPED, SETTLED, type TaskCell } from "./task.ts";
import type { Awaitable, Effect, Operation, Result, Results, Task, ValueOf, Values } from "./types.ts";

/**
 * Waits for some of the children of one task. A task waits for one thing at a time, so a bit on each child says
 * whether it concerns the group: nothing is searched when one settles.
 */
abstract class Group<T> extends Single<T> {
  task: TaskCell | undefined = undefined;
  readonly label: string;
  protected readonly tasks: readonly TaskCell[];
  /** Members that have not settled. */
  protected pending = 0;

  constructor(call: string, tasks: readonly Task<unknown>[]) {
    super();
    this.label = call;
    this.tasks = tasks.map((task) => cell(call, task));
  }

  override [Symbol.iterator](): Iterator<Effect, T, unknown> {
    return this.task === undefined ? this : this.again();
  }

  /** Offers itself; at the start if all members are children of the running task. */
  protected start(call: string, resumed: unknown): IteratorResult<Effect, T> {
    if (resumed !== undefined) return taken(this);
    refuseSecond(this);
    for (const task of this.tasks) task.assertChild(call);
    return offer(this);
  }

  /** Marks and counts the members that have not settled. */
  protected gather(): void {
    this.pending = 0;
    for (const task of this.tasks) {
      if ((task.flags & (SETTLED | GROUPED)) !== 0) continue;
      task.flags |= GROUPED;
      this.pending++;
    }
  }

  protected scatter(): void {
    for (const task of this.tasks) task.flags &= ~GROUPED;
  }

  protected consume(): void {
    this.scatter();
    for (const task of this.tasks) task.consume();
  }

  override stop(): void {
    this.scatter();
  }

  override abandon(): void {
    this.scatter();
  }
}

/** `race` and `oneOf`: the first settled, then for `race` the end of the others. */
class FirstOp extends Group<unknown> {
  private readonly call: "race" | "oneOf";
  private readonly asResult: boolean;
  private winner: TaskCell | undefined = undefined;

  constructor(call: "race" | "oneOf", tasks: readonly Task<unknown>[], asResult: boolean) {
    if (tasks.length === 0) throw new RangeError(`${call}: the list is empty: there is nothing to wait for`);
    super(call, tasks);
    this.call = call;
    this.asResult = asResult;
  }

  result(): Operation<Result<unknown>> {
    return tracked(new FirstOp(this.call, this.tasks, true), this.result) as Op<unknown> as Op<
      Result<unknown>
    >;
  }

  protected override again(): FirstOp {
    return new FirstOp(this.call, this.tasks, this.asResult);
  }

  override next(resumed?: unknown): IteratorResult<Effect, unknown> {
    if (resumed !== RESUME) return this.start(this.call, resumed);
    if (this.winner === undefined) {
      this.winner = this.pick();
      this.scatter();
      if (this.call === "race" && this.cancelOthers(this.winner)) return offer(this);
    }
    const { winner } = this;
    this.winner = undefined;
    if (this.call === "race") this.consume();
    else winner.consume();
    if (this.asResult) return answer(winner.outcome());
    if ((winner.flags & FAILED) !== 0) throw winner.value;
    return answer(winner.value);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    this.gather();
    if (this.winner !== undefined) return this.pending === 0 ? DONE : WAIT;
    return this.tasks.some((child) => (child.flags & SETTLED) !== 0) ? DONE : WAIT;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if ((child.flags & GROUPED) === 0) return;
    child.flags &= ~GROUPED;
    this.pending--;
    if (this.winner === undefined || this.pending === 0) task.scheduler.wake(task, undefined, false);
  }

  /** One of the settled, a success if there is one, at random among equals. */
  private pick(): TaskCell {
    const settled = this.tasks.filter((task) => (task.flags & SETTLED) !== 0);
    const successes = settled.filter((task) => (task.flags & FAILED) === 0);
    const candidates = successes.length > 0 ? successes : settled;
    const { random } = (slot.task as TaskCell).scheduler;
    return candidates[candidates.length === 1 ? 0 : random.below(candidates.length)] as TaskCell;
  }

  /** Cancels those that still run; answers whether there are any. */
  private cancelOthers(winner: TaskCell): boolean {
    let some = false;
    for (const task of this.tasks) {
      if (task === winner || (task.flags & SETTLED) !== 0) continue;
      task.scheduler.cancelChild(task, undefined, false);
      some = true;
    }
    return some;
  }
}

/**
 * Waits for the first of `tasks` to settle, cancels the others, and returns when all of them have settled. Among those
 * that settled at once a success is preferred, then one is drawn. All of them are consumed; the losers' outcomes
 * remain available to their parent.
 *
 * @throws the winner's error, if no success was there when the caller woke
 * @throws {RangeError} the list is empty
 * @throws {NotAChildError} one of them is not a child of the running task; nothing has been cancelled
 */
export function race<T>(tasks: readonly Task<T>[]): Awaitable<T>;
export function race<const Ts extends readonly Task<unknown>[]>(tasks: Ts): Awaitable<ValueOf<Ts>>;
export function race(tasks: readonly Task<unknown>[]): Awaitable<unknown> {
  return tracked(new FirstOp("race", tasks, false), race);
}

/**
 * Waits for the first of `tasks` to settle, with the same choice as {@link race}. Only that one is consumed: the others
 * go on, and must still be awaited or cancelled.
 *
 * @throws the winner's error, if no success was there when the caller woke
 * @throws {RangeError} the list is empty
 * @throws {NotAChildError} one of them is not a child of the running task
 */
export function oneOf<T>(tasks: readonly Task<T>[]): Awaitable<T>;
export function oneOf<const Ts extends readonly Task<unknown>[]>(tasks: Ts): Awaitable<ValueOf<Ts>>;
export function oneOf(tasks: readonly Task<unknown>[]): Awaitable<unknown> {
  return tracked(new FirstOp("oneOf", tasks, false), oneOf);
}

/** `allSettled`. */
class SettledOp extends Group<Result<unknown>[]> {
  protected override again(): SettledOp {
    return new SettledOp(this.label, this.tasks);
  }

  override next(resumed?: unknown): IteratorResult<Effect, Result<unknown>[]> {
    if (resumed !== RESUME) return this.start(this.label, resumed);
    this.consume();
    return answer(this.tasks.map((task) => task.outcome()));
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    this.gather();
    return this.pending === 0 ? DONE : WAIT;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if ((child.flags & GROUPED) === 0) return;
    child.flags &= ~GROUPED;
    if (--this.pending === 0) task.scheduler.wake(task, undefined, false);
  }
}

/**
 * Waits for all of `tasks`, whatever their outcomes, and returns these in the order of the list.
 *
 * @throws {NotAChildError} one of them is not a child of the running task; nothing has been consumed
 */
export function allSettled<const Ts extends readonly Task<unknown>[]>(tasks: Ts): Operation<Results<Ts>> {
  return tracked(new SettledOp("allSettled", tasks), allSettled) as Op<unknown> as Op<Results<Ts>>;
}

/** `all`: every value, or the first error and the end of the others. */
class AllOp extends Group<unknown[]> {
  private failure: TaskCell | undefined = undefined;
  private stopping = false;

  protected override again(): AllOp {
    return new AllOp(this.label, this.tasks);
  }

  override next(resumed?: unknown): IteratorResult<Effect, unknown[]> {
    if (resumed !== RESUME) return this.start(this.label, resumed);
    const { failure } = this;
    if (failure !== undefined && !this.stopping) {
      this.stopping = true;
      this.scatter();
      let some = false;
      for (const task of this.tasks) {
        if ((task.flags & SETTLED) !== 0) continue;
        task.scheduler.cancelChild(task, failure.value, false);
        some = true;
      }
      if (some) return offer(this);
    }
    this.failure = undefined;
    this.stopping = false;
    this.consume();
    if (failure !== undefined) throw failure.value;
    return answer(this.tasks.map((task) => task.value));
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    this.gather();
    if (!this.stopping) {
      // Which of several failed first is not recorded: list order decides among those that settled before the call.
      this.failure = this.tasks.find(
        (child) => (child.flags & SETTLED) !== 0 && (child.flags & FAILED) !== 0,
      );
      if (this.failure !== undefined) return DONE;
    }
    return this.pending === 0 ? DONE : WAIT;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if ((child.flags & GROUPED) === 0) return;
    child.flags &= ~GROUPED;
    this.pending--;
    if (!this.stopping && (child.flags & FAILED) !== 0) {
      this.failure = child;
      task.scheduler.wake(task, undefined, false);
    } else if (this.pending === 0) {
      task.scheduler.wake(task, undefined, false);
    }
  }
}

/**
 * Waits for all of `tasks` and returns their values in the order of the list. The first error (earliest settlement,
 * then list order) cancels the others, waits for them, and is thrown.
 *
 * @throws the first error, the same object
 * @throws {NotAChildError} one of them is not a child of the running task
 */
export function all<const Ts extends readonly Task<unknown>[]>(tasks: Ts): Operation<Values<Ts>> {
  return tracked(new AllOp("all", tasks), all) as Op<unknown> as Op<Values<Ts>>;
}

/**
 * {@link all} for two tasks.
 *
 * @throws the first error, the same object
 */
export function both<A, B>(a: Task<A>, b: Task<B>): Operation<[A, B]> {
  return tracked(new AllOp("both", [a, b]), both) as Op<unknown> as Op<[A, B]>;
}
