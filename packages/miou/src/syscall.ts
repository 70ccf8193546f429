import { tracked } from "./note.ts";
import { DONE, refuseSecond, running, Single, WAIT } from "./op.ts";
import { type TaskCell, THROW } from "./task.ts";
import type { Effect, Operation } from "./types.ts";

let created = 0;

/** Returned by an event source to wake the task that waits on the {@link Syscall} it came from. */
export class Signal {
  readonly syscall: Syscall;

  constructor(syscall: Syscall) {
    this.syscall = syscall;
  }
}

/**
 * A one-shot suspension point of the running task, woken by an event source: see `Events`. Use `suspend` unless the
 * source wants to know what it may return, by number.
 *
 * @throws {OutsideTaskError} there is no running task
 */
export class Syscall {
  /** Reported to the event source when the wait is given up. */
  readonly uid: number = ++created;
  readonly name: string;
  private readonly task: TaskCell;
  private readonly op: SyscallOp;

  constructor(name = "syscall") {
    this.name = name;
    this.task = running("Syscall");
    this.op = new SyscallOp(this);
  }

  /**
   * Waits for the signal; one that came before is not lost.
   *
   * @param arm - called when the suspension is certain; what it throws reaches the caller, who then does not wait
   * @throws {TypeError} the running task is not the one that created the suspension point, or it was used before
   */
  suspend(arm?: () => void): Operation<void> {
    if (running("Syscall.suspend").principal !== this.task.principal)
      throw new TypeError("Syscall.suspend: it belongs to another task");
    this.op.prepare(arm);
    return tracked(this.op, this.suspend);
  }

  /** The token that wakes the waiter. Never throws, may be called from anywhere and more than once. */
  signal(): Signal {
    return new Signal(this);
  }
}

class SyscallOp extends Single<void> {
  task: TaskCell | undefined = undefined;
  private readonly owner: Syscall;
  private arming: (() => void) | undefined = undefined;
  private state: "fresh" | "prepared" | "waiting" | "over" = "fresh";
  private signaled = false;

  constructor(owner: Syscall) {
    super();
    this.owner = owner;
  }

  get label(): string {
    return `${this.owner.name} ${this.owner.uid}`;
  }

  prepare(arm: (() => void) | undefined): void {
    if (this.state !== "fresh") throw new TypeError("Syscall.suspend: it was used before");
    this.state = "prepared";
    this.arming = arm;
  }

  override next(resumed?: unknown): IteratorResult<Effect, void> {
    if (resumed === undefined) {
      refuseSecond(this);
      if (this.state !== "prepared") throw new TypeError("Syscall.suspend: it was used before");
    }
    return super.next(resumed);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    const { arming } = this;
    this.arming = undefined;
    try {
      arming?.();
    } catch (error) {
      this.state = "over";
      task.value = error;
      task.flags |= THROW;
      return DONE;
    }
    if (this.signaled) {
      this.state = "over";
      return DONE;
    }
    this.state = "waiting";
    task.scheduler.externals++;
    return WAIT;
  }

  override stop(task: TaskCell): void {
    this.state = "over";
    task.scheduler.externals--;
    task.scheduler.abandoned.push(this.owner.uid);
  }

  wake(): void {
    this.signaled = true;
    if (this.state !== "waiting") return;
    this.state = "over";
    const task = this.task as TaskCell;
    task.scheduler.externals--;
    task.scheduler.wake(task, undefined, false);
  }
}

/** Delivers what an event source returned. */
export function deliver(signal: Signal): void {
  // Private to the class for users, not for this module.
  (signal.syscall as unknown as { readonly op: SyscallOp }).op.wake();
}
