import type { Solo5 } from "../solo5.ts";

/** A machine whose time passes only in `yield`, which is what a program sees of a real one. */
export interface VirtualMachine extends Solo5 {
  yield(deadline: bigint): bigint;
  /** The deadlines of all yields so far, in ns on the monotonic clock. */
  readonly yields: readonly bigint[];
  /** Lets time pass. */
  pass(ns: bigint): void;
}

/**
 * @param boot - the monotonic clock at the start, in ns
 * @param early - how much too early `yield` returns, in ns; a machine may, when a device is ready
 */
export function virtualMachine({
  boot = 123_456_789n,
  early = 0n,
}: {
  readonly boot?: bigint;
  readonly early?: bigint;
} = {}): VirtualMachine {
  let now = boot;
  const yields: bigint[] = [];
  return {
    target: "virtual",
    cmdline: "",
    clockMonotonic: () => now,
    clockWall: () => 1_800_000_000_000_000_000n + now,
    yield(deadline) {
      yields.push(deadline);
      const left = deadline - now;
      if (left > 0n) now += left > early ? left - early : left;
      return 0n;
    },
    yields,
    pass: (ns) => {
      now += ns;
    },
  };
}
