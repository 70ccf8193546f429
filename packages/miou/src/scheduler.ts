import { CancelledError, ResourceLeakedError, StillHasChildrenError } from "./errors.ts";
import { CALL, type Contest, type Op, PASS, RESUME, START, slot, WAIT, yielded } from "./op.ts";
import { Random } from "./random.ts";
import { Ring } from "./ring.ts";
import {
  CANCEL_PENDING,
  CANCELLED,
  CANCELLING,
  CONTESTED,
  ENDED,
  EXITED,
  FAILED,
  FORCE,
  FOREIGN,
  FRESH,
  type Holding,
  READY,
  SCOPE,
  SETTLED,
  SHIELDED,
  STALE,
  STARTED,
  TaskCell,
  THROW,
  UNWINDING,
  URGENT,
} from "./task.ts";
import { Timers } from "./timers.ts";
import { emit, follow, report, tracing } from "./trace.ts";
import type { Operation } from "./types.ts";

type Frame = Iterator<unknown, unknown, unknown>;

/** `next` of every generator: calling it directly spares a megamorphic look-up a step. */
const generatorNext: Generator["next"] = Object.getPrototypeOf(
  (function* (): Generator<unknown, void, unknown> {
    yield;
  })(),
).next;

/** What a run may configure. */
export interface SchedulerOptions {
  readonly quanta: number;
  readonly seed: number | bigint;
  readonly order: "fifo" | "random";
  readonly cleanup: "suspend" | "sync";
  readonly cleanupTimeoutNs: number | undefined;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
  /** `MIOU_ASSERT`: at its end a run checks that it has left nothing behind. */
  readonly asserts: boolean;
}

/** Cleanup that took longer, in ms, is worth a trace event. */
const SLOW_CLEANUP = 1000;

/** How often a body is closed before it is given up: a `finally` may suspend again and again. */
const MAX_CLOSES = 1000;

/** Runs the tasks of one tree. Knows no host: who drives it calls `steps` while something is ready. */
export class Scheduler {
  readonly random: Random;
  readonly timers: Timers = new Timers();
  readonly now: () => number;
  readonly root: TaskCell;
  /** Ready tasks, in order. */
  readonly ready: Ring<TaskCell> = new Ring();
  /** Tasks to unwind or to close. */
  private readonly urgent: Ring<TaskCell> = new Ring();
  /** What callbacks of the outside asked for; done between two slices. */
  private requests: (() => void)[] = [];
  /** Called at each step, newest first. */
  hooks: readonly (() => void)[] = [];
  /** There may be more to do than to run the first ready task: `requests`, `hooks`, `urgent`, a task to draw. */
  private attention = false;
  /** Set by whoever drives: called when a task becomes ready while `idle`. */
  awake: () => void = () => {};
  idle = false;
  /** The first broken rule. */
  violation: unknown = undefined;
  /** A failure of the machinery: an event source that threw, a deadlock. */
  failure: unknown = undefined;
  failed = false;
  /** The root has settled, and with it every task. */
  done = false;
  /** Tasks that have not settled. */
  live = 0;
  /** Waits that only the outside can end. */
  externals = 0;
  /** Suspension points whose wait was given up, to be told to the event source. */
  abandoned: number[] = [];
  /** What has to end after the root, before the run does: handlers of signals, other domains. */
  readonly closers: Set<() => PromiseLike<unknown>> = new Set();
  stepCount = 0;
  turns = 0;
  lateTurns = 0;
  maxReady = 0;
  private readonly quanta: number;
  private readonly shuffled: boolean;
  private readonly syncCleanup: boolean;
  /** In milliseconds. */
  readonly cleanupTimeout: number | undefined;
  readonly asserts: boolean;

