import { running } from "./op.ts";
import type { Scheduler } from "./scheduler.ts";

/** What `addHook` gives back. */
export class Hook {
  private readonly scheduler: Scheduler;
  private readonly fn: () => void;

  constructor(scheduler: Scheduler, fn: () => void) {
    this.scheduler = scheduler;
    this.fn = fn;
  }

  /** Removes the hook. Harmless when it is gone already. */
  remove(): void {
    this.scheduler.setHooks(this.scheduler.hooks.filter((other) => other !== this.fn));
  }

  [Symbol.dispose](): void {
    this.remove();
  }
}

/**
 * Has `fn` called before each step of the running task's scheduler, the newest hook first. A hook that throws is removed
 * and its error reported. It can not perform operations; it may signal triggers and complete computations.
 *
 * @throws {OutsideTaskError} there is no running task
 */
export function addHook(fn: () => void): Hook {
  const { scheduler } = running("addHook");
  const own = (): void => fn();
  scheduler.setHooks([...scheduler.hooks, own]);
  return new Hook(scheduler, own);
}
