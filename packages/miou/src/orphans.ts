import { tracked } from "./note.ts";
import { answer, DONE, type Op, offer, RESUME, refuseSecond, running, Single, taken, WAIT } from "./op.ts";
import { cell, FAILED, SETTLED, type TaskCell, type Watcher } from "./task.ts";
import type { Effect, Operation, Result, Task } from "./types.ts";

/** At most this many settled members take part in the draw of `next`, so that its cost does not grow with them. */
const DRAW = 8;

/** What `care` answers. */
export type Care<T> =
  | { readonly status: "empty" }
  | { readonly status: "pending" }
  | { readonly status: "ready"; readonly task: Task<T> };

/**
 * Collects background children (`spawn(fn, { orphans })`), so that a task that starts many need not keep their handles.
 * It belongs to the first task that uses it. Members stay children: each must still be consumed.
 */
export class Orphans<T> {
  private owner: TaskCell | undefined = undefined;
  private readonly members = new Set<TaskCell>();
  /** In order of settlement. */
  private readonly over = new Set<TaskCell>();
  private readonly succeeded = new Set<TaskCell>();
  private readonly watcher: Watcher = {
    settled: (task) => {
      if (!this.members.has(task)) return;
      this.over.add(task);
      if ((task.flags & FAILED) === 0) this.succeeded.add(task);
    },
    consumed: (task) => this.remove(task),
  };

  /** Members not handed back yet. */
  get size(): number {
    return this.members.size;
  }

  /**
   * Hands back one settled member, the first to settle, without waiting. It must then be awaited, which does not wait
   * either, or cancelled.
   *
   * @throws {TypeError} the collector belongs to another task
   */
  care(): Care<T> {
    this.claim("care");
    const task = first(this.over);
    if (task !== undefined) {
      this.remove(task);
      return { status: "ready", task: task as Task<T> };
    }
    return { status: this.members.size === 0 ? "empty" : "pending" };
  }

  /** {@link care} for callers who need not tell "empty" from "pending". */
  takeSettled(): Task<T> | undefined {
    const care = this.care();
    return care.status === "ready" ? care.task : undefined;
  }

  /**
   * Hands back the oldest member, settled or not. It must be awaited or cancelled.
   *
   * @throws {TypeError} the collector belongs to another task
   */
  take(): Task<T> | undefined {
    this.claim("take");
    const task = first(this.members);
    if (task !== undefined) this.remove(task);
    return task as Task<T> | undefined;
  }

  /**
   * Waits for one member to settle, consumes it, and answers its outcome: a success if one is there, drawn among equals.
   * `undefined` at once when there is no member.
   *
   * @throws {TypeError} the collector belongs to another task
   */
  next(): Operation<Result<T> | undefined> {
    return tracked(new NextOp(this as Orphans<unknown>), this.next) as Op<unknown> as Op<
      Result<T> | undefined
    >;
  }

  /** Consumes every member, calling `fn` with each outcome. */
  drain(fn?: (outcome: Result<T>) => void): Operation<void> {
    return tracked(this.draining(fn), this.drain);
  }

  /** Cancels every member, together, and waits for all of them. */
  cancelAll(reason?: unknown): Operation<void> {
    return tracked(this.cancelling(reason), this.cancelAll);
  }

  /** @internal Throws unless the running task owns the collector, which it may become. */
  claim(call: string): void {
    const task = running(call);
    this.owner ??= task.principal;
    if (this.owner !== task.principal)
      throw new TypeError(`${call}: this collector belongs to ${this.owner}`);
  }

  /** @internal */
  add(task: Task<T>): void {
    const member = cell("orphans", task);
    this.members.add(member);
    member.watch(this.watcher);
  }

  /** @internal A settled member for `next`, or undefined. */
  draw(below: (bound: number) => number): TaskCell | undefined {
    const from = this.succeeded.size > 0 ? this.succeeded : this.over;
    if (from.size === 0) return undefined;
    let skip = from.size === 1 ? 0 : below(Math.min(from.size, DRAW));
    for (const task of from) if (skip-- === 0) return task;
    return undefined;
  }

  /** @internal */
  get anySettled(): boolean {
    return this.over.size > 0;
  }

  private *draining(fn?: (outcome: Result<T>) => void): Operation<void> {
    for (let outcome = yield* this.next(); outcome !== undefined; outcome = yield* this.next()) fn?.(outcome);
  }

  private *cancelling(reason: unknown): Operation<void> {
    this.claim("cancelAll");
    const members = [...this.members];
    for (const task of members) task.scheduler.cancelChild(task, reason, false);
    for (const task of members) yield* task.cancel();
  }

  private remove(task: TaskCell): void {
    this.members.delete(task);
    this.over.delete(task);
    this.succeeded.delete(task);
  }
}

function first<T>(set: ReadonlySet<T>): T | undefined {
  for (const item of set) return item;
  return undefined;
}

class NextOp extends Single<Result<unknown> | undefined> {
  task: TaskCell | undefined = undefined;
  readonly label = "Orphans.next";
  private readonly orphans: Orphans<unknown>;

  constructor(orphans: Orphans<unknown>) {
    super();
    this.orphans = orphans;
  }

  override next(resumed?: unknown): IteratorResult<Effect, Result<unknown> | undefined> {
    if (resumed === undefined) {
      refuseSecond(this);
      this.orphans.claim("next");
      return offer(this);
    }
    if (resumed !== RESUME) return taken(this);
    const { random } = running("next").scheduler;
    const task = this.orphans.draw((bound) => random.below(bound));
    task?.consume();
    return answer(task?.outcome());
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    return this.orphans.anySettled || this.orphans.size === 0 ? DONE : WAIT;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if ((child.flags & SETTLED) !== 0 && this.orphans.anySettled) task.scheduler.wake(task, undefined, false);
  }
}
