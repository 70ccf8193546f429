import { running } from "./op.ts";

/** What `addHook` gives back. */
export class Hook {
  private readonly take: () => void;

  constructor(take: () => void) {
    this.take = take;
  }

  /** Removes the hook. Harmless when it is gone already. */
  remove(): void {
    this.take();
  }

  [Symbol.dispose](): void {
    this.take();
  }
}

/**
 * Has `fn` called before each step of the running task's scheduler, the newest hook first. A hook that throws is removed
 * and its error reported. It cannot perform operations; it may signal triggers and complete computations.
 *
 * @throws {OutsideTaskError} there is no running task
 */
export function addHook(fn: () => void): Hook {
  const { scheduler } = running("addHook");
  const own = (): void => fn();
  scheduler.setHooks([...scheduler.hooks, own]);
  return new Hook(() => scheduler.setHooks(scheduler.hooks.filter((other) => other !== own)));
}
