import { tracked } from "./note.ts";
import { running } from "./op.ts";
import { ScopeOp } from "./scope.ts";
import { CANCELLED, type TaskCell, type Watcher } from "./task.ts";
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

/** A scope that is cancelled by a signal. */
class SignalOp<T> extends ScopeOp<T> {
  private readonly signal: AbortSignal;
  private readonly abort = (): void => {
    const { child, signal } = this;
    child.scheduler.later(() => child.scheduler.cancelChild(child, signal.reason, false));
  };

  constructor(signal: AbortSignal, fn: () => Operation<T>) {
    super("withSignal", fn);
    this.signal = signal;
  }

  override begin(task: TaskCell): number {
    if (this.signal.aborted) this.abort();
    else this.signal.addEventListener("abort", this.abort, { once: true });
    return super.begin(task);
  }

  override stop(): void {
    this.signal.removeEventListener("abort", this.abort);
  }
}

/**
 * Runs `fn`, cancelled when `signal` is aborted. It acts for the running task, as that of {@link timeout} does.
 *
 * @throws {CancelledError} the signal was aborted; its reason is the error's
 * @throws what `fn` throws before that
 */
export function withSignal<T>(signal: AbortSignal, fn: () => Operation<T>): Operation<T> {
  return tracked(signalled(signal, fn), withSignal);
}

function* signalled<T>(signal: AbortSignal, fn: () => Operation<T>): Operation<T> {
  const scope = new SignalOp(signal, fn);
  yield* scope;
  return scope.value();
}
