import { DeadlockError, NoEventsError } from "./errors.ts";
import { slot } from "./op.ts";
import { type CommonOptions, resolve } from "./options.ts";
import { Scheduler } from "./scheduler.ts";
import { deliver, type Signal } from "./syscall.ts";
import type { Operation } from "./types.ts";

/** What `select` is told. */
export interface SelectRequest {
  /** Whether it may block: true only when no task is ready. */
  readonly block: boolean;
  /** The `Syscall.uid` of the waits given up since the last call. */
  readonly cancelled: readonly number[];
  /**
   * When the earliest sleeper is due, in milliseconds on the run's clock; absent when nobody sleeps. A blocking call
   * must return by then: the scheduler reads the clock and wakes the sleepers itself.
   */
  readonly deadline: number | undefined;
  /** How many tasks wait for the outside (`suspend`, `Syscall`, `until`). */
  readonly externals: number;
}

/**
 * Where the events of a `runSync` come from. The source wakes tasks by returning the signals of their `Syscall`s, or by
 * calling what `suspend` gave it; native promise jobs, where the embedder has to drain them, are drained here too.
 */
export interface Events {
  /**
   * Collects events. Called at least once a round of the ready tasks, with `block` false, while a task sleeps or waits
   * for the outside; it should then be cheap. Called with `block` true when nothing is ready: it waits for an event or
   * for `deadline`, whichever comes first, and may return early with nothing.
   *
   * Returns `"exhausted"` instead of blocking when it would wait for ever: no deadline was given and nothing it knows of
   * can happen any more (no device wait, no armed timer, no pending promise job). If no task has become ready by then,
   * the run ends with `DeadlockError`.
   *
   * Returns `"paused"` when somebody else is to go on, e.g. instead of blocking: the `step` of {@link runStepped} then
   * returns, and the next one asks again, with `block` true, if nothing has become ready meanwhile.
   *
   * Returns `"late"` if it took long although it was not to block: the clock is then read, and the sleepers that are due
   * are woken, sooner than it would be done anyway.
   *
   * @throws anything: the run is cancelled, cleanup runs, and `runSync` throws the error
   */
  select(request: SelectRequest): Iterable<Signal> | "exhausted" | "paused" | "late" | undefined;
  /** Makes a blocked or paused `select` return soon. Called when a task becomes ready meanwhile; may come at any time. */
  interrupt?(): void;
  /** Called once, at the end of the run, normal or not. */
  finalize?(): void;
  /**
   * Asks for a `select` once in a while even when no task waits for anything: for an embedder that has jobs of its own
   * to run, such as those of native promises. Default: false.
   */
  readonly always?: boolean;
}

/** How `runSync` runs. */
export interface RunSyncOptions extends CommonOptions {
  readonly events?: Events;
}

/** At most this many slices between two polls, and between two looks at the clock while tasks are ready. */
const POLL = 64;

/** At least this many, however short the queue is: what surrounds a round costs as much as a slice. */
const BATCH = 2;

/** A run that goes on only while its embedder steps it, so that several can share a thread. */
export interface SteppedRun<T> {
  /**
   * Goes on until the tree has ended or `events.select` answers `"paused"`; whether the tree has ended.
   *
   * @throws {TypeError} called inside a task
   */
  step(): boolean;
  /**
   * What the root returned.
   *
   * @throws what the root threw, or the violation that ended the run
   * @throws {TypeError} the run has not ended
   */
  value(): T;
}

/**
 * Starts the tree rooted at `main`, to be driven by calls of `step`: {@link runSync} for many runs in one thread, such as a
 * simulation. Nothing runs before the first step.
 *
 * @throws {RangeError} an option is out of range
 */
export function runStepped<T>(main: () => Operation<T>, options: RunSyncOptions = {}): SteppedRun<T> {
  return new Stepped("runStepped", main, options);
}

/** Runs the tree rooted at `main` to its end, driving the loop itself. Blocks only inside `events.select`.
 *
 * @throws what the root throws; {@link StillHasChildrenError} or {@link ResourceLeakedError} when a task broke a rule
 * @throws {NoEventsError} a task sleeps or waits for the outside, and there is no event source
 * @throws {DeadlockError} nothing can wake any task
 * @throws {TypeError} it was called inside a task
 */
