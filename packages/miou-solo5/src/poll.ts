import type { Events, SelectRequest } from "@uk/miou";
import { runYieldHooks } from "./hooks.ts";
import type { Solo5 } from "./solo5.ts";
import { Waits } from "./waits.ts";

/** The clock of a run, and how it relates to the target's. */
export interface RunClock {
  /** Milliseconds since the start of the run. */
  now(): number;
  /** The moment on the target's monotonic clock (ns) at which `now()` will have reached `ms`. */
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
        ? (ms) => after(start, ms)
        : (ms) => after(solo5.clockMonotonic(), Math.max(ms - clock(), 0)),
  };
}

/** The moment `ms` later, in ns; the end of time if that is beyond it. */
function after(moment: bigint, ms: number): bigint {
  const ns = Math.ceil(ms * 1e6);
  const due = ns < LONGEST_NS ? moment + BigInt(ns) : FOREVER;
  return due < FOREVER ? due : FOREVER;
}

/** The end of time, in ns on the monotonic clock: 292 years. */
const FOREVER = (1n << 63n) - 1n;
const LONGEST_NS = 2 ** 63;
/** While tasks are ready, devices are looked at once in so many polls, or so many ns. */
const POLLS = 64;
const POLL_INTERVAL_NS = 1_000_000n;

/**
 * The event source of a program in a loop of its own. While tasks are ready it runs the jobs of native
 * promises, moves at most one block a round, and looks at the network now and then; when nothing is
 * ready it moves blocks, then sleeps in the `yield` hypercall until a frame is there or a sleeper is due.
 */
export class Poll extends Waits implements Events {
  readonly always: boolean;
  readonly #solo5: Solo5;
  readonly #clock: RunClock;
  readonly #intervalNs: bigint;
  /** The target has other programs, which get their turn where this one yields. */
  readonly #stepped: boolean;
  #polls = 0;
  #lastLook = 0n;
  /** The last look at the network was cut short by the turn of another program. */
  #cut = false;

  /** @param intervalNs - how often the network is looked at while tasks are ready, at least */
  constructor(solo5: Solo5, clock: RunClock, intervalNs: bigint = POLL_INTERVAL_NS) {
    super(solo5.devices);
    this.#solo5 = solo5;
    this.#clock = clock;
    this.#intervalNs = intervalNs;
    this.#stepped = solo5.drive !== undefined;
    this.always = this.#stepped || solo5.runJobs !== undefined;
  }

  select({ block, deadline, externals }: SelectRequest): "exhausted" | "paused" | "late" | undefined {
    if (this.#cut) return this.#sleep(this.#solo5.clockMonotonic());
    const ran = this.#solo5.runJobs?.() ?? false;
    const moved = this.moveBlock();
    // Where programs take turns, moving a block may have been the end of this one.
    if (moved && this.#stepped) return this.#sleep(this.#solo5.clockMonotonic());
    if (ran || moved || !block) return this.#glance() ?? (moved ? "late" : undefined);
    // Between two steps the host runs the jobs of promises, for which a task may wait.
    const hopeless = !this.#stepped || externals === 0;
    if (deadline === undefined && this.waiting === 0 && hopeless) return "exhausted";
    return this.#sleep(deadline === undefined ? FOREVER : this.#clock.toMonotonic(deadline));
  }

  interrupt(): void {
    this.#solo5.interrupt?.();
  }

  /** Looks at the network without waiting, if somebody waits for it and the last look was long ago. */
  #glance(): "paused" | undefined {
    if (this.waiting === 0 && !this.#stepped) return undefined;
    const now = this.#solo5.clockMonotonic();
    if (++this.#polls < POLLS && now - this.#lastLook < this.#intervalNs) return undefined;
    this.#lastLook = now;
    return this.#sleep(now);
  }

  #sleep(deadline: bigint): "paused" | undefined {
    const ready = this.#solo5.yield?.(deadline);
    this.#cut = ready === undefined;
    if (ready === undefined) return "paused";
    this.#polls = 0;
    if (ready !== 0n) this.wake(ready);
    runYieldHooks(this.#solo5);
    return undefined;
  }
}
