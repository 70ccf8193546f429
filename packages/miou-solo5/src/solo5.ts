/**
 * What a target provides, after `solo5.h` (ABI section 7): the guest's bindings implement it, and so
 * does whatever runs a program on a host. Devices join it with their own issue.
 */
export interface Solo5 {
  /** Name of the target, e.g. `spt`. */
  readonly target: string;
  /** Arguments of the program, joined with spaces, without options for the bindings. */
  readonly cmdline: string;
  /** Nanoseconds since an arbitrary moment; never goes back. */
  clockMonotonic(): bigint;
  /** Nanoseconds since 1970, UTC. */
  clockWall(): bigint;
  /**
   * Sleeps until `deadline` on the monotonic clock (ns) or until a device is readable; returns the
   * set of readable handles, bit *h* for handle *h*. A past deadline returns promptly.
   *
   * A target that owns its machine, as a guest does, has it, and `run` then drives the program
   * itself. A target in somebody else's event loop leaves it out, and `run` lives in that loop.
   */
  yield?(deadline: bigint): bigint;
  /**
   * Runs pending jobs of native promises; whether there were any. Present where no event loop of the
   * host does so.
   */
  runJobs?(): boolean;
}
