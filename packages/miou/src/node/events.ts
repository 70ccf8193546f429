import type { EventEmitter } from "node:events";
import { Channel } from "../channel.ts";
import { ClosedError } from "../errors.ts";
import { tracked } from "../note.ts";
import { running } from "../op.ts";
import { suspend } from "../suspend.ts";
import type { Operation } from "../types.ts";
import { atEnd } from "./scope.ts";

/** The part of an `EventEmitter` that is used. */
export type Emitter = Pick<EventEmitter, "on" | "off">;

/** How {@link on} keeps events that nobody has taken yet. */
export interface OnOptions {
  /** How many are kept. Default: 1024. */
  readonly capacity?: number;
  /**
   * What happens to one more: it is dropped, or the oldest is, or the subscription ends with an error. Default: `"fail"`,
   * so that nothing is lost silently.
   */
  readonly overflow?: "drop-newest" | "drop-oldest" | "fail";
  /** An event after which no more come, such as `"close"`. */
  readonly end?: string;
}

type Handler = (...words: unknown[]) => void;

/** Adds a listener, and answers what takes it away. Foreign objects may throw here; nothing is then left behind. */
function listen(
  call: string,
  source: Emitter | EventTarget,
  event: string | symbol,
  fn: Handler,
): () => void {
  if (isEmitter(source)) {
    source.on(event, fn);
    return () => {
      source.off(event, fn);
    };
  }
  if (typeof (source as EventTarget | undefined)?.addEventListener === "function") {
    const target = source as EventTarget;
    target.addEventListener(String(event), fn);
    return () => target.removeEventListener(String(event), fn);
  }
  throw new TypeError(`${call}: neither an EventEmitter nor an EventTarget`);
}

function isEmitter(source: Emitter | EventTarget): source is Emitter {
  return typeof (source as Emitter | undefined)?.on === "function";
}

/**
 * Waits for the next `event`. The listener is there while the task waits, and no longer.
 *
 * @returns of an emitter the list of the event's arguments, of an `EventTarget` the event
 * @throws what the emitter emits as `"error"`, unless that is the event waited for
 * @throws {TypeError} the source is neither
 */
export function once(source: EventTarget, event: string): Operation<Event>;
export function once<T extends readonly unknown[] = readonly unknown[]>(
  source: Emitter,
  event: string | symbol,
): Operation<T>;
export function once(source: Emitter | EventTarget, event: string | symbol): Operation<unknown> {
  return suspend<unknown>(
    ({ ok, fail }) => {
      const offs: (() => void)[] = [];
      const settle = (): void => {
        for (const off of offs) off();
      };
      const emitter = isEmitter(source);
      try {
        offs.push(
          listen("once", source, event, (...words) => {
            settle();
            ok(emitter ? words : words[0]);
          }),
        );
        if (emitter && event !== "error") {
          offs.push(
            listen("once", source, "error", (error) => {
              settle();
              fail(error);
            }),
          );
        }
      } catch (error) {
        settle();
        throw error;
      }
      return settle;
    },
    `event ${String(event)}`,
  );
}

/** The events of one kind, in the order in which they came. */
export class Subscribed<T> {
  private readonly queue: Channel<T>;
  private readonly offs: (() => void)[] = [];
  private readonly overflow: "drop-newest" | "drop-oldest" | "fail";
  private readonly event: string | symbol;
  private failure: unknown = undefined;
  private failed = false;
  private closed = false;
  private lost = 0;

  /** @internal */
  static make<T>(source: Emitter | EventTarget, event: string | symbol, options: OnOptions): Subscribed<T> {
    return new Subscribed<T>(source, event, options);
  }

  private constructor(source: Emitter | EventTarget, event: string | symbol, options: OnOptions) {
    const { capacity = 1024, overflow = "fail", end } = options;
    if (!Number.isInteger(capacity) || capacity < 1)
      throw new RangeError(`on: capacity ${capacity} is not a positive integer`);
    const task = running("on");
    this.queue = new Channel(capacity);
    this.overflow = overflow;
    this.event = event;
    const emitter = isEmitter(source);
    this.offs.push(atEnd(task, () => this.close()));
    try {
      this.offs.push(listen("on", source, event, (...words) => this.add((emitter ? words : words[0]) as T)));
      if (emitter && event !== "error")
        this.offs.push(listen("on", source, "error", (error) => this.fail(error)));
      if (end !== undefined) this.offs.push(listen("on", source, end, () => this.stop()));
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  /** Events dropped because the queue was full. */
  get dropped(): number {
    return this.lost;
  }

  /**
   * Waits for the next event; several tasks are served in order of arrival.
   *
   * @returns of an emitter the list of the event's arguments, of an `EventTarget` the event; `undefined` after the end
   * @throws what the emitter emitted as `"error"`, after the events that came before it
   * @throws {RangeError} the queue overflowed, and `overflow` is `"fail"`; after the events that it holds
   */
  next(): Operation<T | undefined> {
    return tracked(this.taking(), this.next);
  }

  private *taking(): Operation<T | undefined> {
    try {
      return yield* this.queue.receive();
    } catch (error) {
      if (!(error instanceof ClosedError)) throw error;
      if (this.failed) throw this.failure;
      return undefined;
    }
  }

  /** Takes the listeners away and forgets the events not taken. Never suspends; closing again does nothing. */
  close(): void {
    this.stop();
    while (this.queue.tryReceive() !== undefined);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private add(item: T): void {
    if (this.queue.trySend(item)) return;
    if (this.overflow === "fail") {
      this.fail(new RangeError(`on: more than ${this.queue.capacity} events ${String(this.event)} waited`));
      return;
    }
    this.lost++;
    if (this.overflow === "drop-newest") return;
    this.queue.tryReceive();
    this.queue.trySend(item);
  }

  private fail(error: unknown): void {
    if (!this.failed) this.failure = error;
    this.failed = true;
    this.stop();
  }

  private stop(): void {
    if (this.closed) return;
    this.closed = true;
    for (const off of this.offs.splice(0)) off();
    this.queue.close();
  }
}

/**
 * Listens to `event` from now on, keeping what comes in a bounded queue, until the result is closed or disposed of, or
 * the running task ends. Never suspends.
 *
 * @throws {OutsideTaskError} there is no running task
 * @throws {TypeError} the source is neither an `EventEmitter` nor an `EventTarget`
 * @throws {RangeError} `capacity` is not a positive integer
 */
export function on(source: EventTarget, event: string, options?: OnOptions): Subscribed<Event>;
export function on<T extends readonly unknown[] = readonly unknown[]>(
  source: Emitter,
  event: string | symbol,
  options?: OnOptions,
): Subscribed<T>;
export function on(
  source: Emitter | EventTarget,
  event: string | symbol,
  options: OnOptions = {},
): Subscribed<unknown> {
  return Subscribed.make(source, event, options);
}
