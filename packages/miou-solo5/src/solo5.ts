import type { Operation } from "@uk/miou";

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
   * A target that waits itself, as a guest does, has it, and `run` then drives the program
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
 * the negative of a result code: -1 AGAIN (nothing there now), -2 EINVAL, also for what is no handle, offset or
 * buffer at all, -3 EUNSPEC. Frames and blocks
 * are read into and written from the caller's own memory.
 */
export interface Solo5Devices {
  /** `solo5_net_acquire`; `undefined` if the tender attached no such device. */
  netAcquire(name: string): AcquiredNet | undefined;
  /**
   * `solo5_net_read`: the length of one frame, which may be 0, or -1 if none is there; -2 if `into` has no room for the
   * largest frame, and the frame stays.
   */
  netRead(handle: number, into: Uint8Array): number;
  /** `solo5_net_write`: 0 once the frame is sent; -1 if the host has no room now; -2 if it is no frame of this device. */
  netWrite(handle: number, frame: Uint8Array): number;
  /** `solo5_block_acquire`; `undefined` if the tender attached no such device. */
  blockAcquire(name: string): AcquiredBlock | undefined;
  /** `solo5_block_read`: 0 once the whole block is read; -2 if that is not exactly one block of the device. */
  blockRead(handle: number, offset: bigint, into: Uint8Array): number;
  /** `solo5_block_write`: 0 once the whole block is written; -2 as for a read, -3 if the device is read-only. */
  blockWrite(handle: number, offset: bigint, from: Uint8Array): number;
}

/** What {@link Solo5Devices.netAcquire} gives. */
export interface AcquiredNet {
  readonly handle: number;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  /** Bytes of the largest frame, without its 14-byte header. */
  readonly mtu: number;
  /** What moves frames, where the target brings it. */
  readonly direct?: DirectNet;
}

/**
 * `Net.read`, `Net.readSync` and `Net.write` of one device, made by the target, with nothing around them: for a
 * target where a call costs less than in JavaScript. They check whatever they get; where there is more to
 * do than the call, they leave it to the function that they were made with, `otherwise`.
 */
export interface DirectNet {
  /**
   * Makes `read`: an operation that reads one frame and returns its length. `otherwise` is told what
   * {@link Solo5Devices.netRead} would have returned, -2 for whatever is no buffer as well, or 1 after 64
   * frames without a wait, when others should have their turn. It returns what to wait for before the
   * next attempt, or throws.
   */
  reader(
    otherwise: (result: number, into: Uint8Array) => Operation<void>,
  ): (into: Uint8Array) => Operation<number>;
  /**
   * Makes `readSync`: reads one frame and returns its length, or `undefined` if there is none, and once
   * after 64 frames without a wait. `otherwise` gets any other result, -2 for whatever is no buffer as well,
   * and throws.
   */
  taker(otherwise: (result: number, into: Uint8Array) => never): (into: Uint8Array) => number | undefined;
  /**
   * Makes `write`: sends the frame in the first `length` bytes of `buffer`, or in all of it. `otherwise` gets
   * any result but 0, and the arguments.
   */
  writer(
    otherwise: (result: number, buffer: Uint8Array, length?: number) => void,
  ): (buffer: Uint8Array, length?: number) => void;
}

/** What {@link Solo5Devices.blockAcquire} gives. */
export interface AcquiredBlock {
  readonly handle: number;
  /** Bytes of the device. */
  readonly capacity: bigint;
  /** Bytes of one block. */
  readonly blockSize: number;
  /** What moves blocks, where the target brings it. */
  readonly direct?: DirectBlock;
}

/** `Block.atomicRead` and `Block.atomicWrite` of one device, made by the target; see {@link DirectNet}. */
export interface DirectBlock {
  /** Makes `atomicRead`: fills the first block of `into`. `otherwise` gets any result but 0, and the arguments. */
  reader(otherwise: MoveBlock<[result: number]>): MoveBlock;
  /** Makes `atomicWrite`: writes the first block of `from`. */
  writer(otherwise: MoveBlock<[result: number]>): MoveBlock;
}

/** Moves the block at `offset` (bytes) into or out of the first bytes of `buffer`, or says that it was not moved. */
export type MoveBlock<Before extends unknown[] = []> = (
  ...args: [...Before, offset: bigint, buffer: Uint8Array]
) => void;
