import { hostClock } from "./clock.ts";
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
   * @throws anything: the run is cancelled, cleanup runs, and `runSync` throws the error
   */
  select(request: SelectRequest): Iterable<Signal> | "exhausted" | undefined;
  /** Makes a blocked `select` return soon. Called when a task becomes ready inside it; may come at any time. */
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
  /** The clock of sleepers, monotonic, in milliseconds. Default: the host's. */
  readonly now?: () => number;
}

/** At most this many slices between two polls, and between two looks at the clock while tasks are ready. */
const POLL = 64;

/** At least this many, however short the queue is: what surrounds a round costs as much as a slice. */
const BATCH = 2;

/** Runs the tree rooted at `main` to its end, driving the loop itself. Blocks only inside `events.select`.
 *
 * @throws what the root throws; {@link StillHasChildrenError} or {@link ResourceLeakedError} when a task broke a rule
 * @throws {NoEventsError} a task sleeps or waits for the outside, and there is no event source
 * @throws {DeadlockError} nothing can wake any task
 * @throws {TypeError} it was called inside a task
 */
export function runSync<T>(main: () => Operation<T>, options: RunSyncOptions = {}): T {
  if (slot.task !== undefined || slot.busy)
    throw new TypeError("runSync: called inside a task: it would block the others");
  const scheduler = new Scheduler(main, resolve("runSync", options, options.now ?? hostClock));
  const { events } = options;
  try {
    drive(scheduler, events);
  } finally {
    events?.finalize?.();
  }
  const { failed, value } = scheduler.outcome();
  if (failed) throw value;
  return value as T;
}

function drive(scheduler: Scheduler, events: Events | undefined): void {
  scheduler.awake = () => events?.interrupt?.();
  let unclocked = 0;
  while (!scheduler.done) {
    const round = Math.min(Math.max(scheduler.ready.length, BATCH), POLL);
    const count = scheduler.steps(round);
    if (scheduler.done) return;
    unclocked += count;
    if (count < round && !scheduler.isReady) {
      idle(scheduler, events);
      unclocked = POLL;
    } else if (events !== undefined) {
      const waits = scheduler.externals + scheduler.timers.size > 0;
      if (waits || (events.always === true && unclocked >= POLL)) poll(scheduler, events, false);
    }
    if (unclocked >= POLL) {
      unclocked = 0;
      scheduler.expire();
    }
  }
}

/** Nothing is ready. */
function idle(scheduler: Scheduler, events: Events | undefined): void {
  const { timers, externals } = scheduler;
  scheduler.expire();
  if (scheduler.isReady) return;
  if (events === undefined) {
    const error =
      timers.size + externals > 0
        ? new NoEventsError(scheduler.waiting())
        : new DeadlockError("runSync", scheduler.waiting());
    stuck(scheduler, error);
    return;
  }
  let exhausted = poll(scheduler, events, true);
  if (scheduler.isReady || timers.size > 0) return;
  // Without a wait to serve, a source may still have run promise jobs; twice in vain means that nothing is left.
  if (!exhausted && externals === 0) exhausted = poll(scheduler, events, true) || !scheduler.isReady;
  if (exhausted && !scheduler.isReady) stuck(scheduler, new DeadlockError("runSync", scheduler.waiting()));
}

/** Cancels the tree, or forces it when its cleanup is stuck in turn. */
function stuck(scheduler: Scheduler, error: unknown): void {
  if (scheduler.failed) scheduler.stop(error, true);
  else scheduler.fail(error);
}

/** Asks the source for events; answers whether it has none and never will. */
function poll(scheduler: Scheduler, events: Events, block: boolean): boolean {
  const cancelled = scheduler.abandoned;
  if (cancelled.length > 0) scheduler.abandoned = [];
  const { externals } = scheduler;
  scheduler.idle = block;
  try {
    const answer = events.select({ block, cancelled, deadline: scheduler.timers.earliest, externals });
    if (answer === "exhausted") return true;
    if (answer !== undefined) for (const signal of answer) deliver(signal);
  } catch (error) {
    scheduler.fail(error);
  } finally {
    scheduler.idle = false;
  }
  return false;
}
