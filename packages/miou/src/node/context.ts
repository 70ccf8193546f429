import { AsyncResource } from "node:async_hooks";
import type { Effect, Operation } from "../types.ts";

/** Runs every slice of an operation in the context in which it was made. */
class ContextIterator<T> implements Iterator<Effect, T, unknown> {
  private readonly inner: Iterator<Effect, T, unknown>;
  private readonly resource: AsyncResource;

  constructor(resource: AsyncResource, inner: Iterator<Effect, T, unknown>) {
    this.resource = resource;
    this.inner = inner;
  }

  next(...resumed: [] | [unknown]): IteratorResult<Effect, T> {
    return this.resource.runInAsyncScope(() => this.inner.next(...resumed));
  }

  throw(error?: unknown): IteratorResult<Effect, T> {
    const { inner } = this;
    if (inner.throw === undefined) throw error;
    return this.resource.runInAsyncScope(() =>
      (inner.throw as (e: unknown) => IteratorResult<Effect, T>)(error),
    );
  }

  return(value?: T): IteratorResult<Effect, T> {
    const { inner } = this;
    if (inner.return === undefined) return { done: true, value: value as T };
    return this.resource.runInAsyncScope(() => (inner.return as (v?: T) => IteratorResult<Effect, T>)(value));
  }
}

/**
 * Captures the context of Node's `AsyncLocalStorage`s now, and has `fn` and everything that its operation runs see it:
 * `spawn(withContext(() => work()))`. Without it a task sees the context in which `run` was called, or that of whatever
 * woke the scheduler. Each task costs a snapshot, and each of its slices a switch; frames behind `sub` and other tasks are
 * not covered. Never suspends.
 */
export function withContext<T>(fn: () => Operation<T>): () => Operation<T> {
  const resource = new AsyncResource("uk.miou.task");
  return () => ({
    [Symbol.iterator]: () =>
      new ContextIterator(
        resource,
        resource.runInAsyncScope(() => fn()[Symbol.iterator]()),
      ),
  });
}
