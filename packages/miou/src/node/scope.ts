import type { EventEmitter } from "node:events";
import type { TaskCell } from "../task.ts";

const scopes = new WeakMap<TaskCell, Set<() => void>>();

/**
 * Has `fn` called, once, when `task` has settled, newest first; `fn` must not throw. Answers what takes the call back.
 * Registering and taking back are O(1), so that a task may do it for each of a million connections.
 */
export function atEnd(task: TaskCell, fn: () => void): () => void {
  let scope = scopes.get(task);
  if (scope === undefined) {
    const fresh = new Set<() => void>();
    scope = fresh;
    scopes.set(task, fresh);
    task.watch({
      settled() {
        for (const each of [...fresh].reverse()) each();
        fresh.clear();
      },
    });
  }
  const calls = scope;
  calls.add(fn);
  return () => {
    calls.delete(fn);
  };
}

/**
 * Has the run of `root` end only when `raw`, which is being closed, is closed.
 *
 * @param early - it says so before the system's handle is closed, which the host then does within two turns of its loop
 */
export function awaitClose(root: TaskCell, raw: Pick<EventEmitter, "once">, early: boolean): void {
  const { closers } = root.scheduler;
  let closed: (() => void) | undefined;
  const wait = (): Promise<void> =>
    new Promise((done) => {
      closed = done;
    });
  closers.add(wait);
  const over = (): void => {
    closers.delete(wait);
    closed?.();
  };
  raw.once("close", early ? () => setImmediate(() => setImmediate(over)) : over);
}