  constructor(main: () => Operation<unknown>, options: SchedulerOptions) {
    this.random = new Random(options.seed);
    this.now = options.now;
    this.quanta = options.quanta;
    this.asserts = options.asserts;
    this.shuffled = options.order === "random";
    this.syncCleanup = options.cleanup === "sync";
    this.cleanupTimeout = options.cleanupTimeoutNs === undefined ? undefined : options.cleanupTimeoutNs / 1e6;
    this.attention = this.shuffled;
    this.root = this.spawn(undefined, main);
  }

  /** Whether something can be run now. */
  get isReady(): boolean {
    return this.ready.length > 0 || this.urgent.length > 0 || this.requests.length > 0;
  }

  spawn(parent: TaskCell | undefined, body: () => Operation<unknown>): TaskCell {
    const task = new TaskCell(this, parent, body);
    this.live++;
    this.ready.push(task);
    if (tracing.on) emit({ type: "spawn", task, parent });
    return task;
  }

  // ---- queues

  /** Completes the wait of `task`. */
  wake(task: TaskCell, value: unknown, failed: boolean): void {
    task.value = value;
    task.flags |= failed ? READY | THROW : READY;
    if (tracing.on) emit({ type: "resume", task });
    this.ready.push(task);
    if (this.idle) this.leaveIdle();
  }

  private enqueue(task: TaskCell): void {
    this.ready.push(task);
    if (this.idle) this.leaveIdle();
  }

  /** Wakes `task` ahead of the ready ones: its timer has expired. */
  wakeFirst(task: TaskCell): void {
    task.value = undefined;
    task.flags |= READY;
    if (tracing.on) emit({ type: "resume", task });
    this.ready.unshift(task);
  }

  /** Has `request` done between two slices: for callbacks of the outside, which may come at any moment. */
  later(request: () => void): void {
    this.requests.push(request);
    this.attention = true;
    if (this.idle) this.leaveIdle();
  }

  setHooks(hooks: readonly (() => void)[]): void {
    this.hooks = hooks;
    this.attention = true;
  }

  private leaveIdle(): void {
    this.idle = false;
    this.awake();
  }

  /** Requests and hooks, then one urgent task; answers whether there was one. */
  private attend(): boolean {
    const requests = this.requests;
    if (requests.length > 0) {
      slot.task = undefined;
      this.requests = [];
      for (const request of requests) request();
    }
    for (let i = this.hooks.length - 1; i >= 0; i--) {
      slot.task = undefined;
      const hook = this.hooks[i] as () => void;
      try {
        hook();
      } catch (error) {
        this.hooks = this.hooks.filter((other) => other !== hook);
        report(undefined, error);
      }
    }
    const { ready } = this;
    const urgent = this.urgent.shift();
    if (urgent !== undefined) {
      this.unwind(urgent);
      return true;
    }
    if (this.shuffled && ready.length > 1) ready.bringForward(this.random.below(ready.length));
    this.attention = this.shuffled || this.hooks.length > 0 || this.requests.length > 0;
    return false;
  }

  /** Whether a sleeper is due. */
  get isDue(): boolean {
    const { earliest } = this.timers;
    return earliest !== undefined && earliest <= this.now();
  }

  /** Wakes the sleepers whose deadline has passed, in order of deadline. */
  expire(): void {
    const { earliest } = this.timers;
    if (earliest === undefined) return;
    const now = this.now();
    if (earliest > now) return;
    const due = this.timers.takeDue(now);
    // Each goes to the front of the queue, so the last one first.
    for (let i = due.length - 1; i >= 0; i--) due[i]?.fire();
  }

  // ---- steps

  /** Runs up to `limit` slices; answers how many there were, which is less than `limit` only when nothing is ready. */
  steps(limit: number): number {
    if (this.ready.length > this.maxReady) this.maxReady = this.ready.length;
    slot.busy = true;
    const { ready } = this;
    let count = 0;
    try {
      while (count < limit) {
        if (this.attention && this.attend()) {
          count++;
          continue;
        }
        const task = ready.shift();
        if (task === undefined) break;
        if (task.flags >= STALE) {
          task.flags -= STALE;
          continue;
        }
        count++;
        this.step(task);
      }
    } finally {
      this.stepCount += count;
      slot.task = undefined;
      slot.busy = false;
    }
    return count;
  }

