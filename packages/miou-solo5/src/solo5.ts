/**
 * What a target provides, after `solo5.h` (ABI section 7): the guest's bindings implement it, and so
 * does whatever runs a program on a host.
 */
export interface Solo5 {
  /** Name of the target, e.g. `spt`. */
  readonly target: string;
  /** Arguments of the program, joined with spaces, without options for the bindings. */
  readonly cmdline: string;
  /** Bytes of memory for the program, where they are bounded. */
  readonly heapSize?: number;
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
   *
   * With {@link Solo5.drive} it may answer `undefined` instead of sleeping: the program stops there,
   * and the next step asks again.
   */
  yield?(deadline: bigint): bigint | undefined;
  /**
   * For a target on which several programs take turns: takes a program over and calls `step`, which
   * goes on until `yield` answers `undefined` and tells whether the program has ended. Settles when it
   * has; a program that is not to go on any more is never settled.
   */
  drive?(step: () => boolean): Promise<void>;
  /** Where there is {@link Solo5.drive}: a task became ready between two steps. */
  interrupt?(): void;
  /**
   * For a target in a host's event loop: calls `ready` once, later and from the loop, as soon as one or
   * more of `handles` (bit *h* for handle *h*) are readable, with the set of those that are. A new call
   * replaces the one before; an empty set takes it back. The loop stays alive while it waits.
   */
  watch?(handles: bigint, ready: (set: bigint) => void): void;
  /**
   * Runs pending jobs of native promises; whether there were any. Present where no event loop of the
   * host does so.
   */
  runJobs?(): boolean;
  /** The devices; a target without any leaves them out. */
  readonly devices?: Solo5Devices;
}

/**
 * The calls of `solo5.h` on devices. They never wait and never throw: a result is a count of bytes, or
 * the negative of a result code: -1 AGAIN (nothing there now), -2 EINVAL, -3 EUNSPEC. Frames and blocks
 * are read into and written from the caller's own memory.
 */
export interface Solo5Devices {
  /** `solo5_net_acquire`; `undefined` if the tender attached no such device. */
  netAcquire(name: string): NetPort | undefined;
  /**
   * `solo5_net_read`: the length of one frame, or -1 if none is there; -2 if `into` has no room for the
   * largest frame, and the frame stays.
   */
  netRead(handle: number, into: Uint8Array): number;
  /** `solo5_net_write`: 0 once the frame is sent; -1 if the host has no room now; -2 if it is no frame of this device. */
  netWrite(handle: number, frame: Uint8Array): number;
  /** `solo5_block_acquire`; `undefined` if the tender attached no such device. */
  blockAcquire(name: string): BlockPort | undefined;
  /** `solo5_block_read`: 0 once the whole block is read; -2 if that is not exactly one block of the device. */
  blockRead(handle: number, offset: bigint, into: Uint8Array): number;
  /** `solo5_block_write`: 0 once the whole block is written; -2 as for a read, -3 if the device is read-only. */
  blockWrite(handle: number, offset: bigint, from: Uint8Array): number;
}

/** An acquired network device. */
export interface NetPort {
  readonly handle: number;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** Bytes of the largest frame, without its 14-byte header. */
  readonly mtu: number;
  /** The calls on this device alone, for a target where checks cost less than in JavaScript. */
  readonly direct?: DirectNet;
}

/**
 * Calls on one network device that check whatever they get: what does not fit is answered with -2
 * EINVAL, has no effect, and never throws.
 */
export interface DirectNet {
  /** As {@link Solo5Devices.netRead}; `into` has to have room for the largest frame. */
  read(into: Uint8Array): number;
  /** As {@link Solo5Devices.netWrite}, for a frame in the first `length` bytes of `buffer`. */
  write(buffer: Uint8Array, length: number): number;
}

/** An acquired block device. */
export interface BlockPort {
  readonly handle: number;
  /** Bytes of the device. */
  readonly capacity: bigint;
  /** Bytes of one block. */
  readonly blockSize: number;
  /** The calls on this device alone, for a target where checks cost less than in JavaScript. */
  readonly direct?: DirectBlock;
}

/** Calls on one block device that check whatever they get; see {@link DirectNet}. */
export interface DirectBlock {
  /** As {@link Solo5Devices.blockRead}, into the first block of `into`. */
  read(offset: bigint, into: Uint8Array): number;
  /** As {@link Solo5Devices.blockWrite}, from the first block of `from`. */
  write(offset: bigint, from: Uint8Array): number;
}
