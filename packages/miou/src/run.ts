import { hostClock } from "./clock.ts";
import { limits } from "./domain-provider.ts";
import { DeadlockError } from "./errors.ts";
import { slot } from "./op.ts";
import { type CommonOptions, resolve } from "./options.ts";
import { Scheduler } from "./scheduler.ts";
import { emit, tracing } from "./trace.ts";
import type { Operation } from "./types.ts";

/** How `run` runs. */
export interface RunOptions extends CommonOptions {
  /** Aborting it cancels the root; `run` then rejects with a `CancelledError` whose `reason` is the signal's. */
  readonly signal?: AbortSignal;
  /**
   * How many threads `call` and `parallel` may use, where `@uk/miou/node` was imported; elsewhere there is none. Default:
   * `MIOU_DOMAINS`, or one less than there are processors.
   */
  readonly domains?: number;
  /** Called each time the run goes on after it had nothing to do. It must not throw. */
  readonly onWake?: () => void;
}

/** A turn ends after this long, in ms. */
const TURN = 4;

/** Slices between two looks at the clock. */
const SLICES = 128;

/** Turns in a row that may start from microtasks, which the host runs before anything else. */
const MICROTURNS = 16;

/** The longest delay a host timer can be set to, in ms. */
const LONGEST = 2 ** 31 - 1;

/** What is used of the host, where present. */
interface Host {
  queueMicrotask(callback: () => void): void;
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  setImmediate?(callback: () => void): unknown;
  MessageChannel?: new () => {
    port1: { onmessage: unknown };
    port2: { postMessage(message: unknown): void };
  };
  process?: {
    on?(event: "beforeExit", listener: () => void): void;
    off?(event: "beforeExit", listener: () => void): void;
  };
}

const host = globalThis as unknown as Host;

/** Runs `callback` after the host has served its timers and I/O. */
let macrotask = (callback: () => void): void => {
  if (host.setImmediate !== undefined) {
    macrotask = (next) => host.setImmediate?.(next);
  } else if (host.MessageChannel !== undefined) {
    const { port1, port2 } = new host.MessageChannel();
    const queue: (() => void)[] = [];
    port1.onmessage = () => queue.shift()?.();
    macrotask = (next) => {
      queue.push(next);
      port2.postMessage(undefined);
    };
  } else {
    macrotask = (next) => host.setTimeout(next, 0);
  }
  macrotask(callback);
};

/** The runs in progress, for reports. */
export const runs: Set<HostRun> = new Set();

/** The host has nothing left to do: whoever still waits will wait for ever. */
function beforeExit(): void {
  for (const each of runs) each.deadlock();
}

/** One tree on the host's event loop. */
export class HostRun {
  readonly scheduler: Scheduler;
  private readonly finish: () => void;
  private scheduled = false;
  private microturns = 0;
  private readonly onWake: (() => void) | undefined;
  /** It has had nothing to do since its last turn. */
  private waited = false;
  private timer: unknown = undefined;
  private timerDeadline = Number.POSITIVE_INFINITY;
  private readonly turn = (): void => this.run();

  constructor(scheduler: Scheduler, onWake: (() => void) | undefined, finish: () => void) {
    this.scheduler = scheduler;
    this.onWake = onWake;
    this.finish = finish;
    scheduler.awake = (): void => this.schedule();
    if (runs.size === 0) host.process?.on?.("beforeExit", beforeExit);
    runs.add(this);
    this.schedule();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    if (this.microturns++ < MICROTURNS) host.queueMicrotask(this.turn);
    else this.yieldToHost();
  }

  private yieldToHost(): void {
    this.scheduled = true;
    this.microturns = 0;
    macrotask(this.turn);
  }

  private run(): void {
    const { scheduler } = this;
    this.scheduled = false;
    scheduler.idle = false;
    scheduler.turns++;
    if (this.waited) {
      this.waited = false;
      this.onWake?.();
    }
    const start = hostClock();
    let now = start;
    let more = true;
    do {
      scheduler.expire();
      more = scheduler.steps(SLICES) === SLICES;
      now = hostClock();
    } while (!scheduler.done && now - start < TURN && (more || scheduler.isDue));
    if (now - start >= 2 * TURN) scheduler.lateTurns++;
    if (scheduler.done) this.end();
    else if (more || scheduler.isReady) this.yieldToHost();
    else {
      scheduler.idle = true;
      this.waited = true;
      this.setTimer();
    }
  }

  /** Keeps one host timer, for the earliest sleeper. */
  private setTimer(): void {
    const deadline = this.scheduler.timers.earliest ?? Number.POSITIVE_INFINITY;
    if (deadline === this.timerDeadline) return;
    if (this.timer !== undefined) host.clearTimeout(this.timer);
    this.timer = undefined;
    this.timerDeadline = deadline;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const ms = Math.min(Math.max(Math.ceil(deadline - this.scheduler.now()), 1), LONGEST);
    this.timer = host.setTimeout(() => {
      this.timer = undefined;
      this.timerDeadline = Number.POSITIVE_INFINITY;
      this.microturns = 0;
      if (!this.scheduled) this.run();
    }, ms);
  }

  deadlock(): void {
    const { scheduler } = this;
    if (this.scheduled) return;
    if (scheduler.failed) scheduler.stop(scheduler.failure, true);
    else scheduler.fail(new DeadlockError("run", scheduler.waiting()));
    // The host is about to exit: a microtask alone would not keep it.
    macrotask(() => {});
  }

  private end(): void {
    if (this.timer !== undefined) host.clearTimeout(this.timer);
    this.timer = undefined;
    runs.delete(this);
    if (runs.size === 0) host.process?.off?.("beforeExit", beforeExit);
    const { closers } = this.scheduler;
    if (closers.size === 0) this.finish();
    else Promise.all([...closers].map((close) => close())).then(this.finish, this.finish);
  }
}

/**
 * Runs the tree rooted at `main` on the host's event loop. Settles when the root and all its descendants have settled:
 * with the root's value, or rejected with its error.
 *
 * Tasks run in turns of at most 4 ms, between which the host serves timers and I/O; nothing is scheduled while nothing
 * is ready. Under Node, a root that nothing can wake any more rejects with `DeadlockError` instead of exiting silently.
 *
 * @throws (rejects) what the root throws; `StillHasChildrenError` or `ResourceLeakedError` when a task broke a rule
 * @throws {RangeError} an option is out of range (thrown at once)
 */
export function run<T>(main: () => Operation<T>, options: RunOptions = {}): Promise<T> {
  if (slot.task !== undefined && tracing.on) emit({ type: "nested_run", task: slot.task });
  const { signal, domains, onWake } = options;
  if (domains !== undefined && !(Number.isInteger(domains) && domains >= 0))
    throw new RangeError(`run: domains ${domains} is not an integer >= 0`);
  const scheduler = new Scheduler(main, resolve("run", options));
  if (domains !== undefined) limits.set(scheduler, domains);
  const abort = (): void => scheduler.stop(signal?.reason, false);
  return new Promise((fulfil, reject) => {
    new HostRun(scheduler, onWake, () => {
      signal?.removeEventListener("abort", abort);
      const { failed, value } = scheduler.outcome();
      if (failed) reject(value);
      else fulfil(value as T);
    });
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });
}
