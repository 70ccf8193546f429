import type { Events } from "@uk/miou";
import { runYieldHooks } from "./hooks.ts";
import type { Solo5 } from "./solo5.ts";

/** The clock of a run, and how it relates to the machine's. */
export interface RunClock {
  /** Milliseconds since the start of the run. */
  now(): number;
  /** The moment on the machine's monotonic clock (ns) at which `now()` will have reached `ms`. */
  toMonotonic(ms: number): bigint;
}

/** The clock of a run on `solo5`, whose sleepers follow `now` (ns) if it is given. */
export function runClock(solo5: Solo5, now: (() => bigint) | undefined): RunClock {
  const read = now ?? (() => solo5.clockMonotonic());
  const start = read();
  const clock = (): number => Number(read() - start) / 1e6;
  return {
    now: clock,
    toMonotonic:
      now === undefined
        ? (ms) => start + BigInt(Math.ceil(ms * 1e6))
        : (ms) => solo5.clockMonotonic() + BigInt(Math.ceil(Math.max(ms - clock(), 0) * 1e6)),
  };
}

/**
 * The event source of a program that owns its machine: while tasks are ready it only runs the jobs of
 * native promises; when nothing is ready it sleeps in the `yield` hypercall until the next sleeper is due.
 */
export function pollEvents(solo5: Solo5, clock: RunClock): Events {
  return {
    always: solo5.runJobs !== undefined,
    select({ block, deadline }) {
      const progressed = solo5.runJobs?.() ?? false;
      if (!block || progressed) return undefined;
      if (deadline === undefined) return "exhausted";
      solo5.yield?.(clock.toMonotonic(deadline));
      runYieldHooks();
      return undefined;
    },
  };
}
