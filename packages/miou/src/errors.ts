import type { Task } from "./types.ts";

/** The stable codes of the errors of this package; branch on these, never on messages. */
export type MiouCode =
  | "CANCELLED"
  | "STILL_HAS_CHILDREN"
  | "NOT_A_CHILD"
  | "NOT_OWNER"
  | "RESOURCE_LEAKED"
  | "NO_DOMAIN_AVAILABLE"
  | "OUTSIDE_TASK"
  | "DEADLOCK"
  | "NO_EVENTS"
  | "LAZY_CYCLE"
  | "TIMEOUT"
  | "CLOSED"
  | "END_OF_STREAM"
  | "WORKER_TERMINATED";

/**
 * What the errors of this package have in common. Tasks in them are private fields with getters: Node prints all
 * others of an error that nobody catches, and of a task that is everything the scheduler knows.
 */
export abstract class MiouError extends Error {
  abstract readonly code: MiouCode;
}

/**
 * An object that inherits from `Error` without having been made by its constructor, which takes longer than all the rest
 * of a cancellation, stack or no stack.
 */
const Stackless = class {} as unknown as typeof MiouError;
Object.setPrototypeOf(
  Object.assign(Stackless.prototype, {
    name: "CancelledError",
    code: "CANCELLED",
    message: "cancel: CANCELLED: the task was cancelled",
  }),
  MiouError.prototype,
);

/**
 * What a cancelled task sees at its suspension point, and its outcome afterwards. One object serves a request and
 * all the tasks below it. It has no stack: it would be the scheduler's.
 */
export class CancelledError extends Stackless {
  declare readonly name: "CancelledError";
  declare readonly code: "CANCELLED";
  readonly #task: Task<unknown>;
  /** `cancel({ reason })`, the abort signal's reason, or the error that ended the parent. */
  readonly reason: unknown;
  constructor(task: Task<unknown>, reason?: unknown) {
    super();
    this.#task = task;
    this.reason = reason;
  }
  /** The task on which cancellation was requested. */
  get task(): Task<unknown> {
    return this.#task;
  }
}

/** Fatal for the run: a task returned while it had children that it neither awaited nor cancelled. */
export class StillHasChildrenError extends MiouError {
  override readonly name = "StillHasChildrenError";
  readonly code = "STILL_HAS_CHILDREN";
  readonly #task: Task<unknown>;
  readonly #children: readonly Task<unknown>[];
  constructor(task: Task<unknown>, children: readonly Task<unknown>[]) {
    const list = children.slice(0, 8).join(", ") + (children.length > 8 ? ", ..." : "");
    super(
      `spawn: STILL_HAS_CHILDREN: ${task} returned with ${children.length} unconsumed ` +
        `${children.length === 1 ? "child" : "children"} (${list}): await or cancel each of them before returning`,
    );
    this.#task = task;
    this.#children = children;
  }
  get task(): Task<unknown> {
    return this.#task;
  }
  get children(): readonly Task<unknown>[] {
    return this.#children;
  }
}

/** A task waited for, or cancelled, a task that is not its own child. */
export class NotAChildError extends MiouError {
  override readonly name = "NotAChildError";
  readonly code = "NOT_A_CHILD";
  readonly #task: Task<unknown>;
  readonly #target: Task<unknown>;
  constructor(call: string, task: Task<unknown>, target: Task<unknown>) {
    super(
      `${call}: NOT_A_CHILD: ${target} is not a child of ${task}: only the task that spawned it may do this`,
    );
    this.#task = task;
    this.#target = target;
  }
  get task(): Task<unknown> {
    return this.#task;
  }
  get target(): Task<unknown> {
    return this.#target;
  }
}

/** A task used a resource that it does not hold. */
export class NotOwnerError extends MiouError {
  override readonly name = "NotOwnerError";
  readonly code = "NOT_OWNER";
  constructor(call: string, task: Task<unknown>) {
    super(`${call}: NOT_OWNER: ${task} does not hold this resource`);
  }
}

/** Fatal for the run: a task returned while it still held a resource or a mutex. */
export class ResourceLeakedError extends MiouError {
  override readonly name = "ResourceLeakedError";
  readonly code = "RESOURCE_LEAKED";
  readonly #task: Task<unknown>;
  constructor(task: Task<unknown>, what: readonly string[]) {
    super(
      `own: RESOURCE_LEAKED: ${task} returned holding ${what.join(", ")}: release, unlock, transfer or disown it first`,
    );
    this.#task = task;
  }
  get task(): Task<unknown> {
    return this.#task;
  }
}

/** There is no domain on which a parallel task could run. */
export class NoDomainAvailableError extends MiouError {
  override readonly name = "NoDomainAvailableError";
  readonly code = "NO_DOMAIN_AVAILABLE";
  constructor(call: string) {
    super(`${call}: NO_DOMAIN_AVAILABLE: this run has no other domain`);
  }
}

/** The call needs a running task, and there is none. */
export class OutsideTaskError extends MiouError {
  override readonly name = "OutsideTaskError";
  readonly code = "OUTSIDE_TASK";
  constructor(call: string) {
    super(`${call}: OUTSIDE_TASK: call it inside a task, that is under run or runSync`);
  }
}

/** Nothing can ever wake the tasks of the run. */
export class DeadlockError extends MiouError {
  override readonly name = "DeadlockError";
  readonly code = "DEADLOCK";
  /** One line a waiting task: the task and what it waits for. */
  readonly waiting: readonly string[];
  constructor(call: string, waiting: readonly string[]) {
    super(
      `${call}: DEADLOCK: nothing can wake ${waiting.slice(0, 16).join("; ")}${waiting.length > 16 ? "; ..." : ""}`,
    );
    this.waiting = waiting;
  }
}

/** A task waits for the outside world, and `runSync` was given no event source. */
export class NoEventsError extends MiouError {
  override readonly name = "NoEventsError";
  readonly code = "NO_EVENTS";
  readonly waiting: readonly string[];
  constructor(waiting: readonly string[]) {
    super(
      `runSync: NO_EVENTS: no event source was given, and only one could wake ${waiting.slice(0, 16).join("; ")}`,
    );
    this.waiting = waiting;
  }
}

/** A lazy value was forced by its own computation. */
export class LazyCycleError extends MiouError {
  override readonly name = "LazyCycleError";
  readonly code = "LAZY_CYCLE";
  constructor() {
    super("Lazy: LAZY_CYCLE: the value was forced by the function that computes it");
  }
}

/** `timeout` expired before its operation ended. */
export class TimeoutError extends MiouError {
  override readonly name = "TimeoutError";
  readonly code = "TIMEOUT";
  /** The limit, in milliseconds. */
  readonly ms: number;
  constructor(ms: number) {
    super(`timeout: TIMEOUT: not finished within ${ms} ms`);
    this.ms = ms;
  }
}

/** What the call needs was closed: a channel, a socket, a listener. */
export class ClosedError extends MiouError {
  override readonly name = "ClosedError";
  readonly code = "CLOSED";
  constructor(call: string, what = "channel") {
    super(`${call}: CLOSED: the ${what} was closed`);
  }
}
