/** The native module of a base image, implemented in `packages/runtime/guest/src/builtin.rs`. */
declare module "uk:solo5" {
  type AcquiredNet = import("./solo5.ts").AcquiredNet;
  type AcquiredBlock = import("./solo5.ts").AcquiredBlock;
  /** Name of the target. */
  export function target(): string;
  /** Rest of the boot command line. */
  export function cmdline(): string;
  /** Nanoseconds since an arbitrary moment. */
  export function clockMonotonic(): bigint;
  /** Nanoseconds since 1970, UTC. */
  export function clockWall(): bigint;
  /** `solo5_yield`: the set of readable handles. */
  export function yieldUntil(deadline: bigint): bigint;
  /** Runs jobs of the engine until its queue is empty, for 2 ms at most; whether anything ran. */
  export function runJobs(): boolean;
  /** `solo5_net_acquire`. */
  export function netAcquire(name: string): AcquiredNet | undefined;
  /** `solo5_net_read`: a length, or the negative of a result code. */
  export function netRead(handle: number, into: Uint8Array): number;
  /** `solo5_net_write`: 0, or the negative of a result code. */
  export function netWrite(handle: number, frame: Uint8Array): number;
  /** `solo5_block_acquire`. */
  export function blockAcquire(name: string): AcquiredBlock | undefined;
  /** `solo5_block_read`: 0, or the negative of a result code. */
  export function blockRead(handle: number, offset: bigint, into: Uint8Array): number;
  /** `solo5_block_write`: 0, or the negative of a result code. */
  export function blockWrite(handle: number, offset: bigint, from: Uint8Array): number;
  /**
   * Ends the guest.
   *
   * @param status - 0 to 255; anything else is an error
   */
  export function exit(status: number): never;
  /** Bytes of heap in all. */
  export function heapSize(): number;
}
