import type { Task } from "./types.ts";

/** Something the scheduler did, for tools and tests. `task` is the task it happened to. */
export type TraceEvent =
  | { readonly type: "spawn"; readonly task: Task<unknown>; readonly parent: Task<unknown> | undefined }
  /** A slice: it begins, and the task then yields, waits, or has come to the end of its body. */
  | { readonly type: "begin" | "yield" | "end"; readonly task: Task<unknown> }
  | { readonly type: "wait"; readonly task: Task<unknown>; readonly on: string }
  /** What it waited for has happened; it will run in its turn. */
  | { readonly type: "resume"; readonly task: Task<unknown> }
  /** It has settled by itself. */
  | { readonly type: "done"; readonly task: Task<unknown> }
  | { readonly type: "cancel" | "cancelled"; readonly task: Task<unknown>; readonly reason: unknown }
  | { readonly type: "attach" | "detach"; readonly task: Task<unknown>; readonly what: string }
  | { readonly type: "violation"; readonly task: Task<unknown> | undefined; readonly error: unknown }
  /** An error nobody will see: its parent ended first. */
  | { readonly type: "lost_error"; readonly task: Task<unknown>; readonly error: unknown }
  /** The body returned normally after `CancelledError` had been thrown into it. */
  | { readonly type: "swallowed"; readonly task: Task<unknown> }
  /** An error that could not become the outcome: thrown by cleanup, a finalizer, a hook, an abandoned promise. */
  | { readonly type: "suppressed"; readonly task: Task<unknown> | undefined; readonly error: unknown }
  /** A cancelled task has settled, more than a second after the request. */
  | { readonly type: "slow_cleanup"; readonly task: Task<unknown> }
  /** `run` was called inside a task: the new tree is independent of it. */
  | { readonly type: "nested_run"; readonly task: Task<unknown> };

/** Whether anybody listens; read before an event is built. */
export const tracing: { on: boolean } = { on: false };

let listeners: readonly ((event: TraceEvent) => void)[] = [];

/** Hands `event` to every subscriber. A subscriber that throws is removed. */
export function emit(event: TraceEvent): void {
  for (const listener of listeners) {
    try {
      listener(event);
    } catch {
      remove(listener);
    }
  }
}

function remove(listener: (event: TraceEvent) => void): void {
  listeners = listeners.filter((other) => other !== listener);
  tracing.on = listeners.length > 0;
}

/** Reports an error that has no other way out: to the subscribers, or else to the console when there is one. */
export function report(task: Task<unknown> | undefined, error: unknown): void {
  if (tracing.on) emit({ type: "suppressed", task, error });
  else (globalThis as { console?: { error(...words: unknown[]): void } }).console?.error("miou:", error);
}

/** Observation of every run of the realm. Costs nothing until somebody subscribes. */
export const trace: {
  /** Calls `listener` for every event until the returned object is disposed of. Never suspends. */
  subscribe(listener: (event: TraceEvent) => void): Subscription;
} = {
  subscribe(listener) {
    const own = (event: TraceEvent): void => listener(event);
    listeners = [...listeners, own];
    tracing.on = true;
    return new Subscription(() => remove(own));
  },
};

/** What `trace.subscribe` gives back. */
export class Subscription {
  private readonly stop: () => void;

  constructor(stop: () => void) {
    this.stop = stop;
  }

  unsubscribe(): void {
    this.stop();
  }

  [Symbol.dispose](): void {
    this.stop();
  }
}

const trails = new WeakMap<object, string[]>();

/** Notes that `task` failed with `error`, while tracing is on. */
export function follow(error: unknown, task: Task<unknown>, spawnedAt: string | undefined): void {
  if (typeof error !== "object" || error === null) return;
  const line = spawnedAt === undefined ? `${task}` : `${task}, ${spawnedAt}`;
  const trail = trails.get(error);
  if (trail === undefined) trails.set(error, [line]);
  else trail.push(line);
}

/**
 * The tasks that `error` went through, innermost first, each with the place where it was spawned. Empty unless somebody
 * was subscribed to the trace when it happened: the error itself is never wrapped.
 */
export function errorTrail(error: unknown): readonly string[] {
  return (typeof error === "object" && error !== null && trails.get(error)) || [];
}
