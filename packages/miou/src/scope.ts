import { Single, WAIT } from "./op.ts";
import { spawn } from "./spawn.ts";
import { cell, FAILED, SCOPE, type TaskCell } from "./task.ts";
import type { Operation } from "./types.ts";

/**
 * Runs a part of the running task's work so that it can be cancelled alone: in a child that acts for the task, which
 * waits in this meanwhile. What is the task's may be used there (`TaskCell.principal`), its children included; what the
 * child has spawned and holds when it returns is the task's.
 */
export class ScopeOp<T> extends Single<void> {
  task: TaskCell | undefined = undefined;
  readonly label: string;
  protected readonly child: TaskCell;

  constructor(name: string, fn: () => Operation<T>, label: string = name) {
    super();
    this.label = label;
    this.child = cell(name, spawn(fn, { name }));
    this.child.flags |= SCOPE;
  }

  override begin(task: TaskCell): number {
    this.task = task;
    task.wait = this;
    task.more().scope = this.child;
    return WAIT;
  }

  override settled(task: TaskCell, child: TaskCell): void {
    if (child !== this.child) {
      this.child.hear(child);
      return;
    }
    task.more().scope = undefined;
    this.stop(task);
    child.consume();
    task.scheduler.wake(task, undefined, false);
  }

  /** What `fn` has returned; throws what it has thrown. */
  value(): T {
    if ((this.child.flags & FAILED) !== 0) throw this.child.value;
    return this.child.value as T;
  }
}