  /** One slice of `task`: up to `quanta` operations, or until it waits. */
  private step(task: TaskCell): void {
    slot.task = task;
    if (tracing.on) emit({ type: "begin", task });
    let quantum = this.quanta;
    for (;;) {
      const flags = task.flags;
      task.flags = flags & ~(READY | THROW | FRESH | CONTESTED);
      task.wait = undefined;
      let result: IteratorResult<unknown, unknown>;
      try {
        result =
          (flags & (THROW | FRESH | FOREIGN | CONTESTED)) === 0
            ? generatorNext.call(task.body as Generator, RESUME)
            : this.resumeRarely(task, flags);
      } catch (error) {
        if (task.extra !== undefined && popFrame(task)) {
          task.value = error;
          task.flags |= THROW;
          continue;
        }
        if (tracing.on) emit({ type: "end", task });
        this.end(task, true, error);
        return;
      }
      if (result.done === true) {
        if (task.extra !== undefined && popFrame(task)) {
          task.value = result.value;
          continue;
        }
        if (tracing.on) emit({ type: "end", task });
        this.end(task, false, result.value);
        return;
      }
      const op = result.value;
      const offered = op !== undefined && op === yielded.value;
      yielded.value = undefined;
      if (!offered || (task.flags & FORCE) !== 0) {
        if ((task.flags & FORCE) !== 0 && (task.flags & (UNWINDING | ENDED)) !== 0) {
          this.close(task);
          return;
        }
        if (!offered) {
          task.value = notAnOperation(op);
          task.flags |= THROW;
          if (--quantum > 0) continue;
          task.flags |= READY;
          this.ready.push(task);
          return;
        }
      }
      const answer = (op as Op<unknown>).begin(task);
      if (answer === WAIT) {
        if (tracing.on) traceWait(task);
        return;
      }
      if (answer === CALL) continue;
      if (answer === PASS || --quantum <= 0 || this.requests.length > 0) {
        task.flags |= READY;
        this.ready.push(task);
        if (tracing.on) emit({ type: "yield", task });
        return;
      }
    }
  }

  /** The resumptions that are not a plain `next` of a generator. */
  private resumeRarely(task: TaskCell, flags: number): IteratorResult<unknown, unknown> {
    if ((flags & FRESH) !== 0) {
      if ((flags & STARTED) === 0) {
        task.flags |= STARTED;
        const operation = (task.body as () => Operation<unknown>)();
        // A generator is an iterator of itself.
        if ((operation as Partial<Frame> | undefined)?.next === generatorNext)
          task.body = operation as unknown as Frame;
        else setBody(task, iterate("spawn", operation));
      }
      if ((task.flags & FOREIGN) === 0) return generatorNext.call(task.body as Generator, START);
      return (task.body as Frame).next();
    }
    const body = task.body as Frame;
    if ((flags & CONTESTED) !== 0) {
      const contest = task.extra?.contest as Contest;
      // The frames above it go on as ever.
      if ((task.extra?.frames?.length ?? 0) > contest.depth) task.flags |= CONTESTED;
      else if ((flags & THROW) === 0 && body.throw !== undefined) {
        slot.contest = contest;
        try {
          return body.throw(contest.error);
        } finally {
          slot.contest = undefined;
        }
      }
    }
    if ((flags & THROW) === 0) return body.next(RESUME);
    if (body.throw === undefined) throw task.value;
    return body.throw(task.value);
  }

  // ---- ends

