import { checkDuration, checkProbability, type Random } from "./random.ts";

/** How often a disk fails; every value is a probability from 0 to 1, 0 by default. */
export interface DiskFaults {
  /** A read fails. */
  readonly read?: number;
  /** A write fails, and nothing of it was written. */
  readonly write?: number;
  /** A write fails, and a part of it was written: some of its first bytes. */
  readonly torn?: number;
  /** The guest loses its power in the middle of a write, of which some first bytes were written. */
  readonly powerLoss?: number;
}

/** What a disk is. */
export interface DiskOptions {
  /** Bytes that it begins with; the disk is this memory. Instead of {@link DiskOptions.size}. */
  readonly content?: Uint8Array;
  /** Bytes of it, zeros: a multiple of the block size. */
  readonly size?: number;
  /** Bytes of one block, a power of two from 512 to 32768. Default: 512. */
  readonly blockSize?: number;
  /** Writes are refused. Default: false. */
  readonly readOnly?: boolean;
  /** How long a block takes, in ns; nothing else happens in the guest meanwhile. Default: 0. */
  readonly latencyNs?: bigint;
  /** How often it fails. Can be changed at any time. */
  readonly faults?: DiskFaults;
}

/** What became of a block. */
export type Moved = "done" | "failed" | "power lost";

const NO_FAULTS: DiskFaults = {};

/** A disk that outlives the guests which use it, one at a time. Made by `World.disk`. */
export class Disk {
  /** The bytes on it. */
  readonly content: Uint8Array;
  readonly blockSize: number;
  readonly readOnly: boolean;
  readonly latencyNs: bigint;
  readonly #random: Random;
  #faults: DiskFaults = NO_FAULTS;
  /** Blocks read and written, and operations that failed. */
  readonly counts: { reads: number; writes: number; failures: number } = { reads: 0, writes: 0, failures: 0 };
  /** Name of the guest that uses it. @internal */
  user: string | undefined;

  /** @internal */
  static make(random: Random, options: DiskOptions): Disk {
    return new Disk(random, options);
  }

  private constructor(random: Random, options: DiskOptions) {
    const { content, size, blockSize = 512, readOnly = false, latencyNs = 0n, faults = NO_FAULTS } = options;
    if ((content === undefined) === (size === undefined))
      throw new TypeError("disk: give either its content or its size");
    if (content !== undefined && !(content instanceof Uint8Array))
      throw new TypeError("disk: content must be a Uint8Array");
    const bytes = content?.length ?? size ?? 0;
    if (![512, 1024, 2048, 4096, 8192, 16384, 32768].includes(blockSize))
      throw new RangeError(
        `disk: a block size of ${blockSize} bytes is not a power of two from 512 to 32768`,
      );
    if (!Number.isSafeInteger(bytes) || bytes < blockSize || bytes % blockSize !== 0)
      throw new RangeError(`disk: ${bytes} bytes are not whole blocks of ${blockSize} bytes, at least one`);
    this.#random = random;
    this.content = content ?? new Uint8Array(bytes);
    this.blockSize = blockSize;
    this.readOnly = readOnly;
    this.latencyNs = checkDuration("disk: latencyNs", latencyNs);
    this.faults = faults;
  }

  get faults(): DiskFaults {
    return this.#faults;
  }

  /** @throws {RangeError} a value is not a probability */
  set faults(faults: DiskFaults) {
    for (const [name, value] of Object.entries(faults)) checkProbability(`disk: fault ${name}`, value);
    this.#faults = faults;
  }

  /** One block, at an offset that was checked. @internal */
  read(offset: number, into: Uint8Array): Moved {
    this.counts.reads++;
    if (this.#random.chance(this.#faults.read ?? 0)) return this.#fail();
    into.set(this.content.subarray(offset, offset + this.blockSize));
    return "done";
  }

  /** One block, at an offset that was checked. @internal */
  write(offset: number, from: Uint8Array): Moved {
    this.counts.writes++;
    const { write = 0, torn = 0, powerLoss = 0 } = this.#faults;
    if (this.readOnly || this.#random.chance(write)) return this.#fail();
    const [lost, tears] = [this.#random.chance(powerLoss), this.#random.chance(torn)];
    if (lost || tears) {
      const part = from.subarray(0, this.#random.below(this.blockSize + 1));
      this.content.set(part, offset);
      this.#fail();
      return lost ? "power lost" : "failed";
    }
    this.content.set(from, offset);
    return "done";
  }

  #fail(): "failed" {
    this.counts.failures++;
    return "failed";
  }
}
