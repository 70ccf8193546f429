import { Hold } from "./hold.ts";
import { Line, Waiting } from "./line.ts";
import { note, tracked } from "./note.ts";
import { answer, DONE, offer, RESUME, refuseSecond, running, slot, taken, WAIT } from "./op.ts";
import type { TaskCell } from "./task.ts";
import type { Effect, Operation } from "./types.ts";

/**
 * Mutual exclusion between tasks: owner-checked, first-in first-out, handed over directly. A task that returns while
 * it holds one breaks a rule (`ResourceLeakedError`); one that fails or is cancelled passes it on.
 */
export class Mutex {
  private readonly waiters = new Line<LockOp>();
  private readonly hold: Hold;

  constructor(name = "") {
    this.hold = new Hold(name === "" ? "a mutex" : `the mutex ${name}`, () => {
      this.hold.holder = undefined;
      this.passOn();
    });
  }

  get isLocked(): boolean {
    return this.hold.holder !== undefined;
  }

  /**
   * Takes the mutex, waiting in order of arrival. Release it in `finally`, or use `protect`.
   *
   * @throws {TypeError} the running task holds it already
   * @throws {CancelledError} the task was cancelled while it waited; the mutex goes to the next
   */
  lock(): Operation<void> {
    const op = new LockOp(this);
    return note?.(op, this.lock, slot.task) ?? op;
  }

  /**
   * Releases the mutex to the first that waits. Never suspends.
   *
   * @throws {TypeError} the running task does not hold it
   */
  unlock(): void {
    const task = running("unlock");
    if (!this.hold.isOf(task)) throw new TypeError(`unlock: ${task} does not hold this mutex`);
    this.hold.detach();
    this.passOn();
  }

  /** Takes the mutex if it is free, and says whether it did. Never suspends. */
  tryLock(): boolean {
    const task = running("tryLock");
    if (this.isLocked) return false;
    this.hold.attach(task);
    return true;
  }

  /**
   * Runs `fn` holding the mutex, and releases it however `fn` ends.
   *
   * @throws what `fn` throws
   */
  protect<T>(fn: () => Operation<T>): Operation<T> {
    return tracked(this.protecting(fn), this.protect);
  }

  /** Takes the mutex for a block: `using _ = yield* mutex.acquire()`. */
  acquire(): Operation<MutexGuard> {
    return tracked(this.guarding(), this.acquire);
  }

  /** @internal */
  isHeldBy(task: TaskCell): boolean {
    return this.hold.isOf(task);
  }

  /** @internal */
  get holder(): TaskCell | undefined {
    return this.hold.holder;
  }

  /** @internal */
  moveTo(task: TaskCell): void {
    this.hold.moveTo(task);
  }

  /** @internal Takes it for `task`, or puts `op` in the line. */
  takeOrJoin(task: TaskCell, op: LockOp): boolean {
    if (this.isLocked) {
      this.waiters.join(op);
      return false;
    }
    this.hold.attach(task);
    return true;
  }

  /** @internal */
  leave(op: LockOp): void {
    this.waiters.leave(op);
  }

  /** @internal The holder did not learn that it holds it. */
  giveBack(): void {
    this.hold.detach();
    this.passOn();
  }

  private *protecting<T>(fn: () => Operation<T>): Operation<T> {
    yield* this.lock();
    const task = running("protect");
    try {
      return yield* fn();
    } finally {
      if (this.isHeldBy(task)) this.unlock();
    }
  }

  private *guarding(): Operation<MutexGuard> {
    yield* this.lock();
    return new MutexGuard(this);
  }

  private passOn(): void {
    const next = this.waiters.serve();
    const task = next?.task;
    if (next === undefined || task === undefined) return;
    this.hold.attach(task);
    next.complete(undefined);
  }
}

/** The mutex is held until this is disposed of. */
export class MutexGuard {
  private mutex: Mutex | undefined;

  constructor(mutex: Mutex) {
    this.mutex = mutex;
  }

  /** Releases the mutex, once. */
  release(): void {
    const { mutex } = this;
    this.mutex = undefined;
    mutex?.unlock();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

class LockOp extends Waiting<void> {
  private readonly mutex: Mutex;

  constructor(mutex: Mutex) {
    super();
    this.mutex = mutex;
  }

  get label(): string {
    return "Mutex.lock";
  }

  protected override again(): LockOp {
    return new LockOp(this.mutex);
  }

  override next(resumed?: unknown): IteratorResult<Effect, void> {
    if (resumed !== undefined) return resumed === RESUME ? answer(undefined) : taken(this);
    if (this.task !== undefined) refuseSecond(this);
    const task = running("lock");
    if (this.mutex.isHeldBy(task)) throw new TypeError(`lock: ${task} holds this mutex already`);
    return offer(this);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    return this.mutex.takeOrJoin(task, this) ? DONE : WAIT;
  }

  override stop(): void {
    this.mutex.leave(this);
  }

  override abandon(): void {
    this.mutex.giveBack();
  }
}
