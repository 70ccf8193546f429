import { Line, Waiting } from "./line.ts";
import type { Mutex } from "./mutex.ts";
import { tracked } from "./note.ts";
import { running, WAIT } from "./op.ts";
import { enter, leave, pending } from "./shield.ts";
import type { TaskCell } from "./task.ts";
import type { Operation } from "./types.ts";

/** A condition variable. `signal` and `broadcast` may be called from anywhere, with or without the mutex. */
export class Condition {
  private readonly waiters = new Line<WaitOp>();

  /**
   * Releases `mutex` and waits to be chosen, as one step; returns holding it again. There are no spurious wake-ups.
   *
   * @throws {TypeError} the running task does not hold `mutex`
   * @throws {CancelledError} the task was cancelled meanwhile; it holds `mutex` while the error propagates
   */
  wait(mutex: Mutex): Operation<void> {
    return tracked(this.waiting(mutex), this.wait);
  }

  /** Waits until `predicate` holds, which is evaluated with `mutex` held. */
  waitUntil(mutex: Mutex, predicate: () => boolean): Operation<void> {
    return tracked(this.waitingUntil(mutex, predicate), this.waitUntil);
  }

  /** Wakes the first that waits, if any. */
  signal(): void {
    this.waiters.serve()?.complete(undefined);
  }

  /** Wakes all that wait. */
  broadcast(): void {
    for (let waiter = this.waiters.serve(); waiter !== undefined; waiter = this.waiters.serve()) {
      waiter.complete(undefined);
    }
  }

  private *waiting(mutex: Mutex): Operation<void> {
    const task = running("Condition.wait");
    if (!mutex.isHeldBy(task)) throw new TypeError(`Condition.wait: ${task} does not hold the mutex`);
    // A scope takes it back for the task that held it.
    const holder = mutex.holder as TaskCell;
    let chosen = false;
    try {
      yield* new WaitOp(this, this.waiters, mutex);
      chosen = true;
    } finally {
      enter("Condition.wait");
      let late = false;
      try {
        yield* mutex.lock();
        if (holder !== task) mutex.moveTo(holder);
      } finally {
        late = leave(task);
      }
      if (late) {
        // Chosen, and then cancelled while it waited for the mutex: somebody else may want the signal.
        if (chosen) this.signal();
        yield* pending;
      }
    }
  }

  private *waitingUntil(mutex: Mutex, predicate: () => boolean): Operation<void> {
    while (!predicate()) yield* this.waiting(mutex);
  }
}

class WaitOp extends Waiting<void> {
  private readonly condition: Condition;
  private readonly line: Line<WaitOp>;
  private readonly mutex: Mutex;

  constructor(condition: Condition, line: Line<WaitOp>, mutex: Mutex) {
    super();
    this.condition = condition;
    this.line = line;
    this.mutex = mutex;
  }

  get label(): string {
    return "Condition.wait";
  }

  protected override again(): WaitOp {
    return new WaitOp(this.condition, this.line, this.mutex);
  }

  override begin(task: TaskCell): number {
    task.wait = this;
    this.task = task;
    this.line.join(this);
    this.mutex.unlock();
    return WAIT;
  }

  override stop(): void {
    this.line.leave(this);
  }

  override abandon(): void {
    this.condition.signal();
  }
}
