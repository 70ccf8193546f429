import { Line, Waiting } from "./line.ts";
import { note, tracked } from "./note.ts";
import { DONE, slot, WAIT } from "./op.ts";
import type { TaskCell } from "./task.ts";
import type { Operation } from "./types.ts";

/** A number of permits, handed out in order of arrival. Unlike a mutex it has no owner: anybody may release. */
export class Semaphore {
  private readonly waiters = new Line<AcquireOp>();
  private permits: number;

  /** @throws {RangeError} `permits` is not an integer `>= 0` */
  constructor(permits: number) {
    if (!Number.isInteger(permits) || permits < 0)
      throw new RangeError(`Semaphore: ${permits} is not a number of permits`);
    this.permits = permits;
  }

  /** Permits that nobody holds. */
  get available(): number {
    return this.permits;
  }

  /**
   * Takes a permit.
   *
   * @throws {CancelledError} the task was cancelled while it waited; a permit it had been given goes to the next
   */
  acquire(): Operation<void> {
    const op = new AcquireOp(this, this.waiters);
    return note?.(op, this.acquire, slot.task) ?? op;
  }

  /** Takes a permit if there is one. Never suspends. */
  tryAcquire(): boolean {
    if (this.permits === 0) return false;
    this.permits--;
    return true;
  }

  /** Gives a permit back. Never suspends, may be called from anywhere. */
  release(): void {
    const next = this.waiters.serve();
    if (next === undefined) this.permits++;
    else next.complete(undefined);
  }

  /** Runs `fn` with a permit, given back however `fn` ends. */
  use<T>(fn: () => Operation<T>): Operation<T> {
    return tracked(this.using(fn), this.use);
  }

  private *using<T>(fn: () => Operation<T>): Operation<T> {
    yield* this.acquire();
    try {
      return yield* fn();
    } finally {
      this.release();
    }
  }
}

class AcquireOp extends Waiting<void> {
  private readonly semaphore: Semaphore;
  private readonly line: Line<AcquireOp>;

  constructor(semaphore: Semaphore, line: Line<AcquireOp>) {
    super();
    this.semaphore = semaphore;
    this.line = line;
  }

  get label(): string {
    return "Semaphore.acquire";
  }

  protected override again(): AcquireOp {
    return new AcquireOp(this.semaphore, this.line);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    if (this.semaphore.tryAcquire()) return DONE;
    this.line.join(this);
    return WAIT;
  }

  override stop(): void {
    this.line.leave(this);
  }

  override abandon(): void {
    this.semaphore.release();
  }
}