  /** The body has returned `value`, or thrown it. */
  private end(task: TaskCell, failed: boolean, value: unknown): void {
    const { flags } = task;
    task.body = undefined;
    slot.task = undefined;
    if ((flags & (ENDED | CANCELLED)) === 0 && task.child === undefined && task.extra === undefined) {
      task.flags = failed ? flags | ENDED | FAILED : flags | ENDED;
      task.value = value;
      this.settle(task);
      return;
    }
    if ((flags & ENDED) !== 0) {
      // It was the cleanup registered with `ensure`, which records its own failures.
      task.value = (task.extra as { outcome: unknown }).outcome;
    } else {
      task.flags |= failed ? ENDED | FAILED : ENDED;
      task.value = value;
      if ((task.flags & CANCELLED) !== 0) {
        if (failed) this.override(task);
        else {
          if ((task.flags & (UNWINDING | FORCE)) === UNWINDING && tracing.on)
            emit({ type: "swallowed", task });
          task.flags |= FAILED;
          task.value = task.cancelled;
        }
      }
    }
    this.windUp(task);
  }

  /** Makes the cancellation the outcome of a task that has failed otherwise. */
  private override(task: TaskCell): void {
    if (task.value === task.cancelled) return;
    task.suppress(task.value);
    if (tracing.on) emit({ type: "suppressed", task, error: task.value });
    task.value = task.cancelled;
  }

  /** Goes on with the end of `task`: children, `ensure`, rules, what it holds, and settles it. */
  private windUp(task: TaskCell): void {
    for (;;) {
      if ((task.flags & CANCELLED) !== 0) {
        if ((task.flags & FAILED) !== 0) this.override(task);
        else {
          task.flags |= FAILED;
          task.value = task.cancelled;
        }
      }
      const failed = (task.flags & FAILED) !== 0;
      if (failed && task.child !== undefined) {
        this.cancelChildren(task);
        if (task.child !== undefined) {
          task.flags |= CANCELLING;
          return;
        }
      }
      const { extra } = task;
      if (extra !== undefined) {
        if (extra.ensures !== undefined) {
          const { ensures } = extra;
          extra.ensures = undefined;
          extra.outcome = task.value;
          setBody(task, ensures.run());
          task.flags |= READY | FRESH | STARTED;
          this.enqueue(task);
          return;
        }
        if (!failed && (task.flags & SCOPE) !== 0) handOver(task, task.parent as TaskCell);
        if (extra.holdings !== undefined) {
          if (!failed) {
            this.violate(task, new ResourceLeakedError(task, labels(extra.holdings)));
            continue;
          }
          lapse(task, extra.holdings);
        }
      }
      if (!failed && task.child !== undefined) {
        this.violate(task, new StillHasChildrenError(task, children(task)));
        continue;
      }
      break;
    }
    this.settle(task);
  }

  private settle(task: TaskCell): void {
    const { parent, extra } = task;
    const settled = task.flags;
    task.flags = (settled & FAILED) !== 0 ? settled | SETTLED | EXITED : settled | SETTLED;
    this.live--;
    if (tracing.on) {
      if ((task.flags & FAILED) !== 0) follow(task.value, task, task.extra?.spawnedAt);
      if ((task.flags & CANCELLED) === 0) emit({ type: "done", task });
      else emit({ type: "cancelled", task, reason: task.cancelled?.reason });
      const since = extra?.cancelledAt;
      if (since !== undefined && this.now() - since > SLOW_CLEANUP) emit({ type: "slow_cleanup", task });
    }
    if (extra?.watchers !== undefined) for (const watcher of extra.watchers) watcher.settled?.(task);
    if (parent === undefined) {
      this.done = true;
      return;
    }
    const flags = parent.flags;
    if ((flags & CANCELLING) !== 0) {
      lose(task);
      if (parent.extra !== undefined) parent.extra.scope?.hear(task);
      if (parent.child === undefined && (parent.flags & URGENT) === 0) {
        parent.flags |= URGENT;
        this.urgent.unshift(parent);
        this.attention = true;
      }
    } else if ((flags & READY) === 0) {
      const { wait } = parent;
      if (wait !== undefined) wait.settled(parent, task);
    }
  }

