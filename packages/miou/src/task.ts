import type { CancelledError } from "./errors.ts";
import { NotAChildError } from "./errors.ts";
import { note } from "./note.ts";
import {
  answer,
  type Contest,
  DONE,
  Op,
  offer,
  RESUME,
  refuseSecond,
  running,
  Single,
  slot,
  taken,
  WAIT,
} from "./op.ts";
import type { Scheduler } from "./scheduler.ts";
import type { CancelOptions, Effect, Operation, Result, Task } from "./types.ts";

// The bits of `TaskCell.flags`.
/** To be resumed: with `value`, thrown when THROW is set. */
export const READY = 1;
export const THROW = 2;
/** The body has not been entered: `next` gets no resumption. */
export const FRESH = 4;
/** The body is not a plain generator. */
export const FOREIGN = 8;
export const STARTED = 16;
/** In the urgent queue. */
export const URGENT = 64;
/** Cancellation was accepted: the outcome is `cancelled`, whatever the body does. */
export const CANCELLED = 128;
/** Waits for its children to settle, before it unwinds or closes; children are forgotten as they settle. */
export const CANCELLING = 256;
/** `CancelledError` was thrown into the body: cleanup runs, masked. */
export const UNWINDING = 512;
/** The body has ended; `value` is the outcome. */
export const ENDED = 1024;
export const FAILED = 2048;
export const SETTLED = 4096;
/** In a `shield`: a cancellation is kept for its end. */
export const SHIELDED = 8192;
export const CANCEL_PENDING = 16384;
/** Cleanup is cut short at its next suspension. */
export const FORCE = 32768;
/** Its parent waits for it together with others. */
export const GROUPED = 65536;
/** Exited rather than finished; unlike FAILED it is not changed by a later cancel. */
export const EXITED = 131072;
/** What it waits in may be out of its reach: see `contest`. */
export const CONTESTED = 262144;
/** It runs a part of its parent's work, and acts for it: see `ScopeOp`. */
export const SCOPE = 524288;
/** The bits from here on count entries of the normal queue that are to be skipped: the task was cancelled while READY. */
export const STALE = 1048576;

/** Something a task holds, which must not outlive it: a resource or a locked mutex. */
export interface Holding {
  readonly label: string;
  /** The neighbours in the holder's list, newest first. */
  older: Holding | undefined;
  newer: Holding | undefined;
  /** The holder ends: lets go. May throw; the error is reported. */
  lapse(): unknown;
  /** Another task holds it from now on. */
  moveTo(task: TaskCell): void;
}

/** Told about a task, besides its parent. */
export interface Watcher {
  /** The task is being cancelled; it has not seen it yet. Must not run foreign code. */
  cancelled?(task: TaskCell): void;
  settled?(task: TaskCell): void;
  consumed?(task: TaskCell): void;
}

/** What most tasks never need. */
export class Extra {
  name = "";
  /** The callers of the running frame: see `sub`. */
  frames: Iterator<unknown, unknown, unknown>[] | undefined = undefined;
  /** The child that acts for the task, while it waits for that: see `ScopeOp`. */
  scope: TaskCell | undefined = undefined;
  /** How many `shield` regions the task is in. */
  shields = 0;
  /** Newest first. */
  holdings: Holding | undefined = undefined;
  /** Cleanup to run when the body ends: see `ensure`. */
  ensures: { run(): Iterator<unknown, unknown, unknown> } | undefined = undefined;
  /** The outcome, while `ensures` runs. */
  outcome: unknown = undefined;
  watchers: Watcher[] | undefined = undefined;
  suppressed: unknown[] | undefined = undefined;
  /** What another task has thrown, and where: see `contest`. */
  contest: Contest | undefined = undefined;
  /** Only while tracing: where it was spawned, and when it was cancelled. */
  spawnedAt: string | undefined = undefined;
  cancelledAt: number | undefined = undefined;
}

let created = 0;
const none: readonly unknown[] = Object.freeze([]);

