import { NotOwnerError } from "./errors.ts";
import { Hold } from "./hold.ts";
import { running, slot } from "./op.ts";
import type { TaskCell } from "./task.ts";
import { emit, tracing } from "./trace.ts";

/** A parameter position that does not make `Resource<T>` invariant. */
type Finalizer<T> = { of(value: T): void }["of"];

/**
 * A value that exactly one task holds. When that task fails or is cancelled the finalizer runs; a task that returns
 * while it holds one breaks a rule (`ResourceLeakedError`), and the finalizer runs all the same. It runs at most once.
 *
 * ```ts
 * using file = new Resource(open(path), close).own();
 * ```
 */
export class Resource<T> {
  private readonly held: T;
  private readonly finalizer: Finalizer<T>;
  private readonly hold: Hold;
  private over = false;

  /**
   * The resource belongs to nobody yet.
   *
   * @param finalizer - synchronous; cleanup that must wait belongs in `finally` or `ensure`
   */
  constructor(value: T, finalizer: (value: T) => void) {
    this.held = value;
    this.finalizer = finalizer;
    this.hold = new Hold("a resource", () => {
      this.hold.holder = undefined;
      this.finalize();
    });
  }

  /** The value. @throws {NotOwnerError} the running task does not hold the resource */
  get value(): T {
    this.holder("Resource.value");
    return this.held;
  }

  /**
   * Attaches the resource to the running task.
   *
   * @throws {TypeError} a task holds it already, or it was released
   */
  own(): this {
    const task = running("own");
    if (this.hold.holder !== undefined)
      throw new TypeError(`own: ${this.hold.holder} holds this resource already`);
    if (this.over) throw new TypeError("own: this resource was released");
    this.hold.attach(task);
    if (tracing.on) emit({ type: "attach", task, what: "resource" });
    return this;
  }

  /** @throws {NotOwnerError} the running task does not hold the resource */
  check(): void {
    this.holder("check");
  }

  /** Detaches without finalizing. @throws {NotOwnerError} the running task does not hold the resource */
  disown(): void {
    const task = this.holder("disown");
    this.hold.detach();
    if (tracing.on) emit({ type: "detach", task, what: "resource" });
  }

  /**
   * Detaches and finalizes.
   *
   * @throws what the finalizer throws
   * @throws {NotOwnerError} the running task does not hold the resource
   */
  release(): void {
    const task = this.holder("release");
    this.hold.detach();
    if (tracing.on) emit({ type: "detach", task, what: "resource" });
    const current = slot.task;
    slot.task = undefined;
    try {
      this.finalize();
    } finally {
      slot.task = current;
    }
  }

  /**
   * Hands the resource to the parent of the running task.
   *
   * @throws {TypeError} the running task is the root
   * @throws {NotOwnerError} the running task does not hold the resource
   */
  transfer(): void {
    const { parent } = this.holder("transfer");
    if (parent === undefined) throw new TypeError("transfer: the root has no parent to transfer to");
    this.moveTo(parent);
  }

  /** Releases it, if the running task still holds it: after a `transfer` or a `disown` there is nothing to do. */
  [Symbol.dispose](): void {
    if (slot.task !== undefined && this.hold.isOf(slot.task)) this.release();
  }

  /** @internal */
  moveTo(task: TaskCell): void {
    this.hold.moveTo(task);
  }

  /** The holder, for which the running task may act. */
  private holder(call: string): TaskCell {
    const task = running(call);
    if (!this.hold.isOf(task)) throw new NotOwnerError(call, task);
    return this.hold.holder as TaskCell;
  }

  private finalize(): void {
    this.over = true;
    const answer = this.finalizer(this.held) as unknown;
    if (typeof answer === "object" && answer !== null && (Symbol.iterator in answer || "then" in answer)) {
      throw new TypeError(
        "Resource: the finalizer must not wait: use finally or ensure for cleanup that does",
      );
    }
  }
}
