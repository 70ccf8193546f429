import { type Operation, type Result, suspend } from "@uk/miou";
import { EINVAL, isBytes, isRoom } from "./device-calls.ts";
import { DeviceError, NOT_ATTACHED, notBytes } from "./errors.ts";
import { currentIo, type Io } from "./io.ts";
import type { AcquiredBlock, DirectBlock } from "./solo5.ts";
import { blockError } from "./waits.ts";

/** A block device (BLOCK_BASIC): whole blocks. */
export class Block {
  /** Name in the manifest. */
  readonly name: string;
  /** Bytes of one block, the unit of all I/O; a power of two. */
  readonly blockSize: number;
  /** Bytes of the device, a multiple of the block size. */
  readonly capacity: bigint;
  readonly #io: Io;
  readonly #handle: number;
  /** Bits that an offset must not have. */
  readonly #misaligned: bigint;
  /** Offset of the last block. */
  readonly #last: bigint;

  /**
   * Reads one block now; nothing else runs meanwhile.
   *
   * @param offset - in bytes, a multiple of the block size
   * @param into - its first `blockSize` bytes are filled
   * @throws {RangeError} the offset or the buffer does not fit
   * @throws {Solo5Error} the host could not read
   */
  declare readonly atomicRead: (offset: bigint, into: Uint8Array) => void;

  /**
   * Writes one block now; nothing else runs meanwhile.
   *
   * @param offset - in bytes, a multiple of the block size
   * @param from - its first `blockSize` bytes are written
   * @throws {RangeError} the offset or the buffer does not fit
   * @throws {Solo5Error} the host could not write, e.g. because the file is read-only
   */
  declare readonly atomicWrite: (offset: bigint, from: Uint8Array) => void;

  private constructor(io: Io, name: string, { handle, capacity, blockSize, direct }: AcquiredBlock) {
    this.#io = io;
    this.#handle = handle;
    this.#misaligned = BigInt(blockSize - 1);
    this.#last = capacity - BigInt(blockSize);
    this.name = name;
    this.capacity = capacity;
    this.blockSize = blockSize;
    const { reader, writer } = direct ?? this.#portable();
    const refused = (call: string, abi: string) => (result: number, offset: bigint, buffer: Uint8Array) => {
      // A target's own function only says that it refuses: why is found out here.
      if (result === EINVAL) this.#check(call, offset, buffer);
      throw blockError(abi, result, name, offset);
    };
    // A target's own function, without one of ours around it; a console does not show it.
    Object.defineProperties(this, {
      atomicRead: { value: reader(refused("atomicRead", "block_read")) },
      atomicWrite: { value: writer(refused("atomicWrite", "block_write")) },
    });
  }

  /**
   * Acquires a device at once, in the running program, without failing it.
   *
   * @returns the device, or a {@link DeviceError}
   * @throws {HostOnlyError} no program runs
   */
  static connect(name: string): Result<Block> {
    return Block.acquire(currentIo("Block.connect"), name);
  }

  /** @internal The block device `name`, acquired once. */
  static acquire(io: Io, name: string): Result<Block> {
    const key = `block ${name}`;
    const known = io.acquired.get(key);
    if (known instanceof Block) return { ok: true, value: known };
    const found = io.devices.blockAcquire(name);
    if (found === undefined) return { ok: false, error: new DeviceError("block", name, NOT_ATTACHED) };
    const value = new Block(io, name, found);
    io.acquired.set(key, value);
    return { ok: true, value };
  }

  /**
   * Reads one block when the scheduler has nothing better to do, in the order of requests; suspends
   * until then. Cancelled before that, it leaves the device alone.
   *
   * @throws as {@link Block.atomicRead}; the arguments are checked before anything is suspended
   */
  read(offset: bigint, into: Uint8Array): Operation<void> {
    return this.#later("block_read", offset, this.#check("read", offset, into));
  }

  /**
   * Writes one block when the scheduler has nothing better to do; see {@link Block.read}. The buffer is
   * used then, not now: a change in between changes what is written.
   */
  write(offset: bigint, from: Uint8Array): Operation<void> {
    return this.#later("block_write", offset, this.#check("write", offset, from));
  }

  #later(call: "block_read" | "block_write", offset: bigint, block: Uint8Array): Operation<void> {
    const [name, handle] = [this.name, this.#handle];
    return suspend<void>(
      (resume) => this.#io.poll.enqueue({ call, name, handle, offset, block, resume }),
      `${call} on ${name}`,
    );
  }

  /** {@link Block.atomicRead} and {@link Block.atomicWrite} for a target that has none of its own. */
  #portable(): DirectBlock {
    const { devices } = this.#io;
    const handle = this.#handle;
    return {
      reader: (otherwise) => (offset, into) => {
        const result = devices.blockRead(handle, offset, this.#check("atomicRead", offset, into));
        if (result !== 0) otherwise(result, offset, into);
      },
      writer: (otherwise) => (offset, from) => {
        const result = devices.blockWrite(handle, offset, this.#check("atomicWrite", offset, from));
        if (result !== 0) otherwise(result, offset, from);
      },
    };
  }

  /** One block's worth of `buffer`. */
  #check(call: string, offset: bigint, buffer: Uint8Array): Uint8Array {
    const { blockSize } = this;
    if (typeof offset !== "bigint")
      throw new TypeError(`block.${call}: the offset must be a bigint, e.g. ${JSON.stringify(offset)}n`);
    if ((offset & this.#misaligned) !== 0n)
      throw new RangeError(
        `block.${call}: offset ${offset} is not a multiple of the block size ${blockSize}`,
      );
    if (offset < 0n || offset > this.#last)
      throw new RangeError(
        `block.${call}: offset ${offset} lies outside device "${this.name}" of ${this.capacity} bytes`,
      );
    const fits = READS.has(call) ? isRoom(buffer) : isBytes(buffer);
    if (!fits) throw notBytes(`block.${call}`, buffer);
    const { length } = buffer;
    if (length === blockSize) return buffer;
    if (length > blockSize) return buffer.subarray(0, blockSize);
    throw new RangeError(`block.${call}: a buffer of ${length} bytes for blocks of ${blockSize} bytes`);
  }
}

/** Calls that write into the caller's buffer. */
const READS: ReadonlySet<string> = new Set(["read", "atomicRead"]);
