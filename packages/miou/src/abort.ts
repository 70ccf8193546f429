import { running } from "./op.ts";
import { spawn } from "./spawn.ts";
import { CANCELLED, cell, type TaskCell, type Watcher } from "./task.ts";
import type { Operation } from "./types.ts";

/** Aborts a signal with a task. */
class Aborter implements Watcher {
  readonly controller: AbortController;

  constructor(controller: AbortController) {
    this.controller = controller;
  }

  cancelled(task: TaskCell): void {
    // Listeners are foreign code: not in the middle of a cancellation.
    task.scheduler.later(() => this.controller.abort(task.cancelled));
  }

  settled(task: TaskCell): void {
    this.controller.abort(task.cancelled);
  }
}

/**
 * A signal for foreign interfaces, aborted when the running task is cancelled, before it sees the cancellation, or ends.
 * There is one a task, created on demand.
 *
 * @throws {TypeError} this host has no `AbortController`
 */
export function abortSignal(): AbortSignal {
  const task = running("abortSignal");
  const host = globalThis as { AbortController?: typeof AbortController };
  if (host.AbortController === undefined)
    throw new TypeError("abortSignal: this host has no AbortController");
  for (const watcher of task.more().watchers ?? []) {
    if (watcher instanceof Aborter) return watcher.controller.signal;
  }
  const aborter = new Aborter(new host.AbortController());
  if ((task.flags & CANCELLED) !== 0) aborter.controller.abort(task.cancelled);
  task.watch(aborter);
  return aborter.controller.signal;
}

/**
 * Runs `fn` as a child task that is cancelled when `signal` is aborted.
 *
 * @throws {CancelledError} the signal was aborted; its reason is the error's
 * @throws what `fn` throws before that
 */
export function* withSignal<T>(signal: AbortSignal, fn: () => Operation<T>): Operation<T> {
  const task = spawn(fn, { name: "withSignal" });
  const child = cell("withSignal", task);
  const abort = (): void =>
    child.scheduler.later(() => child.scheduler.cancelChild(child, signal.reason, false));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return yield* task;
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
