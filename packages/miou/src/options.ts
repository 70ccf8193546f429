import { hostClock } from "./clock.ts";
import type { SchedulerOptions } from "./scheduler.ts";

/** What `run` and `runSync` have in common. */
export interface CommonOptions {
  /** Operations a task may complete before it goes to the back of the queue. Default: `MIOU_QUANTA`, or 1. */
  readonly quanta?: number;
  /** Seed of the generator behind every random choice. Default: `MIOU_SEED`, or 0: runs repeat unless told otherwise. */
  readonly seed?: number | bigint;
  /** `"random"` draws the next ready task, to explore interleavings in tests. Default: `"fifo"`. */
  readonly order?: "fifo" | "random";
  /** `"sync"` cuts the cleanup of cancelled tasks at its first suspension, as upstream does. Default: `"suspend"`. */
  readonly cleanup?: "suspend" | "sync";
  /** How long, in nanoseconds, the cleanup of a cancelled task may take before it is forced. Default: no limit. */
  readonly cleanupTimeoutNs?: number;
  /** The clock of sleepers, monotonic, in milliseconds. Default: the host's. */
  readonly now?: () => number;
}

/** Checks the options and fills in the defaults. */
export function resolve(call: string, options: CommonOptions): SchedulerOptions {
  const quanta = options.quanta ?? number("MIOU_QUANTA") ?? 1;
  if (!Number.isInteger(quanta) || quanta < 1)
    throw new RangeError(`${call}: quanta ${quanta} is not a positive integer`);
  const seed = options.seed ?? number("MIOU_SEED") ?? 0;
  if (typeof seed === "number" && !Number.isSafeInteger(seed))
    throw new RangeError(`${call}: seed ${seed} is not an integer`);
  const { cleanupTimeoutNs } = options;
  if (cleanupTimeoutNs !== undefined && !(cleanupTimeoutNs >= 0)) {
    throw new RangeError(
      `${call}: cleanupTimeoutNs ${cleanupTimeoutNs} is not a duration in nanoseconds (>= 0)`,
    );
  }
  const { order = "fifo", cleanup = "suspend", now = hostClock } = options;
  return { quanta, seed, order, cleanup, cleanupTimeoutNs, now, asserts: Boolean(number("MIOU_ASSERT")) };
}

/** A number from the host's environment, when there is one. */
function number(name: string): number | undefined {
  const host = globalThis as { process?: { env?: Record<string, string | undefined> } };
  const text = host.process?.env?.[name];
  return text === undefined || text === "" ? undefined : Number(text);
}