export function runSync<T>(main: () => Operation<T>, options: RunSyncOptions = {}): T {
  outsideTasks("runSync");
  const run = new Stepped("runSync", main, options);
  while (!run.step());
  return run.value();
}

function outsideTasks(call: string): void {
  if (slot.task !== undefined || slot.busy)
    throw new TypeError(`${call}: called inside a task: it would block the others`);
}

class Stepped<T> implements SteppedRun<T> {
  private readonly scheduler: Scheduler;
  private readonly events: Events | undefined;
  private readonly call: string;
  /** `select` answered that somebody else is to go on. */
  private paused = false;
  private ended = false;
  /** Slices since the clock was read. */
  private unclocked = 0;

  constructor(call: string, main: () => Operation<T>, options: RunSyncOptions) {
    const { events } = options;
    this.call = call;
    this.events = events;
    this.scheduler = new Scheduler(main, resolve(call, options));
    this.scheduler.awake = () => events?.interrupt?.();
  }

  step(): boolean {
    outsideTasks(this.call);
    if (this.ended) return true;
    let ended = true;
    try {
      ended = this.drive();
    } finally {
      if (ended) {
        this.ended = true;
        this.events?.finalize?.();
      }
    }
    return ended;
  }

  value(): T {
    if (!this.ended)
      throw new TypeError(`${this.call}: the run has not ended: step it until it answers true`);
    const { failed, value } = this.scheduler.outcome();
    if (failed) throw value;
    return value as T;
  }

  /** Whether the tree has ended. */
  private drive(): boolean {
    const { scheduler, events } = this;
    if (this.paused) this.idle();
    while (!scheduler.done && !this.paused) {
      const round = Math.min(Math.max(scheduler.ready.length, BATCH), POLL);
      const count = scheduler.steps(round);
      if (scheduler.done) break;
      this.unclocked += count;
      if (count < round && !scheduler.isReady) {
        this.idle();
        this.unclocked = POLL;
      } else if (events !== undefined) {
        const waits = scheduler.externals + scheduler.timers.size > 0;
        if (waits || (events.always === true && this.unclocked >= POLL)) this.poll(events, false);
      }
      if (this.unclocked >= POLL && !this.paused) {
        this.unclocked = 0;
        scheduler.expire();
      }
    }
    return scheduler.done;
  }

  /** Nothing is ready. */
  private idle(): void {
    const { scheduler, events } = this;
    const { timers, externals } = scheduler;
    // What was paused goes on first: a source is told of its deadline's end as it would be of any event.
    if (!this.paused) scheduler.expire();
    if (scheduler.isReady) {
      this.paused = false;
      return;
    }
    if (events === undefined) {
      const error =
        timers.size + externals > 0
          ? new NoEventsError(scheduler.waiting())
          : new DeadlockError(this.call, scheduler.waiting());
      this.stuck(error);
      return;
    }
    let exhausted = this.poll(events, true);
    if (this.paused || scheduler.isReady || timers.size > 0) return;
    // Without a wait to serve, a source may still have run promise jobs; twice in vain means that nothing is left.
    if (!exhausted && externals === 0) exhausted = this.poll(events, true) || !scheduler.isReady;
    if (exhausted && !this.paused && !scheduler.isReady)
      this.stuck(new DeadlockError(this.call, scheduler.waiting()));
  }

  /** Cancels the tree, or forces it when its cleanup is stuck in turn. */
  private stuck(error: unknown): void {
    if (this.scheduler.failed) this.scheduler.stop(error, true);
    else this.scheduler.fail(error);
  }

  /** Asks the source for events; answers whether it has none and never will. */
  private poll(events: Events, block: boolean): boolean {
    const { scheduler } = this;
    const cancelled = scheduler.abandoned;
    if (cancelled.length > 0) scheduler.abandoned = [];
    const { externals } = scheduler;
    scheduler.idle = block;
    this.paused = false;
    try {
      const answer = events.select({ block, cancelled, deadline: scheduler.timers.earliest, externals });
      if (answer === "exhausted") return true;
      if (answer === "late" || answer === "paused") this.unclocked = POLL;
      if (answer === "paused") this.paused = true;
      else if (answer !== undefined && answer !== "late") for (const signal of answer) deliver(signal);
    } catch (error) {
      scheduler.fail(error);
    } finally {
      // While it pauses, what becomes ready must still interrupt it.
      if (!this.paused) scheduler.idle = false;
    }
    return false;
  }
}