/** A task: the scheduler's view of {@link Task}. Its own await is an operation without state, thus the task itself. */
export class TaskCell extends Op<unknown> implements Task<unknown> {
  static {
    // What a console shows of a task: its fields are the scheduler's.
    Object.defineProperty(TaskCell.prototype, Symbol.for("nodejs.util.inspect.custom"), {
      value(this: TaskCell): string {
        return `[${this}]`;
      },
    });
  }

  readonly uid: number = ++created;
  readonly scheduler: Scheduler;
  parent: TaskCell | undefined;
  flags: number = READY | FRESH;
  /** The function before it starts, then the iterator of the innermost frame, then nothing. */
  body: (() => Operation<unknown>) | Iterator<unknown, unknown, unknown> | undefined;
  /** What to resume with; once ENDED the outcome. */
  value: unknown = undefined;
  /** What the task waits on, or has completed but not yet received. */
  wait: Op<unknown> | undefined = undefined;
  cancelled: CancelledError | undefined = undefined;
  /** The newest unconsumed child. */
  child: TaskCell | undefined = undefined;
  older: TaskCell | undefined = undefined;
  newer: TaskCell | undefined = undefined;
  extra: Extra | undefined = undefined;

  constructor(scheduler: Scheduler, parent: TaskCell | undefined, body: () => Operation<unknown>) {
    super();
    this.scheduler = scheduler;
    this.parent = parent;
    this.body = body;
    if (parent !== undefined) this.link(parent);
  }

  override get label(): string {
    return `await ${this}`;
  }

  get name(): string {
    return this.extra === undefined ? "" : this.extra.name;
  }

  get state(): "running" | "finished" | "exited" {
    if ((this.flags & SETTLED) === 0) return "running";
    return (this.flags & EXITED) === 0 ? "finished" : "exited";
  }

  get suppressed(): readonly unknown[] {
    return this.extra?.suppressed ?? none;
  }

  override toString(): string {
    return this.name === "" ? `task ${this.uid}` : `task ${this.uid} (${this.name})`;
  }

  result(): Operation<Result<unknown>> {
    const op = new ResultOp(this);
    return note?.(op, this.result, slot.task) ?? op;
  }

  cancel(options?: CancelOptions): Operation<void> {
    const op = new CancelOp(this, options);
    return note?.(op, this.cancel, slot.task) ?? op;
  }

  /** The rarely used half, created on demand. */
  more(): Extra {
    this.extra ??= new Extra();
    return this.extra;
  }

  watch(watcher: Watcher): void {
    const extra = this.more();
    if (extra.watchers === undefined) extra.watchers = [watcher];
    else extra.watchers.push(watcher);
  }

  suppress(error: unknown): void {
    const extra = this.more();
    if (extra.suppressed === undefined) extra.suppressed = [error];
    else extra.suppressed.push(error);
  }

  /**
   * Another task has thrown `error` through what iterates over `op`, in which this one waits. A generator in between has
   * ended by that, and would give `undefined` for a value: the task is thus resumed with that error, which `op`, if it is
   * reached, turns into what was waited for.
   */
  contest(op: Op<unknown>, error: unknown): void {
    this.more().contest = { op, error, depth: op.depth };
    this.flags |= CONTESTED;
  }

  /** The task for which this one acts: itself, but in a scope. What belongs to a task is its principal's. */
  get principal(): TaskCell {
    let task: TaskCell = this;
    while ((task.flags & SCOPE) !== 0) task = task.parent as TaskCell;
    return task;
  }

  /** `child`, of the task for which this one acts, has settled. */
  hear(child: TaskCell): void {
    if ((this.flags & READY) === 0) this.wait?.settled(this, child);
  }

  /** Makes the task the newest child of `parent`, its own. */
  link(parent: TaskCell): void {
    const newest = parent.child;
    if (newest !== undefined) {
      newest.newer = this;
      this.older = newest;
    }
    parent.child = this;
  }

  /** Removes the task from its parent's children. Idempotent. */
  unlink(): void {
    const { parent, older, newer } = this;
    if (older !== undefined) {
      older.newer = newer;
      this.older = undefined;
    }
    if (newer !== undefined) {
      newer.older = older;
      this.newer = undefined;
    } else if (parent !== undefined && parent.child === this) parent.child = older;
  }

