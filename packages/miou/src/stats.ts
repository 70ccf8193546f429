import { running } from "./op.ts";

/** Counters of one run. */
export interface Stats {
  /** Tasks that have not settled. */
  readonly tasks: number;
  /** Tasks in the queue; the running one is not. */
  readonly ready: number;
  /** Tasks that neither run nor are ready. */
  readonly waiting: number;
  /** Tasks that sleep, and pending cleanup limits. */
  readonly sleeping: number;
  /** Tasks that wait for the outside. */
  readonly externals: number;
  /** Slices run before this turn. */
  readonly steps: number;
  /** Turns of the host's event loop. */
  readonly turns: number;
  /** Turns that took more than twice their time: some task did not suspend for long. */
  readonly lateTurns: number;
  /** The longest the queue has been at the start of a turn. */
  readonly maxReady: number;
}

/**
 * Counters of the running task's scheduler, in O(1).
 *
 * @throws {OutsideTaskError} there is no running task
 */
export function stats(): Stats {
  const { scheduler } = running("stats");
  const ready = scheduler.ready.length;
  return {
    tasks: scheduler.live,
    ready,
    waiting: Math.max(0, scheduler.live - ready - 1),
    sleeping: scheduler.timers.size,
    externals: scheduler.externals,
    steps: scheduler.stepCount,
    turns: scheduler.turns,
    lateTurns: scheduler.lateTurns,
    maxReady: scheduler.maxReady,
  };
}
