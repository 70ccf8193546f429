import { type Holding, SCOPE, type TaskCell } from "./task.ts";

/** The tie between a task and something it holds: one place in the task's list of holdings, newest first. */
export class Hold implements Holding {
  readonly label: string;
  readonly lapse: () => unknown;
  holder: TaskCell | undefined = undefined;
  older: Holding | undefined = undefined;
  newer: Holding | undefined = undefined;

  /**
   * @param lapse - lets go when the holder ends; the tie is gone by then
   */
  constructor(label: string, lapse: () => unknown) {
    this.label = label;
    this.lapse = lapse;
  }

  /** Whether `task` holds it, or acts for its holder. */
  isOf(task: TaskCell): boolean {
    if (this.holder === task) return true;
    return (task.flags & SCOPE) !== 0 && this.holder?.principal === task.principal;
  }

  attach(task: TaskCell): void {
    const extra = task.more();
    const newest = extra.holdings;
    this.holder = task;
    this.older = newest;
    if (newest !== undefined) newest.newer = this;
    extra.holdings = this;
  }

  moveTo(task: TaskCell): void {
    this.detach();
    this.attach(task);
  }

  detach(): void {
    const { holder, older, newer } = this;
    if (holder === undefined) return;
    this.holder = undefined;
    if (older !== undefined) older.newer = newer;
    if (newer !== undefined) newer.older = older;
    else holder.more().holdings = older;
    this.older = undefined;
    this.newer = undefined;
  }
}