  /** Discharges the parent's obligation. */
  consume(): void {
    this.unlink();
    const { extra } = this;
    if (extra?.watchers !== undefined) for (const watcher of extra.watchers) watcher.consumed?.(this);
  }

  /** Throws unless the running task is the parent, or acts for it. */
  assertChild(call: string): void {
    const task = running(call);
    if (this.parent === task) return;
    if ((this.flags & SCOPE) !== 0 || this.parent?.principal !== task.principal)
      throw new NotAChildError(call, task, this);
  }

  override get performer(): TaskCell | undefined {
    let task = this.parent;
    while (task !== undefined && task.wait !== this) task = task.extra?.scope;
    return task;
  }

  override next(resumed?: unknown): IteratorResult<Effect, unknown> {
    if (resumed !== undefined)
      return resumed === RESUME ? answer((slot.task as TaskCell).value) : taken(this);
    if (this.parent !== slot.task || slot.task === undefined) {
      try {
        this.assertChild("await");
      } catch (error) {
        // What it is thrown through may be the generator in which the parent waits for this.
        this.performer?.contest(this, error);
        throw error;
      }
    }
    return offer(this);
  }

  override begin(task: TaskCell): number {
    if ((this.flags & SETTLED) === 0) {
      task.wait = this;
      return WAIT;
    }
    this.consume();
    task.value = this.value;
    if ((this.flags & FAILED) !== 0) task.flags |= THROW;
    return DONE;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if (child !== this) return;
    this.consume();
    task.scheduler.wake(task, this.value, (this.flags & FAILED) !== 0);
  }

  /** The outcome of the settled task. */
  outcome(): Result<unknown> {
    return (this.flags & FAILED) === 0 ? { ok: true, value: this.value } : { ok: false, error: this.value };
  }
}

/** `task` as the scheduler sees it. */
export function cell(call: string, task: unknown): TaskCell {
  if (task instanceof TaskCell) return task;
  throw new TypeError(`${call}: not a task: pass what spawn returned`);
}

/** `task.result()`. */
class ResultOp extends Single<Result<unknown>> {
  task: TaskCell | undefined = undefined;
  private readonly child: TaskCell;

  constructor(child: TaskCell) {
    super();
    this.child = child;
  }

  get label(): string {
    return this.child.label;
  }

  override next(resumed?: unknown): IteratorResult<Effect, Result<unknown>> {
    if (resumed !== undefined) return resumed === RESUME ? answer(this.child.outcome()) : taken(this);
    if (this.task !== undefined) refuseSecond(this);
    this.child.assertChild("result");
    return offer(this);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    if ((this.child.flags & SETTLED) === 0) return WAIT;
    this.child.consume();
    return DONE;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if (child !== this.child) return;
    child.consume();
    task.scheduler.wake(task, undefined, false);
  }
}

/** `task.cancel()`. */
class CancelOp extends Single<void> {
  task: TaskCell | undefined = undefined;
  private readonly child: TaskCell;
  private readonly options: CancelOptions | undefined;

  constructor(child: TaskCell, options: CancelOptions | undefined) {
    super();
    this.child = child;
    this.options = options;
  }

  get label(): string {
    return `cancel ${this.child}`;
  }

  override next(resumed?: unknown): IteratorResult<Effect, void> {
    if (resumed !== undefined) return resumed === RESUME ? answer(undefined) : taken(this);
    if (this.task !== undefined) refuseSecond(this);
    this.child.assertChild("cancel");
    return offer(this);
  }

  override begin(task: TaskCell): number {
    const { options } = this;
    this.task = task;
    task.scheduler.cancelChild(this.child, options?.reason, options?.force === true);
    task.wait = this;
    if ((this.child.flags & SETTLED) === 0) return WAIT;
    this.child.consume();
    return DONE;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if (child !== this.child) return;
    child.consume();
    task.scheduler.wake(task, undefined, false);
  }
}