  /** `task` has broken a rule: it fails, and so does the run, whose other tasks are cancelled. */
  private violate(task: TaskCell, error: unknown): void {
    task.flags |= FAILED;
    task.value = error;
    if (tracing.on) emit({ type: "violation", task, error });
    if (this.violation === undefined) this.violation = error;
    this.stop(error, false);
  }

  // ---- cancellation

  /** Cancels the whole tree, between two slices. */
  stop(reason: unknown, force: boolean): void {
    this.later(() => {
      if (!this.done) this.cancelChild(this.root, reason, force);
    });
  }

  /** Cancels `task` on request of its parent or of the outside. If it does not settle at once it will be waited for. */
  cancelChild(task: TaskCell, reason: unknown, force: boolean): void {
    if (tracing.on) emit({ type: "cancel", task, reason });
    if ((task.flags & SETTLED) !== 0) {
      if ((task.flags & CANCELLED) === 0) {
        if ((task.flags & FAILED) !== 0 && tracing.on) emit({ type: "lost_error", task, error: task.value });
        task.flags |= CANCELLED | FAILED;
        task.cancelled = new CancelledError(task, reason);
        task.value = task.cancelled;
      }
      return;
    }
    if (task.cancelled === undefined) {
      if (tracing.on) task.more().cancelledAt = this.now();
      if (this.cleanupTimeout !== undefined) this.boundCleanup(task, this.cleanupTimeout);
    }
    this.cancelTree(task, task.cancelled ?? new CancelledError(task, reason), force);
  }

  /** Cancels the children of a task that has ended by itself. */
  private cancelChildren(task: TaskCell): void {
    let error = task.cancelled;
    for (let child = task.child, older: TaskCell | undefined; child !== undefined; child = older) {
      older = child.older;
      if ((child.flags & SETTLED) !== 0) {
        lose(child);
        continue;
      }
      error ??= new CancelledError(task, task.value);
      this.cancelTree(child, error, (task.flags & FORCE) !== 0);
    }
  }

  /**
   * Marks `top` and its descendants, newest sibling first, and queues those that have no child left to wait for.
   * Each of the others follows its last child, at the front of the queue: post-order, without recursion.
   */
  cancelTree(top: TaskCell, error: CancelledError, force: boolean): void {
    let task = top;
    for (;;) {
      if (this.mark(task, error, force)) {
        if (task.child !== undefined) {
          task = task.child;
          continue;
        }
        this.urge(task);
      }
      // Go to the next older sibling, or up until there is one.
      for (;;) {
        if (task === top) return;
        const { older, parent } = task;
        if ((task.flags & SETTLED) !== 0) lose(task);
        if (older !== undefined) {
          task = older;
          break;
        }
        task = parent as TaskCell;
        if (task.child === undefined) this.urge(task);
      }
    }
  }

  /** Marks one task; answers whether its children must be visited. */
  private mark(task: TaskCell, error: CancelledError, force: boolean): boolean {
    const { flags } = task;
    if ((flags & SETTLED) !== 0) return false;
    if (!force) {
      if ((flags & (CANCELLED | CANCEL_PENDING)) !== 0) return false;
      task.cancelled = error;
      if ((flags & ENDED) !== 0) {
        task.flags |= CANCELLED;
        return false;
      }
      if ((flags & SHIELDED) !== 0) {
        task.flags |= CANCEL_PENDING;
        return false;
      }
    }
    task.cancelled ??= error;
    task.flags = (task.flags & ~(SHIELDED | CANCEL_PENDING)) | CANCELLED | CANCELLING;
    if (force || this.syncCleanup) task.flags |= FORCE;
    if ((flags & CANCELLING) === 0) this.giveUp(task);
    const watchers = task.extra?.watchers;
    if (watchers !== undefined && (flags & CANCELLED) === 0)
      for (const watcher of watchers) watcher.cancelled?.(task);
    return true;
  }

