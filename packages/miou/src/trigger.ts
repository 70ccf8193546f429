import { answer, DONE, offer, RESUME, refuseSecond, Single, taken, WAIT } from "./op.ts";
import type { TaskCell } from "./task.ts";
import type { Effect, Operation } from "./types.ts";

/**
 * A one-shot event with one waiter. `signal` may be called from anywhere: tasks, callbacks, event sources.
 */
export class Trigger implements Operation<void> {
  private action: (() => void) | undefined = undefined;
  private state: "initial" | "awaiting" | "signaled" = "initial";

  /** Nobody waits, and it was not signaled. */
  get isInitial(): boolean {
    return this.state === "initial";
  }

  get isSignaled(): boolean {
    return this.state === "signaled";
  }

  /**
   * Signals, once; later calls do nothing. The attached action runs inside the call; a waiting task is only put in the
   * queue.
   *
   * @throws what the action throws; the trigger is signaled all the same
   */
  signal(): void {
    const { action } = this;
    this.state = "signaled";
    this.action = undefined;
    action?.();
  }

  /**
   * Has `action` called by `signal`. Answers false, and never calls it, when the trigger was signaled already.
   *
   * @throws {TypeError} something is attached or somebody waits already
   */
  onSignal(action: () => void): boolean {
    if (this.state === "signaled") return false;
    if (this.state === "awaiting") throw new TypeError("Trigger: something is attached to it already");
    this.state = "awaiting";
    this.action = action;
    return true;
  }

  /** Waits for the signal. @throws {TypeError} somebody waits already */
  [Symbol.iterator](): Iterator<Effect, void, unknown> {
    return new TriggerOp(this);
  }

  /** @internal Detaches the action, as if it had never been attached. */
  release(): void {
    if (this.state !== "awaiting") return;
    this.state = "initial";
    this.action = undefined;
  }
}

class TriggerOp extends Single<void> {
  task: TaskCell | undefined = undefined;
  readonly label = "Trigger";
  private readonly trigger: Trigger;

  constructor(trigger: Trigger) {
    super();
    this.trigger = trigger;
  }

  override next(resumed?: unknown): IteratorResult<Effect, void> {
    if (resumed !== undefined) return resumed === RESUME ? answer(undefined) : taken(this);
    refuseSecond(this);
    if (!this.trigger.isInitial && !this.trigger.isSignaled) {
      throw new TypeError("Trigger: something is attached to it already");
    }
    return offer(this);
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    return this.trigger.onSignal(() => task.scheduler.wake(task, undefined, false)) ? WAIT : DONE;
  }

  override stop(): void {
    this.trigger.release();
  }
}
