import { isCancelled } from "./is-cancelled.ts";
import { tracked } from "./note.ts";
import { run } from "./run.ts";
import { shield } from "./shield.ts";
import { suspend } from "./suspend.ts";
import type { Operation } from "./types.ts";
import { until } from "./until.ts";

/**
 * Calls `fn` for each item, one after the other. However it ends (error, cancellation), the iterator is closed, and its
 * closing waited for.
 *
 * @throws what the iterator or `fn` throws
 */
export function forEach<T>(
  items: AsyncIterable<T> | Iterable<T>,
  fn: (item: T) => Operation<void> | void,
): Operation<void> {
  return tracked(eachOf(items, fn), forEach);
}

function* eachOf<T>(
  items: AsyncIterable<T> | Iterable<T>,
  fn: (item: T) => Operation<void> | void,
): Operation<void> {
  if (!(Symbol.asyncIterator in items)) {
    for (const item of items) {
      const operation = fn(item);
      if (operation !== undefined) yield* operation;
    }
    return;
  }
  const iterator = items[Symbol.asyncIterator]();
  // An iterator that has ended, or failed, needs no closing.
  let open = true;
  try {
    for (;;) {
      let step: IteratorResult<T>;
      try {
        step = yield* until(iterator.next());
      } catch (error) {
        open = isCancelled(error);
        throw error;
      }
      if (step.done === true) {
        open = false;
        return;
      }
      const operation = fn(step.value);
      if (operation !== undefined) yield* operation;
    }
  } finally {
    if (open) {
      const closed = iterator.return?.();
      if (closed !== undefined) yield* shield(() => until(closed));
    }
  }
}

/**
 * The reverse: each consumer gets a run of its own, in which `fn` emits the items. `emit` waits until the consumer has
 * taken the item and asks for the next; a consumer that stops early cancels the run.
 */
export function toAsyncIterable<T>(
  fn: (emit: (item: T) => Operation<void>) => Operation<void>,
): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new Emitter(fn) };
}

type Step<T> = IteratorResult<T, undefined>;

class Emitter<T> implements AsyncIterator<T, undefined> {
  private readonly fn: (emit: (item: T) => Operation<void>) => Operation<void>;
  private readonly controller = new AbortController();
  private ended: Promise<void> | undefined = undefined;
  private over = false;
  /** The consumer that waits for an item. */
  private taker: { fulfil(step: Step<T>): void; reject(error: unknown): void } | undefined = undefined;
  /** The emitter that waits for a consumer. */
  private emitting: { readonly item: T; ok(): void } | undefined = undefined;
  /** Lets `fn` go on after the item that was taken. */
  private goOn: (() => void) | undefined = undefined;

  constructor(fn: (emit: (item: T) => Operation<void>) => Operation<void>) {
    this.fn = fn;
  }

  next(): Promise<Step<T>> {
    if (this.over) return Promise.resolve({ done: true, value: undefined });
    return new Promise((fulfil, reject) => {
      this.taker = { fulfil, reject };
      this.ended ??= run(() => this.fn((item) => this.emit(item)), { signal: this.controller.signal }).then(
        () => this.end((taker) => taker.fulfil({ done: true, value: undefined })),
        (error) => this.end((taker) => taker.reject(error)),
      );
      const { goOn } = this;
      this.goOn = undefined;
      goOn?.();
      this.match();
    });
  }

  async return(): Promise<Step<T>> {
    this.over = true;
    this.controller.abort();
    await this.ended;
    return { done: true, value: undefined };
  }

  private emit(item: T): Operation<void> {
    return suspend<void>(({ ok }) => {
      this.emitting = { item, ok: () => ok(undefined) };
      this.match();
      return () => {
        this.emitting = undefined;
      };
    }, "emit");
  }

  private match(): void {
    const { taker, emitting } = this;
    if (taker === undefined || emitting === undefined) return;
    this.taker = undefined;
    this.emitting = undefined;
    this.goOn = emitting.ok;
    taker.fulfil({ done: false, value: emitting.item });
  }

  private end(tell: (taker: { fulfil(step: Step<T>): void; reject(error: unknown): void }) => void): void {
    this.over = true;
    const { taker } = this;
    this.taker = undefined;
    if (taker !== undefined) tell(taker);
  }
}