  /** Queues `task` for unwinding. */
  private urge(task: TaskCell): void {
    if ((task.flags & URGENT) !== 0) return;
    task.flags |= URGENT;
    this.urgent.push(task);
    this.attention = true;
    if (this.idle) this.leaveIdle();
  }

  /** Unlinks what `task` waits on, or disposes of what it was about to receive. */
  private giveUp(task: TaskCell): void {
    const { wait, flags } = task;
    task.flags = (flags & ~(READY | THROW)) + ((flags & READY) !== 0 ? STALE : 0);
    if (wait === undefined) return;
    task.wait = undefined;
    const current = slot.task;
    slot.task = undefined;
    if ((flags & READY) !== 0) wait.abandon(task, (flags & THROW) !== 0);
    else wait.stop(task);
    slot.task = current;
  }

  /** All children of `task` have settled: it unwinds, or goes on closing. */
  private unwind(task: TaskCell): void {
    task.flags &= ~(URGENT | CANCELLING);
    const { flags } = task;
    if ((flags & ENDED) !== 0) {
      if (task.body === undefined) this.windUp(task);
      else this.close(task);
    } else if ((flags & STARTED) === 0) {
      this.end(task, true, task.cancelled);
    } else if ((flags & UNWINDING) !== 0) {
      this.close(task);
    } else {
      task.flags |= UNWINDING | THROW;
      task.value = task.cancelled;
      this.step(task);
    }
  }

  /** Ends the body of `task` with `return`, as often as its `finally` blocks suspend. */
  private close(task: TaskCell): void {
    let thrown: unknown;
    let failed = false;
    for (let closes = 0; closes < MAX_CLOSES; closes++) {
      const body = task.body as Frame;
      slot.task = task;
      yielded.value = undefined;
      try {
        let result: IteratorResult<unknown, unknown> | undefined;
        if (failed) result = body.throw?.(thrown);
        else if ((task.flags & FRESH) !== 0) result = body.next();
        else result = body.return?.();
        failed = false;
        task.flags &= ~FRESH;
        if (result !== undefined && result.done !== true) continue;
      } catch (error) {
        failed = true;
        thrown = error;
      }
      if (task.extra === undefined || !popFrame(task)) {
        this.end(task, failed, failed ? thrown : undefined);
        return;
      }
    }
    this.end(task, true, task.cancelled);
  }

  /** Forces the cancellation of `task` if its cleanup takes longer than `limit`, in ms. */
  private boundCleanup(task: TaskCell, limit: number): void {
    const { timers } = this;
    const timer = {
      deadline: this.now() + limit,
      order: 0,
      index: -1,
      fire: (): void => this.later(() => this.cancelChild(task, undefined, true)),
    };
    timers.add(timer);
    task.watch({ settled: () => timers.remove(timer) });
  }

  // ---- reports

  /** One line a task that waits. */
  waiting(): string[] {
    const lines: string[] = [];
    const tasks: TaskCell[] = [this.root];
    for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
      if ((task.flags & SETTLED) === 0 && task.wait !== undefined) lines.push(`${task} (${task.wait.label})`);
      for (let child = task.child; child !== undefined; child = child.older) tasks.push(child);
    }
    return lines;
  }

  /** Ends the run because of the machinery: the tree is cancelled, and `error` is what the run reports. */
  fail(error: unknown): void {
    if (!this.failed) {
      this.failed = true;
      this.failure = error;
    }
    this.stop(error, false);
  }

  /** What a finished run has left behind, though it never should. The queue may still name tasks that have settled. */
  private leftovers(): string | undefined {
    const counts = { tasks: this.live, sleeping: this.timers.size, waits: this.externals };
    const left = Object.entries(counts).filter(([, count]) => count !== 0);
    return left.length === 0 ? undefined : left.map(([what, count]) => `${count} ${what}`).join(", ");
  }

  /** How the finished run ends: an internal failure, else a broken rule, else what the root says. */
  outcome(): { readonly failed: boolean; readonly value: unknown } {
    const { root } = this;
    const left = this.asserts ? this.leftovers() : undefined;
    if (left !== undefined) return { failed: true, value: new Error(`MIOU_ASSERT: the run left ${left}`) };
    const failed = (root.flags & FAILED) !== 0;
    if (!this.failed && this.violation === undefined) return { failed, value: root.value };
    const value = this.failed ? this.failure : this.violation;
    const lower: unknown[] = [];
    if (this.failed && this.violation !== undefined) lower.push(this.violation);
    if (failed && root.value !== value && root.value !== this.violation && root.value !== root.cancelled)
      lower.push(root.value);
    if (lower.length > 0 && value instanceof Error && Object.isExtensible(value)) {
      Object.defineProperty(value, "suppressed", { value: lower, configurable: true, writable: true });
    }
    return { failed: true, value };
  }
}

