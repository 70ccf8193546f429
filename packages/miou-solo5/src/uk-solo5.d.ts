/** The native module of a base image, implemented in `packages/runtime/src/machine.rs`. */
declare module "uk:solo5" {
  /** Name of the target. */
  export const target: string;
  /** Rest of the boot command line. */
  export const cmdline: string;
  /** Nanoseconds since an arbitrary moment. */
  export function clockMonotonic(): bigint;
  /** Nanoseconds since 1970, UTC. */
  export function clockWall(): bigint;
  /** `solo5_yield`: the set of readable handles. */
  export function yieldUntil(deadline: bigint): bigint;
  /** Runs the engine's job queue until it is empty; whether anything ran. */
  export function runJobs(): boolean;
  /** Ends the guest with a status, modulo 256. */
  export function exit(status: number): never;
  /** Bytes of heap in all. */
  export function heapSize(): number;
}