/** Makes `body` the innermost frame of `task`. */
export function setBody(task: TaskCell, body: Frame): void {
  task.body = body;
  if (body.next === generatorNext) task.flags &= ~FOREIGN;
  else task.flags |= FOREIGN;
}

/** Goes back to the frame that called the one that has ended. */
function popFrame(task: TaskCell): boolean {
  const caller = task.extra?.frames?.pop();
  if (caller === undefined) return false;
  setBody(task, caller);
  return true;
}

/** The iterator of what a body function returned. */
export function iterate(call: string, operation: Operation<unknown>): Frame {
  if (typeof operation?.[Symbol.iterator] === "function" && typeof operation !== "string") {
    return operation[Symbol.iterator]();
  }
  const hint = isThenable(operation) ? `: for a promise write ${call}(() => until(promise))` : "";
  throw new TypeError(
    `${call}: the function must return an operation, for instance by being a function*${hint}`,
  );
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** The error for a `yield` of something that is not an operation. */
function notAnOperation(value: unknown): TypeError {
  const what = value === null ? "null" : typeof value;
  if (isThenable(value)) return new TypeError("yield: got a promise: write yield* until(promise)");
  if (typeof value === "function") return new TypeError("yield: got a function: write yield* fn()");
  return new TypeError(`yield: got ${what}: write yield* operation`);
}

/** A settled task that its parent will not consume any more. */
function lose(task: TaskCell): void {
  task.consume();
  if (tracing.on && (task.flags & (FAILED | CANCELLED)) === FAILED)
    emit({ type: "lost_error", task, error: task.value });
}

function children(task: TaskCell): TaskCell[] {
  const list: TaskCell[] = [];
  for (let child = task.child; child !== undefined; child = child.older) list.unshift(child);
  return list;
}

function labels(holdings: Holding): string[] {
  const list: string[] = [];
  for (let held: Holding | undefined = holdings; held !== undefined; held = held.older) list.push(held.label);
  return list;
}

/** What a scope has spawned and not consumed, and what it holds, goes to the task for which it acted; oldest first. */
function handOver(scope: TaskCell, to: TaskCell): void {
  for (const child of children(scope)) {
    child.unlink();
    child.parent = to;
    child.link(to);
  }
  const list: Holding[] = [];
  for (let held = scope.extra?.holdings; held !== undefined; held = held.older) list.unshift(held);
  for (const held of list) held.moveTo(to);
}

/** Lets go of everything `task` holds, newest first. */
function lapse(task: TaskCell, holdings: Holding): void {
  (task.extra as { holdings: Holding | undefined }).holdings = undefined;
  for (let held: Holding | undefined = holdings; held !== undefined; ) {
    const { older }: Holding = held;
    held.older = undefined;
    held.newer = undefined;
    try {
      held.lapse();
    } catch (error) {
      report(task, error);
    }
    held = older;
  }
}

function traceWait(task: TaskCell): void {
  emit({ type: "wait", task, on: task.wait?.label ?? "" });
}
